// How good a head is, and the floor below which photos are not compared: measured on the validation split alone.

import { type Condition, readConditions } from "../../pipeline/embed/condition.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import { rowsOf } from "../../base/concat.ts";
import { cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";
import { normalizeScores } from "../../kernels/normalizations.ts";
import type { Cohort } from "../../model/cohort.ts";
import { ruleFor } from "../../pipeline/score/decide.ts";
import { normalizationRows } from "../../pipeline/score/normalize.ts";
import { forward, type HeadWeights } from "./network.ts";
import type { FeatureRows } from "./samples.ts";

/** The most photos with eyes 40 pixels apart or more that may be refused: bare ones, and masked ones. */
const MAX_REFUSED = { bare: 0.005, masked: 0.02 };
/** How many times as often as promised pairs of spoilt photos of different people may match. */
const MAX_EXCESS = 2;
const FMR = 0.001;
/** Most adults that may be taken for children. */
const MAX_ADULTS = 0.01;
const STEP = 0.01;

/** What was measured of a head. */
export interface HeadFigures {
  /** Correlation of the expected with the true similarity on drawn validation samples. */
  readonly correlation: number;
  /** Mean absolute difference of the two. */
  readonly meanError: number;
  /** Share of drawn validation samples whose covering is told, each covering counting as much: balanced accuracy. */
  readonly coverings: number;
  /** The same for "covered or not" (a mask on the chin covers nothing). */
  readonly covered: number;
  /** Dark glasses, balanced. */
  readonly darkGlasses: number;
  /** The floor of the expected similarity. */
  readonly floor: number;
  /** Share of the bare photos with eyes 40 pixels apart or more below the floor. */
  readonly refusedBare: number;
  /** The same of masked photos. */
  readonly refusedMasked: number;
  /** Share of the pairs of spoilt photos of different people that match at FMR 0.1%; absent without a calibration. */
  readonly spoiltFmr?: number;
  /** The same of those above the floor. */
  readonly answeredFmr?: number;
  /** Share of spoilt photos above the floor. */
  readonly answered: number;
  /** Probability from which a face is said to be a child's. */
  readonly child: number;
  /** Share of the children found at it; of photos that were not trained on. */
  readonly childrenFound: number;
  /** Share of the adults taken for children at it. */
  readonly adultsTaken: number;
}

/** What is examined: rows of the validation split, and of aged photos that were kept from training. */
export interface HeadExamination {
  /** Drawn samples as in training, of people that training never saw. */
  readonly drawn: FeatureRows;
  /** Whose each drawn sample is; samples of one person make no impostor pair. */
  readonly people: readonly string[];
  /** Which of them are spoilt. */
  readonly spoilt: readonly boolean[];
  /** Photos with eyes 40 pixels apart or more, as they are, and with a mask. */
  readonly bare: Float32Array;
  readonly masked: Float32Array;
  /** Features of photos of known age. */
  readonly aged: Float32Array;
  readonly children: readonly boolean[];
}

/** Measures a head and chooses its floor. */
export function examineHead(
  weights: HeadWeights,
  examination: HeadExamination,
  entry: ModelEntry,
  cohort?: Cohort,
): HeadFigures {
  const { drawn, bare, masked, aged, children } = examination;
  const said = conditionsOf(weights, drawn.features);
  const truths = drawn.truths.map(({ similarity = 0 }) => Math.min(1, Math.max(0, similarity)));
  const expected = said.map(({ expectedSimilarity }) => expectedSimilarity);
  const known = drawn.truths.map(({ coverings }) => coverings?.[0]);
  const [bareSeen, maskedSeen] = [bare, masked].map((features) =>
    conditionsOf(weights, features).map(({ expectedSimilarity }) => expectedSimilarity)
  );
  const child = childFloor(conditionsOf(weights, aged).map(({ child }) => child), children);
  return {
    correlation: correlation(expected, truths),
    meanError: mean(expected.map((value, i) => Math.abs(value - truths[i]))),
    coverings: balanced(known, said.map(({ covering }) => covering)),
    covered: balanced(known.map((one) => one && isCovered(one)), said.map(isCoveredFace)),
    darkGlasses: balanced(
      drawn.truths.map(({ darkGlasses }) => darkGlasses),
      said.map(({ darkGlasses }) => darkGlasses >= 0.5),
    ),
    ...floorOf(examination, said, bareSeen, maskedSeen, entry, cohort),
    ...child,
  };
}

/** The conditions that a head tells from rows of features. */
function conditionsOf(weights: HeadWeights, features: Float32Array): Condition[] {
  const inputs = weights["0.weight"].length / weights["0.bias"].length;
  return readConditions(forward(weights, features, features.length / inputs).logits);
}

/** The least floor at which spoilt pairs match as seldom as they must, but none that refuses too many good photos. */
function floorOf(
  { drawn, people, spoilt }: HeadExamination,
  said: readonly Condition[],
  bare: readonly number[],
  masked: readonly number[],
  entry: ModelEntry,
  cohort?: Cohort,
): Pick<
  HeadFigures,
  "floor" | "refusedBare" | "refusedMasked" | "spoiltFmr" | "answeredFmr" | "answered"
> {
  const thresholds = thresholdsOf(entry), rows = spoilt.flatMap((is, i) => is ? [i] : []);
  const below = (values: readonly number[], floor: number): number =>
    values.filter((value) => value < floor).length / values.length;
  let maxFloor = 0;
  while (
    below(bare, maxFloor + STEP) <= MAX_REFUSED.bare &&
    below(masked, maxFloor + STEP) <= MAX_REFUSED.masked
  ) maxFloor += STEP;
  const size = drawn.templates.length / drawn.truths.length;
  const templates = rowsOf(drawn.templates, rows, size);
  const scores = cosineMatrix(templates, templates, size);
  if (cohort) {
    const gains = normalizationRows(templates, cohort);
    normalizeScores(scores, { probes: gains, references: gains });
  }
  // Pairs by the lower expected similarity of the two: how many there are, and how many match.
  const bins = Math.ceil(1 / STEP) + 1;
  const pairs = new Float64Array(bins), matches = new Float64Array(bins);
  rows.forEach((a, k) => {
    for (let l = k + 1; l < rows.length; l++) {
      const b = rows[l];
      if (people[a] === people[b]) continue;
      const [one, other] = [said[a], said[b]];
      const bin = Math.floor(Math.min(one.expectedSimilarity, other.expectedSimilarity) / STEP);
      pairs[bin]++;
      const count = Number(isCoveredFace(one)) + Number(isCoveredFace(other));
      if (thresholds && scores[k * rows.length + l] >= thresholds[count]) matches[bin]++;
    }
  });
  const rate = (floor: number): number => {
    const from = Math.round(floor / STEP);
    const sum = (counts: Float64Array): number => counts.subarray(from).reduce((a, b) => a + b, 0);
    return sum(matches) / Math.max(1, sum(pairs));
  };
  let floor = thresholds ? 0 : maxFloor;
  while (floor < maxFloor && rate(floor) > MAX_EXCESS * FMR) floor += STEP;
  floor = Math.min(floor, maxFloor);
  return {
    floor: Math.round(100 * floor) / 100,
    refusedBare: below(bare, floor),
    refusedMasked: below(masked, floor),
    ...(thresholds && { spoiltFmr: rate(0), answeredFmr: rate(floor) }),
    answered: 1 - below(rows.map((i) => said[i].expectedSimilarity), floor),
  };
}

/** The thresholds at FMR 0.1% by how many of the two are masked; nothing if the student was never calibrated. */
function thresholdsOf(entry: ModelEntry): number[] | undefined {
  if (!entry.calibration?.single) return undefined;
  const [bare, masked] = [1, 0].map((none) => ({
    state: none ? "none" as const : "full" as const,
    probability: 1,
    probabilities: { none, full: 1 - none, "nose-out": 0 },
  }));
  return ([[bare, bare], [bare, masked], [masked, masked]] as const).map((masks) =>
    ruleFor(entry, false, { fmr: FMR }, masks).threshold
  );
}

/** The probability that so many adults reach. */
function childFloor(
  probabilities: readonly number[],
  children: readonly boolean[],
): Pick<HeadFigures, "child" | "childrenFound" | "adultsTaken"> {
  const of = (wanted: boolean): number[] =>
    probabilities.filter((_, i) => children[i] === wanted).sort((a, b) => b - a);
  const adults = of(false), found = of(true);
  const at = adults[Math.floor(MAX_ADULTS * adults.length)] ?? 0.5;
  const child = Math.min(0.99, Math.max(0.5, Math.ceil(1000 * at) / 1000));
  const reach = (all: readonly number[]): number =>
    all.filter((value) => value >= child).length / Math.max(1, all.length);
  return { child, childrenFound: reach(found), adultsTaken: reach(adults) };
}

/** Whether nose or mouth are covered. */
function isCovered(covering: Condition["covering"]): boolean {
  return covering !== "bare" && covering !== "chin";
}

function isCoveredFace({ coverings }: Condition): boolean {
  return coverings.bare + coverings.chin < 0.5;
}

/** Mean over the values of the share of samples that are told right; samples without a truth do not count. */
function balanced<T>(truths: readonly (T | undefined)[], said: readonly T[]): number {
  const groups = Map.groupBy(
    truths.keys().filter((i) => truths[i] !== undefined),
    (i) => truths[i],
  );
  return mean(
    [...groups].map(([value, all]) => all.filter((i) => said[i] === value).length / all.length),
  );
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const product = mean(a.map((value, i) => (value - ma) * (b[i] - mb)));
  return product /
    Math.sqrt(
      mean(a.map((value) => (value - ma) ** 2)) * mean(b.map((value) => (value - mb) ** 2)),
    );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
