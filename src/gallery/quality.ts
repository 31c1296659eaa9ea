// What a photo must be like for its template to be enrolled. A bad reference harms every later search, and nobody
// notices when it happens; so that enrolment asks more of a photo than a comparison does.

import { interEyeDistance } from "../pipeline/detect/face.ts";
import { explainIncomparable } from "../pipeline/embed/comparable.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { MaskStateName } from "../pipeline/embed/mask_state.ts";

/** What enrolment asks of a face. */
export interface QualityGate {
  /**
   * The least distance of the eyes in photo pixels; by default 24. The network's crop has them 35 apart, so that
   * a smaller face is a blown-up one.
   */
  readonly minInterEye?: number;
  /** The least score of the detector, 0..1; by default 0.8: bare faces in even light have 0.9 and more. */
  readonly minDetectionScore?: number;
  /** The largest residual of the alignment in crop pixels; by default 8: beyond it a face is turned far aside. */
  readonly maxResidual?: number;
  /**
   * The mask states that may be enrolled; by default only `"none"`: a reference without a mask serves probes with and
   * without. Not asked where the model folder has no mask-state network.
   */
  readonly maskStates?: readonly MaskStateName[];
}

/** What a gate has against a face. */
export interface QualityDefect {
  /** What is wrong; `"incomparable"` is passed over by `force`, the others by another gate. */
  readonly kind: "small" | "unclear" | "turned" | "masked" | "incomparable";
  /** What was seen, what is asked, and what to do. */
  readonly message: string;
}

/** The defaults of {@linkcode QualityGate}. */
const DEFAULT_GATE: Required<QualityGate> = {
  minInterEye: 24,
  minDetectionScore: 0.8,
  maxResidual: 8,
  maskStates: ["none"],
};

/** Fills in the defaults and checks the ranges; of several gates a later one counts where it says something. */
export function resolveGate(...gates: readonly QualityGate[]): Required<QualityGate> {
  const given = gates.flatMap((gate) => Object.entries(gate))
    .filter(([, value]) => value !== undefined);
  const resolved: Required<QualityGate> = { ...DEFAULT_GATE, ...Object.fromEntries(given) };
  const { minInterEye, minDetectionScore: score, maxResidual } = resolved;
  if (!(minInterEye >= 0 && score >= 0 && score <= 1 && maxResidual > 0)) {
    throw new InvalidArgumentError(
      `Cannot use the quality gate ${
        JSON.stringify(resolved)
      }: give a minInterEye from 0, a minDetectionScore ` +
        `from 0 to 1 and a maxResidual above 0`,
    );
  }
  return resolved;
}

/**
 * What speaks against enrolling a face.
 *
 * @param face The face of an acquired template.
 * @param gate What is asked; see {@linkcode QualityGate} for the defaults.
 * @returns The defects; none if the face may be enrolled.
 * @throws {InvalidArgumentError} If a value of the gate is out of its range.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { qualityDefects } from "@maskinv/maskinv/gallery";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const acquired = await verifier.embed("tests/photos/hopper_masked.jpg");
 * if (acquired.kind === "acquired") {
 *   console.log(qualityDefects(acquired.face).map(({ kind }) => kind)); // [ "masked" ]
 * }
 * ```
 */
export function qualityDefects(face: EmbeddedFace, gate: QualityGate = {}): QualityDefect[] {
  const { minInterEye, minDetectionScore, maxResidual, maskStates } = resolveGate(gate);
  const { landmarks, detectionScore, alignment: { residual }, mask, incomparable } = face;
  const eyes = interEyeDistance(landmarks);
  const defects: QualityDefect[] = [];
  if (incomparable) {
    defects.push({
      kind: "incomparable",
      message: `the face could not be compared: ${explainIncomparable(incomparable)}`,
    });
  }
  if (eyes < minInterEye) {
    defects.push({
      kind: "small",
      message: `the eyes are ${eyes.toFixed(0)} pixels apart and ${minInterEye} are asked for: ` +
        `come closer or use a larger photo`,
    });
  }
  if (mask && !maskStates.includes(mask.state)) {
    defects.push({
      kind: "masked",
      message: `the face wears a mask (${mask.state}, ${
        Math.round(100 * mask.probability)
      }%): take it off`,
    });
  } else if (detectionScore < minDetectionScore) {
    // Under a mask the score is lower, which is no second defect.
    defects.push({
      kind: "unclear",
      message: `the detector is not sure of the face (score ${detectionScore.toFixed(2)}, ` +
        `${minDetectionScore} is asked for): look at the camera in even light with nothing before the face`,
    });
  }
  if (residual > maxResidual) {
    defects.push({
      kind: "turned",
      message:
        `the landmarks are ${
          residual.toFixed(1)
        } pixels off a frontal face and ${maxResidual} are ` +
        `allowed: turn towards the camera`,
    });
  }
  return defects;
}
