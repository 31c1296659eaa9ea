// What networks say of faces beside their templates: read once, judged by the limits of the model.

import type { Photo } from "../kernels/mod.ts";
import type { ConditionLimits, ModelEntry } from "../model/manifest.ts";
import { type Incomparable, incomparable } from "../pipeline/embed/comparable.ts";
import { type Condition, maskStateOf, readConditions } from "../pipeline/embed/condition.ts";
import type { AlignedFace, EmbeddedFace } from "../pipeline/embed/embed.ts";
import { maskStates } from "../pipeline/embed/mask_state.ts";
import type { Block } from "../kernels/mod.ts";
import type { VerifierOptions } from "./options.ts";
import type { PhotoFinding } from "./result.ts";

/** What is to be read together with templates or scores, and what it is. */
export interface FaceReadings {
  /** Of a condition head, or of the mask-state network. */
  readonly kind: "conditions" | "states" | undefined;
  /** One block, or none. */
  readonly blocks: readonly Block[];
}

/** Adds to faces what was read of them; `limits` are those of the model's condition head. */
export function readFaces(
  faces: readonly { readonly photo: Photo; readonly face: AlignedFace }[],
  kind: FaceReadings["kind"],
  values: Float32Array | undefined,
  limits: ConditionLimits | undefined,
): EmbeddedFace[] {
  if (kind === undefined || !values) return faces.map(({ face }) => face);
  if (kind === "states") {
    const masks = maskStates(values, faces.length);
    return faces.map(({ face }, i) => ({ ...face, mask: masks[i] }));
  }
  const conditions = readConditions(values, faces.length);
  return faces.map(({ photo, face }, i) => {
    const condition = conditions[i], mask = maskStateOf(condition);
    if (!limits) return { ...face, mask, condition };
    const refused = incomparable(face, condition, limits.floor, photo);
    return {
      ...face,
      mask,
      condition,
      ...(refused && { incomparable: refused }),
      child: condition.child >= limits.child,
    };
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
