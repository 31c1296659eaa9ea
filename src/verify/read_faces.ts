// What networks say of faces beside their templates: read once, judged by the limits of the model.

import type { ConditionLimits, ModelEntry } from "../model/manifest.ts";
import { type Incomparable, incomparable } from "../pipeline/embed/comparable.ts";
import { type Condition, maskStateOf, readConditions } from "../pipeline/embed/condition.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import { maskStates } from "../pipeline/embed/mask_state.ts";
import type { Block } from "../kernels/mod.ts";
import type { FaceInPhoto } from "./locate.ts";
import type { VerifierOptions } from "./options.ts";
import type { PhotoFinding } from "./result.ts";

/** What is to be read together with templates or scores, and what it is. */
export interface FaceBlocks {
  /** Of a condition head, or of the mask-state network. */
  readonly kind: "conditions" | "states" | undefined;
  /** One block, or none. */
  readonly blocks: readonly Block[];
}

/** What was read of a face. */
export type FaceReading = Pick<EmbeddedFace, "mask" | "condition" | "incomparable" | "child">;

/** What was read of faces; `limits` are those of the model's condition head. */
export function readFaces(
  faces: readonly FaceInPhoto[],
  kind: FaceBlocks["kind"],
  values: Float32Array | undefined,
  limits: ConditionLimits | undefined,
): FaceReading[] {
  if (kind === undefined || !values) return faces.map(() => ({}));
  if (kind === "states") return maskStates(values, faces.length).map((mask) => ({ mask }));
  return readConditions(values, faces.length).map((condition, i) => {
    const mask = maskStateOf(condition), { photo, face } = faces[i];
    if (!limits) return { mask, condition };
    // In the pixels of what was uploaded, from which the crop was cut.
    const refused = incomparable(face, condition, limits.floor, photo);
    const child = condition.child >= limits.child;
    return { mask, condition, ...(refused && { incomparable: refused }), child };
  });
}

/** Why two faces are not compared; undefined if they are. */
export function refusals(
  faces: readonly [EmbeddedFace, EmbeddedFace],
  { condition: limits }: ModelEntry,
  { compareChildren = false }: Pick<VerifierOptions, "compareChildren">,
): [PhotoFinding, PhotoFinding] | undefined {
  const [first, second] = faces;
  if (first.incomparable || second.incomparable) return [judged(first), judged(second)];
  if (compareChildren || !isChild(first) || !isChild(second)) return undefined;
  const childFmr = limits?.childFmr;
  return [{ kind: "child", face: first, childFmr }, { kind: "child", face: second, childFmr }];
}

function judged(face: EmbeddedFace): PhotoFinding {
  return hasReason(face) ? { kind: "not-comparable", face } : { kind: "face", face };
}

function hasReason(
  face: EmbeddedFace,
): face is EmbeddedFace & { readonly incomparable: Incomparable } {
  return face.incomparable !== undefined;
}

function isChild(face: EmbeddedFace): face is EmbeddedFace & { readonly condition: Condition } {
  return face.child === true;
}
