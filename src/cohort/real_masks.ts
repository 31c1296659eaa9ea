// Templates of people who wear real masks, from a folder of photos without names: those whose file names end in an even
// digit are for cohorts (and for training), those in an odd one for measuring.

import { listPhotos } from "../distill/data/source.ts";
import type { ModelSource } from "../model/model.ts";
import { createVerifier } from "../verify/create.ts";
import { rowsOf } from "../base/concat.ts";
import { differentPeople } from "./different_people.ts";

/**
 * Two photos with real masks whose templates agree by this cosine are of one person: most of the pairs above it that were
 * looked at were of a series. One of them is kept.
 */
const SAME_MASKED_PERSON = 0.6;

/** The network. */
export interface RealMaskOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The network's name in the manifest. */
  readonly model: string;
  /** Whether the mirror image is added; by default not. */
  readonly mirrored?: boolean;
  /** Threads of the wasm provider. */
  readonly threads?: number;
  /** Ends the work at its next step. */
  readonly signal?: AbortSignal;
}

/** One template a person; photos without a face are left out. */
export async function realMaskTemplates(
  folder: string,
  digits: "odd" | "even",
  { models, model, mirrored, threads, signal }: RealMaskOptions,
): Promise<{ readonly size: number; readonly rows: Float32Array<ArrayBuffer> }> {
  const ends = digits === "odd" ? /[13579]\.\w+$/ : /[02468]\.\w+$/;
  const files = listPhotos(folder).map(({ file }) => file).filter((file) => ends.test(file));
  await using verifier = await createVerifier({
    models,
    model,
    threads,
    device: "wasm",
    mirror: mirrored,
    face: "largest",
    normalize: "none",
    signal,
  });
  const found: Float32Array[] = [];
  for await (const made of verifier.embedAll(files.map((file) => `${folder}/${file}`))) {
    if (made.kind === "acquired") found.push(made.template.embedding);
  }
  const size = found[0]?.length ?? 0, all = new Float32Array(found.length * size);
  found.forEach((row, i) => all.set(row, i * size));
  return { size, rows: rowsOf(all, differentPeople(all, size, SAME_MASKED_PERSON), size) };
}
