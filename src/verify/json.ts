// Results as JSON: what `--json` prints and the server answers, as json_schema.ts describes it.

import { interEyeDistance } from "../pipeline/detect/face.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { DETECTION_JSON, FACE_JSON, VERIFICATION_JSON } from "./json_schema.ts";
import type { Detection, Verification } from "./result.ts";

/** What a schema describes, without a way to change it. */
type Described<Schema extends { readonly "~types"?: { readonly output: unknown } | undefined }> =
  ReadonlyDeep<NonNullable<Schema["~types"]>["output"]>;

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;

/** A face as JSON shows it: without its mesh. */
export type FaceJson = Described<typeof FACE_JSON>;

/** Returns a face as JSON. */
export function faceJson(face: EmbeddedFace): FaceJson {
  const { box, detectionScore, landmarks, alignment, mask, condition, incomparable, child } = face;
  const distance = interEyeDistance(landmarks);
  const seen = { mask, condition, incomparable, child };
  return { box, detectionScore, interEyeDistance: distance, landmarks, alignment, ...seen };
}

/** Returns the faces of a photo. */
export function detectionJson(found: Detection): Described<typeof DETECTION_JSON> {
  const { width, height, faces, omitted, device } = found;
  return { width, height, faces: faces.map(faceJson), omitted, device };
}

/** Returns a comparison; `labels` are what the two photos are called. */
export function verificationJson(
  result: Verification,
  labels: readonly [string, string],
): Described<typeof VERIFICATION_JSON> {
  const { device, model, timings } = result;
  if (result.kind === "not-compared") {
    const findings = result.findings.map((finding, i) =>
      "face" in finding
        ? { photo: labels[i], ...finding, face: faceJson(finding.face) }
        : { photo: labels[i], ...finding }
    );
    return { kind: result.kind, findings, device, model, timings };
  }
  const faces = result.faces.map((face, i) => ({ photo: labels[i], ...faceJson(face) }));
  if (result.kind === "scored") {
    const { kind, score, cosine } = result;
    return { kind, score, cosine, faces, device, model, timings };
  }
  const { kind, decision, score, cosine, scoreFmr, rule } = result;
  return { kind, decision, score, cosine, scoreFmr, rule, faces, device, model, timings };
}
