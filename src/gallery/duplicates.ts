// Identities that look like one person: the pairs whose templates match, and the groups that the pairs join.
// All templates are compared with all others, block by block, so that memory holds one block of scores at a time.

import { InvalidArgumentError } from "../base/errors.ts";
import { MAX_THRESHOLD, MIN_THRESHOLD } from "../model/calibration.ts";
import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import type { RuleOptions } from "../pipeline/score/decide.ts";
import type { Template } from "../pipeline/score/template.ts";
import { Product } from "./product.ts";
import { type GalleryStore, incomplete } from "./store.ts";

/** Two identities that look like one person. */
export interface DuplicatePair {
  /** The identities, in the order of their names. */
  readonly identities: readonly [string, string];
  /** The highest comparison score of a template of one with a template of the other. */
  readonly score: number;
  /** The cosine of these two templates, -1..1. */
  readonly cosine: number;
}

/** Templates per block. */
const BLOCK = 1024;

/**
 * Finds pairs of identities that look like one person.
 *
 * @param store The store.
 * @param threshold The comparison score from which on a pair is listed.
 * @param normalize `"cohort"` for normalised scores, `"none"` (default) for cosines.
 * @returns The pairs, highest score first.
 * @throws {InvalidArgumentError} If the threshold is out of its range.
 * @throws {TemplateMismatchError} If scores are to be normalised and templates lack what that takes; `Gallery.complete`
 *     gives it.
 *
 * @example
 * ```ts
 * import { createMemoryStore, findDuplicates } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using store = createMemoryStore();
 * const templates = [new Template([1, 0], "my-model")];
 * await store.put(["ann", "Ann B."].map((identity) => ({ identity, templates })), "add");
 * console.log(await findDuplicates(store, 0.5)); // [ { identities: [ "Ann B.", "ann" ], score: 1, cosine: 1 } ]
 * ```
 */
export async function findDuplicates(
  store: GalleryStore,
  threshold: number,
  normalize: NonNullable<RuleOptions["normalize"]> = "none",
): Promise<DuplicatePair[]> {
  const isNormalized = normalize === "cohort";
  const [least, most] = isNormalized ? [MIN_THRESHOLD, MAX_THRESHOLD] : [-1, 1];
  if (!(threshold >= least && threshold <= most)) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold}: give a ${
        isNormalized ? "normalised score" : "cosine"
      } between ${least} and ${most}`,
    );
  }
  const { size = 1 } = await store.model() ?? {};
  const { names, owners, rows, normalizations } = await collect(store, isNormalized);
  const best = new Map<number, { score: number; left: number; right: number }>();
  await using product = new Product(size);
  const part = (values: Float32Array, start: number, width: number): Float32Array =>
    values.subarray(start * width, Math.min(owners.length, start + BLOCK) * width);
  const block = (start: number): Float32Array => part(rows, start, size);
  for (let top = 0; top < owners.length; top += BLOCK) {
    for (let left = top; left < owners.length; left += BLOCK) {
      const columns = block(left).length / size;
      const scores = await product.scores(
        block(top),
        block(left),
        normalizations && {
          probes: part(normalizations, top, 2),
          references: part(normalizations, left, 2),
        },
      );
      for (let at = 0; at < scores.length; at++) {
        if (!(scores[at] >= threshold)) continue;
        const first = top + Math.floor(at / columns), second = left + at % columns;
        const a = owners[first], b = owners[second], score = scores[at];
        if (a === b) continue;
        const pair = Math.min(a, b) * names.length + Math.max(a, b);
        if (score > (best.get(pair)?.score ?? -Infinity)) {
          best.set(pair, { score, left: first, right: second });
        }
      }
    }
  }
  const row = (at: number): Float32Array => rows.subarray(at * size, (at + 1) * size);
  return Array.from(best, ([pair, { score, left, right }]): DuplicatePair => {
    const a = names[Math.floor(pair / names.length)], b = names[pair % names.length];
    const cosine = isNormalized ? cosineMatrix(row(left), row(right), size)[0] : score;
    return {
      identities: a < b ? [a, b] : [b, a],
      score: isNormalized ? score : Math.min(1, score),
      cosine: Math.min(1, Math.max(-1, cosine)),
    };
  }).sort((a, b) => b.score - a.score || (a.identities.join() < b.identities.join() ? -1 : 1));
}

/**
 * Joins pairs to groups: whoever looks like a member of a group belongs to it (single linkage), so that a chain of
 * look-alikes can join people who are not alike. Look at large groups before merging them.
 *
 * @param pairs The pairs, of {@linkcode findDuplicates}.
 * @returns The groups of two and more, largest first, each in the order of the names.
 *
 * @example
 * ```ts
 * import { clusterPairs } from "@maskinv/maskinv/gallery";
 *
 * const pairs = [["a", "b"], ["b", "c"], ["d", "e"]] as const;
 * const groups = clusterPairs(pairs.map((identities) => ({ identities })));
 * console.log(groups); // [ [ "a", "b", "c" ], [ "d", "e" ] ]
 * ```
 */
export function clusterPairs(pairs: readonly Pick<DuplicatePair, "identities">[]): string[][] {
  const groups = new Map<string, Set<string>>();
  for (const { identities: [a, b] } of pairs) {
    const first = groups.get(a) ?? new Set([a]), second = groups.get(b) ?? new Set([b]);
    const [small, large] = first.size < second.size ? [first, second] : [second, first];
    for (const name of small) large.add(name);
    for (const name of large) groups.set(name, large);
  }
  return Array.from(new Set(groups.values()), (group) => [...group].sort())
    .sort((a, b) => b.length - a.length || (a[0] < b[0] ? -1 : 1));
}

/** All rows of a store, with the number of the identity of each, and gain and offset of each if they are asked for. */
async function collect(store: GalleryStore, isNormalized: boolean): Promise<{
  names: string[];
  owners: number[];
  rows: Float32Array;
  normalizations?: Float32Array;
}> {
  const names: string[] = [], owners: number[] = [], embeddings: Float32Array[] = [];
  const normalizations: Template["normalization"][] = [];
  for await (const { identity, templates } of store.entries()) {
    for (const { embedding, normalization } of templates) {
      owners.push(names.length);
      embeddings.push(embedding);
      normalizations.push(normalization);
    }
    names.push(identity);
  }
  const size = embeddings[0]?.length ?? 0;
  const rows = new Float32Array(embeddings.length * size);
  embeddings.forEach((embedding, i) => rows.set(embedding, i * size));
  if (!isNormalized) return { names, owners, rows };
  const cohort = normalizations.find((by) => by)?.cohort;
  const missing = normalizations.filter((by) => !by || by.cohort !== cohort).length;
  if (missing > 0) throw incomplete(missing, cohort ?? "of the model");
  const values = normalizations.flatMap((by) => by ? [by.gain, by.offset] : []);
  return { names, owners, rows, normalizations: Float32Array.from(values) };
}
