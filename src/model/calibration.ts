// What was measured of a model's comparison scores: thresholds for false match rates, and the rate behind every score.
// Written into the manifest by src/evaluate/calibrate.ts and used by src/pipeline/score.

import type { Fields } from "./fields.ts";

/** Who of a comparison wears a mask: neither face, one of the two, or both. */
export type MaskSituation = "none" | "one" | "both";

/** All mask situations. */
export const MASK_SITUATIONS: readonly MaskSituation[] = ["none", "one", "both"];

/** An operating point measured on impostor comparisons that did not choose it. */
export interface OperatingPoint {
  /** The false match rate aimed at, such as 0.001. */
  readonly fmr: number;
  /** Comparison score (cosine) from which on a comparison is a match. */
  readonly threshold: number;
  /** False match rate seen at the threshold on data that did not choose it. */
  readonly measuredFmr: number;
  /** 95% interval of `measuredFmr`. */
  readonly interval: readonly [number, number];
  /** False non-match rate seen at the threshold on the genuine comparisons. */
  readonly fnmr: number;
}

/** A score, the false match rate with the score as the threshold, and the low and high end of its 95% interval. */
export type CurvePoint = readonly [score: number, fmr: number, low: number, high: number];

/** What was measured of the scores in one mask situation. */
export interface Calibration {
  /** Data set and protocol, in words. */
  readonly source: string;
  /** Number of impostor comparisons behind the false match rates. */
  readonly impostors: number;
  /** Number of genuine comparisons behind the false non-match rates. */
  readonly genuine: number;
  /** The operating points, strictest last. */
  readonly points: readonly OperatingPoint[];
  /** The false match rate over the score: scores ascend, rates descend to the lowest that the data supports. */
  readonly curve: readonly CurvePoint[];
}

/** What was measured in each mask situation; one that was not measured is absent. */
export type SituationCalibrations = { readonly [situation in MaskSituation]?: Calibration };

/** What was measured of a model's scores, by how its templates are made. */
export interface ModelCalibration {
  /** Templates of the face alone. */
  readonly single?: SituationCalibrations;
  /** Templates of the face and its mirror image, added. */
  readonly mirrored?: SituationCalibrations;
}

/** Reads the calibration of a manifest entry; throws ModelError with the field that is wrong. */
export function readModelCalibration(fields: Fields): ModelCalibration {
  return {
    single: fields.has("single") ? readSituations(fields.object("single")) : undefined,
    mirrored: fields.has("mirrored") ? readSituations(fields.object("mirrored")) : undefined,
  };
}

function readSituations(fields: Fields): SituationCalibrations {
  return Object.fromEntries(
    MASK_SITUATIONS.filter((situation) => fields.has(situation)).map((situation) => [
      situation,
      readCalibration(fields.object(situation)),
    ]),
  );
}

function readCalibration(calibration: Fields): Calibration {
  return {
    source: calibration.string("source"),
    impostors: calibration.number("impostors", 0),
    genuine: calibration.number("genuine", 0),
    points: calibration.objects("points").map((point) => {
      const [low, high] = point.numbers("interval", 2);
      return {
        fmr: point.number("fmr", 0, 1),
        threshold: point.number("threshold", -1, 1),
        measuredFmr: point.number("measuredFmr", 0, 1),
        interval: [low, high],
        fnmr: point.number("fnmr", 0, 1),
      };
    }),
    curve: readCurve(calibration),
  };
}

/** Checks the order of a curve: one that is not monotone would give a higher score a higher false match rate. */
function readCurve(calibration: Fields): CurvePoint[] {
  const rows = calibration.rows("curve", 4);
  const ordered = rows.every(([score, fmr], i) =>
    fmr > 0 && fmr <= 1 && (i === 0 || (score > rows[i - 1][0] && fmr < rows[i - 1][1]))
  );
  if (!ordered || rows.length === 0) {
    throw calibration.wrong(
      "curve",
      "a list of [score, fmr, low, high] with ascending scores and descending rates above 0",
    );
  }
  return rows.map(([score, fmr, low, high]) => [score, fmr, low, high]);
}
