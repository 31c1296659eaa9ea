// Intervals of shares and means in closed form: Wilson, the rule of three, Student's t.
// Those that know who was compared are in bootstrap.ts (any metric) and calibration_curve.ts (false match rates).

import { InvalidArgumentError } from "../base/errors.ts";

/** The normal quantile of 95% intervals. */
export const Z95 = 1.959964;

/**
 * The Wilson score interval of a share, which holds also near 0 and 1 (Wilson, JASA 1927).
 *
 * @param count How often it happened.
 * @param total Of how many, above 0; treated as independent, which comparisons that share a person are not.
 * @param z Normal quantile; 1.96 gives 95%.
 * @returns Lower and upper end, 0..1.
 *
 * @example
 * ```ts
 * import { wilsonInterval } from "@maskinv/maskinv/evaluate";
 *
 * console.log(wilsonInterval(3, 3000).map((end) => end.toFixed(5))); // ["0.00034", "0.00294"]
 * ```
 */
export function wilsonInterval(count: number, total: number, z = 1.96): [number, number] {
  const share = count / total, weight = z * z / total;
  const middle = (share + weight / 2) / (1 + weight);
  const half = z * Math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * The rule of three: the 95% upper bound of a rate of which no case was seen (ISO/IEC 19795-1).
 *
 * @param trials How many independent trials there were, above 0. Comparisons that share a person are not independent:
 *     count persons then.
 * @returns 3 / trials, at most 1.
 * @throws {InvalidArgumentError} If there were no trials.
 *
 * @example
 * ```ts
 * import { ruleOfThree } from "@maskinv/maskinv/evaluate";
 *
 * console.log(ruleOfThree(3000)); // 0.001
 * ```
 */
export function ruleOfThree(trials: number): number {
  if (!(trials > 0)) {
    throw new InvalidArgumentError(
      `Cannot bound a rate by ${trials} trials: give a number above 0`,
    );
  }
  return Math.min(1, 3 / trials);
}

/** 97.5% quantiles of Student's t for 1 to 30 degrees of freedom. */
// deno-fmt-ignore
const T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
  2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042];

/** Mean of rates over folds and its 95% interval by Student's t, within 0..1; two folds or more. */
export function foldInterval(
  rates: readonly number[],
): { mean: number; interval: [number, number] } {
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const squares = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0);
  const freedom = rates.length - 1;
  const t = T975[freedom - 1] ?? Z95;
  const half = t * Math.sqrt(squares / freedom / rates.length);
  return { mean, interval: [Math.max(0, mean - half), Math.min(1, mean + half)] };
}
