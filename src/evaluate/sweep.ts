// One pass over ordered scores, from the strictest threshold to the loosest, that gives every error-rate metric.
// Weights are what a bootstrap replicate changes: the order stays, so nothing is sorted again.

/** Scores of both kinds in ascending order, and how often each counts: once, if there are no weights. */
export interface SweepInput {
  readonly genuine: Float32Array;
  readonly impostor: Float32Array;
  readonly genuineWeights?: Float32Array;
  readonly impostorWeights?: Float32Array;
}

/** What one pass gives. */
export interface Sweep {
  /** Equal error rate: where the straight line between neighbouring operating points has FMR = FNMR. */
  readonly eer: number;
  /** The threshold there, interpolated in the same way. */
  readonly eerThreshold: number;
  /** Probability that a genuine score exceeds an impostor score, ties counted half. */
  readonly auc: number;
  /** For each target rate, the lowest FNMR of all thresholds whose FMR does not exceed it. */
  readonly fnmrAt: Float64Array;
}

/**
 * Runs over all thresholds. A comparison matches from the threshold on, so the operating points are those at each score
 * that occurs, and the one above all scores, where nothing matches.
 *
 * @param input Scores of both kinds, one or more of each.
 * @param targets False match rates, ascending; 0 asks for the ZeroFMR.
 * @param visit Is told every operating point: FMR, FNMR and threshold, strictest first.
 * @returns The metrics; undefined if all weights of one kind are 0, so that there is nothing to measure.
 */
export function sweep(
  input: SweepInput,
  targets: readonly number[],
  visit?: (fmr: number, fnmr: number, threshold: number) => void,
): Sweep | undefined {
  const { genuine, impostor, genuineWeights, impostorWeights } = input;
  const allGenuine = total(genuine, genuineWeights), allImpostor = total(impostor, impostorWeights);
  if (allGenuine === 0 || allImpostor === 0) return undefined;
  const fnmrAt = new Float64Array(targets.length);
  let g = genuine.length - 1, m = impostor.length - 1, target = 0;
  let genuineMatches = 0, impostorMatches = 0, wins = 0;
  let fmr = 0, fnmr = 1, threshold = Math.max(genuine[g], impostor[m]);
  let eer = NaN, eerThreshold = threshold;
  visit?.(fmr, fnmr, Infinity);
  while (g >= 0 || m >= 0) {
    const score = m < 0 || (g >= 0 && genuine[g] > impostor[m]) ? genuine[g] : impostor[m];
    const genuineBefore = genuineMatches, impostorBefore = impostorMatches;
    for (; g >= 0 && genuine[g] === score; g--) {
      genuineMatches += genuineWeights ? genuineWeights[g] : 1;
    }
    for (; m >= 0 && impostor[m] === score; m--) {
      impostorMatches += impostorWeights ? impostorWeights[m] : 1;
    }
    const more = impostorMatches - impostorBefore;
    wins += more * (genuineBefore + genuineMatches) / 2;
    const nextFmr = impostorMatches / allImpostor,
      nextFnmr = (allGenuine - genuineMatches) / allGenuine;
    while (target < targets.length && nextFmr > targets[target]) fnmrAt[target++] = fnmr;
    if (Number.isNaN(eer) && nextFmr >= nextFnmr) {
      const before = fnmr - fmr, after = nextFmr - nextFnmr;
      const part = before / (before + after);
      eer = fmr + part * (nextFmr - fmr);
      eerThreshold = threshold + part * (score - threshold);
    }
    fmr = nextFmr;
    fnmr = nextFnmr;
    threshold = score;
    visit?.(fmr, fnmr, threshold);
  }
  fnmrAt.fill(fnmr, target);
  return { eer, eerThreshold, auc: wins / (allGenuine * allImpostor), fnmrAt };
}

function total(scores: Float32Array, weights: Float32Array | undefined): number {
  return weights ? weights.reduce((sum, weight) => sum + weight, 0) : scores.length;
}
