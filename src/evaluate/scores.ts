// Comparison scores whose truth is known: what the metrics of this folder are computed from.
// metrics.ts makes a table of all metrics from the labelled ones; sweep.ts has the loop that they share.

import { InvalidArgumentError } from "../base/errors.ts";

/** Scores of comparisons whose truth is known. */
export interface ComparisonScores {
  /** Scores of two samples of one person. */
  readonly genuine: Float32Array;
  /** Scores of samples of two persons. */
  readonly impostor: Float32Array;
}

/**
 * Scores that also know who was compared, for intervals over identities: comparisons that share a person are not
 * independent of each other.
 */
export interface LabelledScores extends ComparisonScores {
  /** The index of the person of each genuine score. */
  readonly genuineIdentity: Uint32Array;
  /** The indices of the two persons of each impostor score, two after two: twice as long as `impostor`. */
  readonly impostorIdentities: Uint32Array;
}

/**
 * The score of a comparison that could not be made, as no face was found in one of its photos (a failure to acquire):
 * the lowest there is, so that it never matches.
 */
export const NOT_COMPARED: number = -1;

/**
 * The scores of all folds in one.
 *
 * @param folds The scores of each fold; the indices of persons hold across folds.
 * @returns All genuine and all impostor scores, in the order of the folds.
 * @throws {InvalidArgumentError} If the numbers of scores and of identities do not agree.
 *
 * @example
 * ```ts
 * import { joinFolds } from "@maskinv/maskinv/evaluate";
 *
 * const fold = {
 *   genuine: new Float32Array([0.9]),
 *   impostor: new Float32Array([0.1]),
 *   genuineIdentity: new Uint32Array([0]),
 *   impostorIdentities: new Uint32Array([0, 1]),
 * };
 * console.log(joinFolds([fold, fold]).impostorIdentities); // Uint32Array [0, 1, 0, 1]
 * ```
 */
export function joinFolds(folds: readonly LabelledScores[]): LabelledScores {
  for (const { genuine, impostor, genuineIdentity, impostorIdentities } of folds) {
    if (
      genuine.length !== genuineIdentity.length || 2 * impostor.length !== impostorIdentities.length
    ) {
      throw new InvalidArgumentError(
        `Cannot label ${genuine.length} genuine and ${impostor.length} impostor scores with ` +
          `${genuineIdentity.length} and ${impostorIdentities.length} identities: ` +
          `give one per genuine score and two per impostor score`,
      );
    }
  }
  if (folds.length === 1) return folds[0];
  const count = (of: (fold: LabelledScores) => ArrayLike<number>): number =>
    folds.reduce((sum, fold) => sum + of(fold).length, 0);
  const out = {
    genuine: new Float32Array(count((fold) => fold.genuine)),
    impostor: new Float32Array(count((fold) => fold.impostor)),
    genuineIdentity: new Uint32Array(count((fold) => fold.genuine)),
    impostorIdentities: new Uint32Array(2 * count((fold) => fold.impostor)),
  };
  let genuineAt = 0, impostorAt = 0;
  for (const fold of folds) {
    out.genuine.set(fold.genuine, genuineAt);
    out.genuineIdentity.set(fold.genuineIdentity, genuineAt);
    out.impostor.set(fold.impostor, impostorAt);
    out.impostorIdentities.set(fold.impostorIdentities, 2 * impostorAt);
    genuineAt += fold.genuine.length;
    impostorAt += fold.impostor.length;
  }
  return out;
}
