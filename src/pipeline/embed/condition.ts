// What the condition head of an embedding network says of a face beside its template: how much the photo can be relied on,
// what covers the face, whether it is a child's, and what is wrong with the photo.
// The head is trained by `distill --head` (src/distill/head), on the same features that the template is made of.

import { DeviceError, InvalidArgumentError } from "../../base/errors.ts";
import { MASK_STATES, type MaskState } from "./mask_state.ts";

/**
 * What covers the lower face: nothing; a mask over nose and mouth; one over the mouth alone; one on the chin; something
 * else, such as a scarf, a hand or a veil.
 */
export type Covering = "bare" | "full" | "nose-out" | "chin" | "other";

/** The coverings, in the order of the head's outputs. */
export const COVERINGS: readonly Covering[] = ["bare", "full", "nose-out", "chin", "other"];

/** A fault of a photo; `"noisy"` is grain as well as what compression leaves. */
export type Fault =
  | "too-dark"
  | "washed-out"
  | "blurred"
  | "noisy"
  | "turned-away"
  | "cut-off"
  | "not-a-face";

/** The faults, in the order of the head's outputs. */
export const FAULTS: readonly Fault[] = [
  "too-dark",
  "washed-out",
  "blurred",
  "noisy",
  "turned-away",
  "cut-off",
  "not-a-face",
];

/** What the head says of a face; probabilities are 0..1. */
export interface Condition {
  /**
   * The cosine that the template is expected to have with the template of a faultless photo of the same face, 0..1: about
   * 0 where nothing of a face is left.
   */
  readonly expectedSimilarity: number;
  /** What covers the lower face: the most probable. */
  readonly covering: Covering;
  /** The probability of each covering; they sum to 1. */
  readonly coverings: Readonly<Record<Covering, number>>;
  /** Probability that dark glasses cover the eyes. */
  readonly darkGlasses: number;
  /** Probability that the face is a child's: 12 years or younger rather than 18 or older; between these it is not trained. */
  readonly child: number;
  /** Probability of each fault of the photo. */
  readonly faults: Readonly<Record<Fault, number>>;
}

/**
 * The mask state of a face by what covers it. What is no mask may cover as much as one or a corner of the mouth: it counts
 * half for each, so that thresholds are the strictest that fit, and no beard or hand is called a mask.
 */
export function maskStateOf({ coverings }: Condition): MaskState {
  const open = coverings.other / 2;
  const probabilities = {
    none: coverings.bare + coverings.chin + open,
    full: coverings.full + open,
    "nose-out": coverings["nose-out"],
  };
  const state = MASK_STATES.reduce((best, name) =>
    probabilities[name] > probabilities[best] ? name : best
  );
  return { state, probability: probabilities[state], probabilities };
}

/** Where each group of numbers begins in the head's output. */
export const CONDITION_SLOTS = {
  similarity: 0,
  coverings: 1,
  darkGlasses: 1 + COVERINGS.length,
  child: 2 + COVERINGS.length,
  faults: 3 + COVERINGS.length,
} as const;

/** Numbers that the head gives per face: logits. */
export const CONDITION_SIZE: number = CONDITION_SLOTS.faults + FAULTS.length;

/**
 * Reads the output of a condition head.
 *
 * @param values {@linkcode CONDITION_SIZE} logits per crop.
 * @param faces How many crops count: after them may follow their mirror images, which are left out. By default all.
 * @returns One condition per face, in their order.
 * @throws {InvalidArgumentError} If there are fewer crops than faces, or a crop is cut short.
 * @throws {DeviceError} If a number is not finite.
 *
 * @example
 * ```ts
 * import { CONDITION_SIZE, readConditions } from "@maskinv/maskinv/embed";
 *
 * const [{ expectedSimilarity, child }] = readConditions(new Float32Array(CONDITION_SIZE));
 * console.log(expectedSimilarity, child); // 0.5 0.5
 * ```
 */
export function readConditions(
  values: Float32Array,
  faces: number = values.length / CONDITION_SIZE,
): Condition[] {
  const isWhole = values.length % CONDITION_SIZE === 0 && Number.isInteger(faces);
  if (!isWhole || faces * CONDITION_SIZE > values.length) {
    throw new InvalidArgumentError(
      `Cannot read conditions of ${faces} faces from ${values.length} numbers: give ${CONDITION_SIZE} per face`,
    );
  }
  return Array.from(
    { length: faces },
    (_, i) => toCondition(values.subarray(i * CONDITION_SIZE, (i + 1) * CONDITION_SIZE)),
  );
}

function toCondition(logits: Float32Array): Condition {
  // A NaN loses every comparison and would pass for a good photo.
  if (!logits.every(Number.isFinite)) {
    throw new DeviceError(
      `Cannot tell the condition of a face as the network's head gave ${logits.join(", ")}: ` +
        `check the model file, or pass device: "wasm"`,
    );
  }
  const { similarity, coverings: first, darkGlasses, child, faults } = CONDITION_SLOTS;
  const shares = softmax(logits.subarray(first, first + COVERINGS.length));
  const coverings = record(COVERINGS, (i) => shares[i]);
  return {
    expectedSimilarity: sigmoid(logits[similarity]),
    covering: COVERINGS.reduce((best, name) => coverings[name] > coverings[best] ? name : best),
    coverings,
    darkGlasses: sigmoid(logits[darkGlasses]),
    child: sigmoid(logits[child]),
    faults: record(FAULTS, (i) => sigmoid(logits[faults + i])),
  };
}

function record<T extends string>(
  names: readonly T[],
  valueOf: (i: number) => number,
): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, i) => [name, valueOf(i)])) as Record<T, number>;
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function softmax(logits: Float32Array): number[] {
  const most = Math.max(...logits), shares = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}
