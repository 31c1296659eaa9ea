// The trade-off between false matches and false non-matches: what ROC and DET plots show.
// Many scores make more operating points than a plot has pixels: those that would fall together are left out.

import { InvalidArgumentError } from "../base/errors.ts";
import { orderScores } from "./order.ts";
import type { ComparisonScores } from "./scores.ts";
import { sweep } from "./sweep.ts";

/** One operating point. */
export interface ErrorPoint {
  /** Score from which on a comparison matches; Infinity where nothing does. */
  readonly threshold: number;
  /** False match rate. */
  readonly fmr: number;
  /** False non-match rate; the true match rate of a ROC plot is one minus this. */
  readonly fnmr: number;
}

/**
 * The operating points of a ROC or DET plot, strictest first: each is exact, both ends are there, and so many of the
 * ones between that neighbours lie about equally far apart on linear and logarithmic axes together.
 *
 * @param scores Genuine and impostor scores, in any order.
 * @param maxPoints The most points to give, 3 or more.
 * @returns From FMR 0, FNMR 1 to FMR 1, FNMR 0.
 * @throws {InvalidArgumentError} If there are no scores of a kind or one is NaN.
 *
 * @example
 * ```ts
 * import { errorCurve } from "@maskinv/maskinv/evaluate";
 *
 * const curve = errorCurve({ genuine: new Float32Array([0.9]), impostor: new Float32Array([0.1]) });
 * console.log(curve.map(({ fmr, fnmr }) => [fmr, fnmr])); // [[0, 1], [0, 0], [1, 0]]
 * ```
 */
export function errorCurve(scores: ComparisonScores, maxPoints = 1000): ErrorPoint[] {
  const genuine = orderScores(scores.genuine, "genuine").values;
  const impostor = orderScores(scores.impostor, "impostor").values;
  return curveOf(genuine, impostor, maxPoints);
}

/** As {@linkcode errorCurve}, of scores in ascending order. */
function curveOf(genuine: Float32Array, impostor: Float32Array, maxPoints: number): ErrorPoint[] {
  const thinner = new CurveThinner(genuine.length, impostor.length, maxPoints);
  sweep({ genuine, impostor }, [], (fmr, fnmr, threshold) => thinner.add(fmr, fnmr, threshold));
  return thinner.points;
}

/** Keeps those of many operating points that a plot can tell apart. */
export class CurveThinner {
  /** The points kept so far. */
  readonly points: ErrorPoint[] = [];
  /** Rates below these are drawn where half a comparison would lie. */
  readonly #fmrFloor: number;
  readonly #fnmrFloor: number;
  readonly #step: number;
  #keptAt = -Infinity;
  /** While FMR stays below the one and FNMR above the other, no point is far enough from the last one kept. */
  #fmrFar = -Infinity;
  #fnmrFar = Infinity;

  /** A thinner to so many points. */
  constructor(genuine: number, impostor: number, maxPoints: number) {
    if (!(maxPoints >= 3)) {
      throw new InvalidArgumentError(
        `Cannot draw a curve with ${maxPoints} points: give 3 or more`,
      );
    }
    this.#fmrFloor = 0.5 / impostor;
    this.#fnmrFloor = 0.5 / genuine;
    this.#step = (2 - Math.log10(this.#fmrFloor) - Math.log10(this.#fnmrFloor)) / (maxPoints - 2);
  }

  /** Takes the next point, strictest first; the last one, FMR 1 and FNMR 0, is always kept. */
  add(fmr: number, fnmr: number, threshold: number): void {
    const last = fmr === 1 && fnmr === 0;
    if (fmr < this.#fmrFar && fnmr > this.#fnmrFar && !last) return;
    const fmrDrawn = Math.max(fmr, this.#fmrFloor), fnmrDrawn = Math.max(fnmr, this.#fnmrFloor);
    const at = fmr - fnmr + Math.log10(fmrDrawn) - Math.log10(fnmrDrawn);
    if (at - this.#keptAt < this.#step && !last) return;
    this.points.push({ threshold, fmr, fnmr });
    this.#keptAt = at;
    // Logarithms of 10 million points take long: four parts of the way, each below a quarter, need none.
    const part = this.#step / 4, times = 10 ** part;
    this.#fmrFar = Math.min(fmr + part, fmrDrawn * times);
    this.#fnmrFar = Math.max(fnmr - part, fnmrDrawn / times);
  }
}
