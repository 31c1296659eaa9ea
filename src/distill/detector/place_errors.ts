// How far crops would be misplaced by a detector's points: what misaligned templates cost is decided here.

import { applyAffine, invertAffine, multiplyAffine, type Point } from "../../math/affine.ts";
import { umeyama } from "../../math/umeyama.ts";
import { ARCFACE_SIZE, ARCFACE_TEMPLATE } from "../../pipeline/align/arcface.ts";
import { MIN_FACE_SCORE } from "../../pipeline/detect/detect.ts";
import { CROP_BYTES } from "../data/crop.ts";
import type { DrawnPairs } from "../data/pairs.ts";
import type { DetectorEngine } from "./engine.ts";

/** Mean and standard deviation. */
export interface Spread {
  /** The mean. */
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
}

/** Where crops lie against the crops by the published network's averaged points of the clean face. */
export interface PlaceErrors {
  /** Faces. */
  readonly count: number;
  /** Of the crop's middle to the right, in pixels of the 112x112 crop. */
  readonly x: Spread;
  /** Downwards. */
  readonly y: Spread;
  /** Natural logarithm of the face's size in the crop. */
  readonly scale: Spread;
  /** Turn in degrees, clockwise on the screen. */
  readonly roll: Spread;
  /** Median of the detection scores. */
  readonly score: number;
  /** Share of faces whose score is below the detector's least. */
  readonly below: number;
}

/** Errors of one kind of picture before and after the training. */
export interface DetectorErrors {
  /** Width and height of the pictures in pixels. */
  readonly size: number;
  /** Pixels of a picture per pixel of a 144x144 crop. */
  readonly scale: number;
  /** Which pictures of the pairs. */
  readonly pictures: "clean" | "masked";
  /** By the published network. */
  readonly before: PlaceErrors;
  /** By the trained one. */
  readonly after: PlaceErrors;
}

/** Numbers of a row: a score and five points. */
const ROW = 11;
/** Pairs that are sent at once. */
const PART = 32;
/** Faces of which the published network is less sure on the clean picture are left out, as in the training. */
const MIN_SURE = 0.75;
/** Pictures: a face that fills its picture, and one of the detector's first pass. */
const PICTURES = [{ size: 160, scale: 1 }, { size: 320, scale: 0.7 }] as const;
const MIDDLE: Point = { x: (ARCFACE_SIZE - 1) / 2, y: (ARCFACE_SIZE - 1) / 2 };

/** Measures the published detector and the running mean of the trained one on pairs. */
export async function measureDetector(
  engine: DetectorEngine,
  pairs: DrawnPairs,
): Promise<DetectorErrors[]> {
  const errors: DetectorErrors[] = [];
  for (const { size, scale } of PICTURES) {
    const rows = new Map<string, Float32Array[]>();
    for (let at = 0; at < pairs.clean.length; at += PART * CROP_BYTES) {
      const part = (array: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
        array.subarray(at, at + PART * CROP_BYTES);
      const found = await engine.measure(
        { clean: part(pairs.clean), masked: part(pairs.masked) },
        size,
        scale,
      );
      for (const [name, values] of Object.entries(found)) {
        rows.set(name, [...rows.get(name) ?? [], ...rowsOf(values)]);
      }
    }
    const wanted = rows.get("wanted")!;
    for (const pictures of ["clean", "masked"] as const) {
      const [before, after] = ["before", "after"].map((who) =>
        placeErrors(wanted, rows.get(`${who}.${pictures}`)!)
      );
      errors.push({ size, scale, pictures, before, after });
    }
  }
  return errors;
}

function rowsOf(values: Float32Array): Float32Array[] {
  return Array.from(
    { length: values.length / ROW },
    (_, i) => values.subarray(i * ROW, (i + 1) * ROW),
  );
}

/** The errors of rows of a score and five points each, against rows of what is wanted. */
export function placeErrors(
  wanted: readonly Float32Array[],
  found: readonly Float32Array[],
): PlaceErrors {
  const kept = [...wanted.keys()].filter((i) => wanted[i][0] > MIN_SURE);
  const moves = kept.map((i) => {
    const clean = umeyama(pointsOf(wanted[i]), ARCFACE_TEMPLATE).map;
    const seen = umeyama(pointsOf(found[i]), ARCFACE_TEMPLATE).map;
    const map = multiplyAffine(seen, invertAffine(clean)), middle = applyAffine(map, MIDDLE);
    return {
      x: middle.x - MIDDLE.x,
      y: middle.y - MIDDLE.y,
      scale: Math.log(Math.hypot(map[0], map[3])),
      roll: Math.atan2(map[3], map[0]) * 180 / Math.PI,
    };
  });
  const scores = kept.map((i) => found[i][0]).sort((a, b) => a - b);
  const spread = (name: keyof typeof moves[number]): Spread =>
    spreadOf(moves.map((move) => move[name]));
  return {
    count: kept.length,
    x: spread("x"),
    y: spread("y"),
    scale: spread("scale"),
    roll: spread("roll"),
    score: scores[scores.length >> 1],
    below: scores.filter((score) => score < MIN_FACE_SCORE).length / scores.length,
  };
}

function pointsOf(row: Float32Array): Point[] {
  return Array.from({ length: 5 }, (_, i) => ({ x: row[1 + 2 * i], y: row[2 + 2 * i] }));
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}
