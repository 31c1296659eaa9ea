// Identities that look like one person: the pairs whose templates match, and the groups that the pairs join.
// All templates are compared with all others, block by block, so that memory holds one block of scores at a time.

import { InvalidArgumentError } from "../base/errors.ts";
import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import { cosineMatrixKernel } from "../kernels/cosine_matrix/mod.ts";
import { startRuntime } from "../runtime/start.ts";
import type { GalleryStore } from "./store.ts";

/** Two identities that look like one person. */
export interface DuplicatePair {
  /** The identities, in the order of their names. */
  readonly identities: readonly [string, string];
  /** The highest comparison score of a template of one with a template of the other. */
  readonly score: number;
}

/** Templates per block. */
const BLOCK = 1024;
/** From so many templates on onnxruntime's matrix product is worth its start. */
const MIN_FOR_PRODUCT = 2048;

/**
 * Finds pairs of identities that look like one person.
 *
 * @param store The store.
 * @param threshold The comparison score from which on a pair is listed, -1 to 1.
 * @returns The pairs, highest score first.
 * @throws {InvalidArgumentError} If the threshold is out of its range.
 *
 * @example
 * ```ts
 * import { createMemoryStore, findDuplicates } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using store = createMemoryStore();
 * const templates = [new Template([1, 0], "my-model")];
 * await store.put(["ann", "Ann B."].map((identity) => ({ identity, templates })), "add");
 * console.log(await findDuplicates(store, 0.5)); // [ { identities: [ "Ann B.", "ann" ], score: 1 } ]
 * ```
 */
export async function findDuplicates(
  store: GalleryStore,
  threshold: number,
): Promise<DuplicatePair[]> {
  if (!(threshold >= -1 && threshold <= 1)) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold}: give a cosine between -1 and 1`,
    );
  }
  const { size = 1 } = await store.model() ?? {};
  const { names, owners, rows } = await collect(store);
  const best = new Map<number, number>();
  await using product = await createProduct(owners.length, size);
  const block = (start: number): Float32Array =>
    rows.subarray(start * size, Math.min(owners.length, start + BLOCK) * size);
  for (let top = 0; top < owners.length; top += BLOCK) {
    for (let left = top; left < owners.length; left += BLOCK) {
      const columns = block(left).length / size;
      const scores = await product.scores(block(top), block(left));
      for (let at = 0; at < scores.length; at++) {
        if (!(scores[at] >= threshold)) continue;
        const a = owners[top + Math.floor(at / columns)], b = owners[left + at % columns];
        if (a === b) continue;
        const pair = Math.min(a, b) * names.length + Math.max(a, b);
        if (scores[at] > (best.get(pair) ?? -Infinity)) best.set(pair, scores[at]);
      }
    }
  }
  return Array.from(best, ([pair, score]): DuplicatePair => {
    const a = names[Math.floor(pair / names.length)], b = names[pair % names.length];
    return { identities: a < b ? [a, b] : [b, a], score: Math.min(1, score) };
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
 * const groups = clusterPairs(pairs.map((identities) => ({ identities, score: 0.9 })));
 * console.log(groups); // [ [ "a", "b", "c" ], [ "d", "e" ] ]
 * ```
 */
export function clusterPairs(pairs: readonly DuplicatePair[]): string[][] {
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

/** All rows of a store, with the number of the identity of each. */
async function collect(
  store: GalleryStore,
): Promise<{ names: string[]; owners: number[]; rows: Float32Array }> {
  const names: string[] = [], owners: number[] = [], embeddings: Float32Array[] = [];
  for await (const { identity, templates } of store.entries()) {
    for (const { embedding } of templates) {
      owners.push(names.length);
      embeddings.push(embedding);
    }
    names.push(identity);
  }
  const size = embeddings[0]?.length ?? 0;
  const rows = new Float32Array(embeddings.length * size);
  embeddings.forEach((embedding, i) => rows.set(embedding, i * size));
  return { names, owners, rows };
}

interface Product extends AsyncDisposable {
  scores(a: Float32Array, b: Float32Array): Promise<Float32Array>;
}

async function createProduct(templates: number, size: number): Promise<Product> {
  if (templates < MIN_FOR_PRODUCT) {
    return {
      scores: (a, b) => Promise.resolve(cosineMatrix(a, b, size)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const runtime = await startRuntime("wasm");
  const product = await runtime.prepare(cosineMatrixKernel);
  return {
    async scores(a, b): Promise<Float32Array> {
      using left = runtime.write(a, [a.length / size, size]);
      using right = runtime.write(b, [b.length / size, size]);
      using scores = await product(left, right);
      return (await runtime.read(scores))[0];
    },
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}
