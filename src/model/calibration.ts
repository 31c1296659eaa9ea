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

/** What was measured of one group of people: comparisons of different people of the group only. */
export interface GroupCalibration {
  /** Who they are, such as `"black, 30 to 49"`. */
  readonly name: string;
  /** How many people. */
  readonly people: number;
  /** Number of impostor comparisons. */
  readonly impostors: number;
  /** As that of {@linkcode Calibration}; intervals know that comparisons share people. */
  readonly curve: readonly CurvePoint[];
}

/** A threshold that keeps a false match rate in every group that was measured. */
export interface GroupPoint {
  /** The false match rate: the upper end of the 95% interval of each group's rate is not above it. */
  readonly fmr: number;
  /** Comparison score from which on a comparison is a match. */
  readonly threshold: number;
  /** The group that needs the threshold; all others would do with a lower one. */
  readonly worst: string;
  /** False non-match rate seen at the threshold on the genuine comparisons. */
  readonly fnmr: number;
}

/** What was measured of groups of people in one mask situation. */
export interface GroupCalibrations {
  /** Data sets and protocol, in words. */
  readonly source: string;
  /** Thresholds for all groups, strictest last. */
  readonly points: readonly GroupPoint[];
  /** Each group. */
  readonly groups: readonly GroupCalibration[];
}

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
  /** What was measured of groups of people, whose worst decides; absent if only the whole was measured. */
  readonly worst?: GroupCalibrations;
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

/** Cosines end at 1; normalised scores of a face that hardly anybody looks like go beyond. */
export const MIN_THRESHOLD = -2, MAX_THRESHOLD = 2;

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
        threshold: point.number("threshold", MIN_THRESHOLD, MAX_THRESHOLD),
        measuredFmr: point.number("measuredFmr", 0, 1),
        interval: [low, high],
        fnmr: point.number("fnmr", 0, 1),
      };
    }),
    curve: readCurve(calibration),
    ...(calibration.has("worst") && { worst: readGroups(calibration.object("worst")) }),
  };
}

function readGroups(worst: Fields): GroupCalibrations {
  const groups = worst.objects("groups").map((group) => ({
    name: group.string("name"),
    people: group.number("people", 2),
    impostors: group.number("impostors", 1),
    curve: readCurve(group),
  }));
  if (groups.length === 0) throw worst.wrong("groups", "a list of one group or more");
  return {
    source: worst.string("source"),
    points: worst.objects("points").map((point) => ({
      fmr: point.number("fmr", 0, 1),
      threshold: point.number("threshold", MIN_THRESHOLD, MAX_THRESHOLD),
      worst: point.string("worst"),
      fnmr: point.number("fnmr", 0, 1),
    })),
    groups,
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
