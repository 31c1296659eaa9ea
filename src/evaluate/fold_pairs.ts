// All comparisons within the folds of a data set: every face with every other, never across folds, so that a threshold from
// some folds can be tried on people that it has never seen.

import { rowsOf } from "../base/concat.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import { normalizeScores } from "../kernels/normalizations.ts";

/** Rows of the templates that are compared in one mask situation. */
export interface PairRows {
  /** Numbers per template. */
  readonly dim: number;
  /** Templates on one side, all rows of the data set; a row of NaN or zeros could not be acquired. */
  readonly probes: Float32Array;
  /** Templates on the other side; the same array if both sides are alike, so that each pair is compared once. */
  readonly references: Float32Array;
  /** The person of each row. */
  readonly identity: Uint32Array;
  /** Gain and offset of each row, two after two, if scores are normalised by a cohort; else scores are cosines. */
  readonly normalizations?: {
    readonly probes: Float32Array;
    readonly references: Float32Array;
  };
}

/** The comparisons within one fold. */
export interface FoldScores {
  /** Genuine scores: each row with each other row of the same person. */
  readonly genuine: Float32Array;
  /** Impostor scores: each row with each row of another person. */
  readonly impostor: Float32Array;
  /** The two persons of each impostor score, two after two. */
  readonly impostorIdentities: Uint32Array;
}

/** Rows of a block: their scores with a fold of ten thousand rows take 20 MB. */
const BLOCK = 512;
/** More impostor pairs than this would not fit an array. */
const MAX_IMPOSTORS = 2 ** 28;

/** The scores of all pairs of the rows of one fold; a face is never compared with itself, masked or not. */
export function compareFold(data: PairRows, rows: Uint32Array): FoldScores {
  const { dim, identity } = data;
  const probes = acquired(data.probes, rows, dim),
    references = acquired(data.references, rows, dim);
  const once = data.probes === data.references;
  const compared = (a: number, b: number): boolean => once ? a < b : a !== b;
  let genuineCount = 0, impostorCount = 0;
  for (const a of probes.rows) {
    for (const b of references.rows) {
      if (!compared(a, b)) continue;
      if (identity[a] === identity[b]) genuineCount++;
      else impostorCount++;
    }
  }
  if (impostorCount > MAX_IMPOSTORS) {
    throw new InvalidArgumentError(
      `Cannot compare ${impostorCount} pairs of one fold at once: split it into smaller folds`,
    );
  }
  const genuine = new Float32Array(genuineCount), impostor = new Float32Array(impostorCount);
  const impostorIdentities = new Uint32Array(2 * impostorCount);
  const { normalizations } = data;
  const referenceGains = normalizations && rowsOf(normalizations.references, references.rows, 2);
  let genuineAt = 0, impostorAt = 0;
  for (let start = 0; start < probes.rows.length; start += BLOCK) {
    const block = probes.rows.subarray(start, start + BLOCK);
    const templates = probes.templates.subarray(start * dim, (start + block.length) * dim);
    const scores = cosineMatrix(templates, references.templates, dim);
    if (normalizations && referenceGains) {
      const probes = rowsOf(normalizations.probes, block, 2);
      normalizeScores(scores, { probes, references: referenceGains });
    }
    block.forEach((a, i) => {
      const from = i * references.rows.length;
      references.rows.forEach((b, j) => {
        if (!compared(a, b)) return;
        if (identity[a] === identity[b]) genuine[genuineAt++] = scores[from + j];
        else {
          impostorIdentities[2 * impostorAt] = identity[a];
          impostorIdentities[2 * impostorAt + 1] = identity[b];
          impostor[impostorAt++] = scores[from + j];
        }
      });
    });
  }
  return { genuine, impostor, impostorIdentities };
}

/** Those rows that hold a template, and the templates, scaled to length 1. */
function acquired(
  templates: Float32Array,
  rows: Uint32Array,
  dim: number,
): { rows: Uint32Array; templates: Float32Array } {
  const kept = rows.filter((row) => isAcquired(templates, row, dim));
  const out = new Float32Array(kept.length * dim);
  kept.forEach((row, i) => {
    const values = templates.subarray(row * dim, (row + 1) * dim);
    const gain = 1 / Math.sqrt(squares(values));
    for (let k = 0; k < dim; k++) out[i * dim + k] = values[k] * gain;
  });
  return { rows: kept, templates: out };
}

/** Whether a row holds a template: numbers that are finite and not all zero. */
export function isAcquired(templates: Float32Array, row: number, dim: number): boolean {
  const sum = squares(templates.subarray(row * dim, (row + 1) * dim));
  return sum > 0 && sum < Infinity;
}

function squares(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
