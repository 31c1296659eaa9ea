// What the mask-state network says of an aligned crop, in words: no mask, a mask, or one that leaves the nose out.
// The network takes the crops that the embedding network gets; tests/train/mask_state.ts trains it.

import { DeviceError, InvalidArgumentError } from "../../base/errors.ts";

/** The name of the network in the manifest. */
export const MASK_STATE_MODEL = "mask-state";

/** The states, in the order of the network's outputs. A mask on the chin alone covers nothing: `"none"`. */
export const MASK_STATES = ["none", "full", "nose-out"] as const;

/** How much of a face a mask covers: nothing, nose and mouth, or the mouth alone. */
export type MaskStateName = typeof MASK_STATES[number];

/** Whether a face wears a mask, and how. */
export interface MaskState {
  /** The most probable state. */
  readonly state: MaskStateName;
  /** Its probability, 0..1, as the network sees it; not calibrated on other photos than it was tested on. */
  readonly probability: number;
  /** The probability of each state; they sum to 1. */
  readonly probabilities: Readonly<Record<MaskStateName, number>>;
}

/**
 * Reads the output of the mask-state network.
 *
 * @param values Three probabilities per crop, in the order of {@linkcode MASK_STATES}.
 * @param faces How many crops count: after them may follow their mirror images, which are left out. By default all.
 * @returns One state per face, in their order.
 * @throws {InvalidArgumentError} If there are fewer crops than faces, or a crop is cut short.
 * @throws {DeviceError} If a probability is not a number.
 *
 * @example
 * ```ts
 * import { maskStates } from "@maskinv/maskinv/mask";
 *
 * const [{ state, probability }] = maskStates(new Float32Array([0.125, 0.75, 0.125]));
 * console.log(state, probability); // full 0.75
 * ```
 */
export function maskStates(
  values: Float32Array,
  faces: number = values.length / MASK_STATES.length,
): MaskState[] {
  const width = MASK_STATES.length;
  if (values.length % width !== 0 || !(Number.isInteger(faces) && faces * width <= values.length)) {
    throw new InvalidArgumentError(
      `Cannot read mask states of ${faces} faces from ${values.length} numbers: give ${width} per face`,
    );
  }
  return Array.from({ length: faces }, (_, i) => toState(values.subarray(i * width)));
}

function toState([none, full, noseOut]: Float32Array): MaskState {
  const probabilities = { none, full, "nose-out": noseOut };
  const state = MASK_STATES.reduce((best, name) =>
    probabilities[name] > probabilities[best] ? name : best
  );
  const probability = probabilities[state];
  // A NaN loses every comparison and would pass for "none".
  if (!Number.isFinite(none + full + noseOut)) {
    throw new DeviceError(
      `Cannot tell the mask state as model "${MASK_STATE_MODEL}" gave ${none}, ${full}, ${noseOut}: ` +
        `check the model file, or pass device: "wasm"`,
    );
  }
  return { state, probability, probabilities };
}
