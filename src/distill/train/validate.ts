// What a student is worth, on photos that the training never sees: read from its ONNX file as it would be shipped.

import { createSession, loadOrt } from "../../runtime/ort.ts";
import { errorCurve } from "../../evaluate/roc.ts";
import { dot } from "../../math/dot.ts";
import type { ComparisonScores } from "../../evaluate/scores.ts";
import { trueMatchRateAtFmr } from "../../evaluate/verification.ts";
import type { ValidationData } from "../data/data.ts";
import type { LossOptions } from "../loss/loss.ts";
import { pixelsOfLevels } from "../network/pixels.ts";
import { tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";

/** Figures of a student on the validation split. */
export interface Validation {
  /** Photos that were looked at. */
  readonly photos: number;
  /** Cosine of the student's template of the masked photo and the teacher's of the clean one: median and mean. */
  readonly maskedMedian: number;
  /** See `maskedMedian`. */
  readonly maskedMean: number;
  /** The same with the student's template of the clean photo. */
  readonly cleanMedian: number;
  /** See `cleanMedian`. */
  readonly cleanMean: number;
  /** Equal error rate of masked against clean templates of the student, other photos of the same people; if there are. */
  readonly eer?: number;
  /** Share of genuine pairs that match at a false match rate of 1%. */
  readonly tar?: number;
  /** The same at 0.1%. */
  readonly tar1000?: number;
  /** Equal error rate of clean against clean templates. */
  readonly bareEer?: number;
  /** As `tar1000`, of clean against clean templates. */
  readonly bareTar1000?: number;
}

const FACE = 112 * 112 * 3;
/** Crops per run; more bring nothing on wasm. */
const BATCH = 16;

/** Templates of a student, `[length 1]` each, of the photos that were looked at. */
export interface StudentTemplates {
  /** Of the masked photos. */
  readonly masked: readonly Float32Array[];
  /** Of the clean ones. */
  readonly clean: readonly Float32Array[];
  /** The teacher's of the clean ones. */
  readonly targets: readonly Float32Array[];
  /** Index of the identity of each photo, or -1. */
  readonly labels: readonly number[];
}

/** Computes the figures of a student, whose file takes `pixels`, on at most `maxPhotos` photos, evenly taken from the split. */
export async function validate(
  onnx: Uint8Array,
  pixels: TensorSpec,
  data: ValidationData,
  maxPhotos: number,
): Promise<Validation> {
  const count = Math.min(maxPhotos, data.count);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor(i * data.count / count));
  const masked = await templatesOf(onnx, pixels, data.masked, chosen);
  const clean = await templatesOf(onnx, pixels, data.clean, chosen);
  const size = masked[0].length;
  const targets = chosen.map((i) => data.targets.subarray(i * size, (i + 1) * size));
  return figuresOf({ masked, clean, targets, labels: chosen.map((i) => data.labels[i]) });
}

/** The figures by templates. */
export function figuresOf({ masked, clean, targets, labels }: StudentTemplates): Validation {
  const count = masked.length;
  const maskedCosines = masked.map((template, i) => dot(template, targets[i])).sort((a, b) =>
    a - b
  );
  const cleanCosines = clean.map((template, i) => dot(template, targets[i])).sort((a, b) => a - b);
  const scores = pairScores(masked, clean, labels), bare = pairScores(clean, clean, labels);
  return {
    photos: count,
    maskedMedian: maskedCosines[count >> 1],
    maskedMean: mean(maskedCosines),
    cleanMedian: cleanCosines[count >> 1],
    cleanMean: mean(cleanCosines),
    ...scores.genuine.length > 0 && scores.impostor.length > 0 &&
      {
        eer: equalErrorRate(scores),
        tar: trueMatchRateAtFmr(scores, 0.01),
        tar1000: trueMatchRateAtFmr(scores, 0.001),
        bareEer: equalErrorRate(bare),
        bareTar1000: trueMatchRateAtFmr(bare, 0.001),
      },
  };
}

/**
 * What `best` means: how near the student comes to its teacher on masked faces and on clean ones. With a contrast or
 * centres, which give some of that up to keep people apart, it is the share of people who are known again, if identities
 * are known; with centres masked and bare, at the false match rate that the models are compared by.
 */
export function validationScore(
  { maskedMean, cleanMean, tar, tar1000, bareTar1000 }: Validation,
  { contrast, centres }: Pick<LossOptions, "contrast" | "centres">,
): number {
  if (centres && tar1000 !== undefined) return (tar1000 + bareTar1000!) / 2;
  return contrast && tar !== undefined ? tar : maskedMean + cleanMean;
}

async function templatesOf(
  onnx: Uint8Array,
  pixels: TensorSpec,
  images: Uint8Array,
  chosen: readonly number[],
): Promise<Float32Array[]> {
  const ort = await loadOrt("wasm");
  const session = await createSession(ort, onnx, { executionProviders: ["wasm"] });
  const templates: Float32Array[] = [];
  for (let from = 0; from < chosen.length; from += BATCH) {
    const part = chosen.slice(from, from + BATCH);
    const levels = new Uint8Array(part.length * FACE);
    part.forEach((photo, i) =>
      levels.set(images.subarray(photo * FACE, (photo + 1) * FACE), i * FACE)
    );
    const input = pixelsOfLevels(levels, pixels);
    const tensor = new ort.Tensor("float32", input, tensorShape(pixels, part.length));
    const { embedding } = await session.run({ input: tensor });
    const values = embedding.data as Float32Array, size = embedding.dims[1];
    for (let i = 0; i < part.length; i++) templates.push(values.slice(i * size, (i + 1) * size));
  }
  await session.release();
  return templates;
}

/** Every masked photo against every other clean one whose identities are known. */
function pairScores(
  masked: readonly Float32Array[],
  clean: readonly Float32Array[],
  labels: readonly number[],
): ComparisonScores {
  const genuine: number[] = [], impostor: number[] = [];
  for (let i = 0; i < masked.length; i++) {
    for (let j = 0; j < clean.length; j++) {
      if (i === j || labels[i] < 0 || labels[j] < 0) continue;
      (labels[i] === labels[j] ? genuine : impostor).push(dot(masked[i], clean[j]));
    }
  }
  return { genuine: Float32Array.from(genuine), impostor: Float32Array.from(impostor) };
}

function equalErrorRate(scores: ComparisonScores): number {
  const gap = (point: { fmr: number; fnmr: number }): number => Math.abs(point.fmr - point.fnmr);
  const best = errorCurve(scores, 4000).reduce((a, b) => gap(b) < gap(a) ? b : a);
  return (best.fmr + best.fnmr) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
