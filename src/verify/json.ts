// Results as JSON: what `--json` prints and the server answers.

import type { Alignment } from "../pipeline/align/arcface.ts";
import { interEyeDistance, type Landmarks } from "../pipeline/detect/face.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { MaskState } from "../pipeline/embed/mask_state.ts";
import type { Verification } from "./result.ts";

/** A face as JSON shows it. */
export interface FaceJson {
  readonly box: EmbeddedFace["box"];
  readonly detectionScore: number;
  readonly interEyeDistance: number;
  readonly landmarks: Landmarks;
  readonly alignment: Alignment;
  readonly mask?: MaskState;
}

/** Returns a face as JSON. */
export function faceJson(face: EmbeddedFace): FaceJson {
  const { box, detectionScore, landmarks, alignment, mask } = face;
  const distance = interEyeDistance(landmarks);
  return { box, detectionScore, interEyeDistance: distance, landmarks, alignment, mask };
}

/** Returns a comparison; `labels` are what the two photos are called. */
export function verificationJson(result: Verification, labels: readonly [string, string]): unknown {
  const { device, model, timings } = result;
  if (result.kind === "not-compared") {
    const findings = result.findings.map((finding, i) =>
      finding.kind === "face"
        ? { photo: labels[i], kind: finding.kind, face: faceJson(finding.face) }
        : { photo: labels[i], ...finding }
    );
    return { kind: result.kind, findings, device, model, timings };
  }
  const faces = result.faces.map((face, i) => ({ photo: labels[i], ...faceJson(face) }));
  if (result.kind === "scored") {
    return { kind: result.kind, score: result.score, faces, device, model, timings };
  }
  const { kind, decision, score, scoreFmr, rule: { threshold, basis, measured: fmr } } = result;
  return { kind, decision, score, scoreFmr, threshold, basis, fmr, faces, device, model, timings };
}
