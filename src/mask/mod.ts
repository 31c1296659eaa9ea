/**
 * Masks: put on faces (drawn by code and fitted to the face mesh, the paper's overlay, or templates from files), and
 * recognised on faces by the mask-state network.
 *
 * @module
 */
export { applyMask } from "./apply.ts";
export {
  MASK_KINDS,
  type MaskKind,
  type MaskOptions,
  type Pattern,
  PATTERNS,
  randomMaskOptions,
  type Wearing,
  WEARINGS,
} from "./kinds.ts";
export { wearMask } from "./wear.ts";
export { maskOverlay } from "./overlay.ts";
export type { Homography, MaskBlend, MaskLayer, MaskPiece, MaskTexture } from "./layer.ts";
export { applyHomography, findHomography, invertHomography } from "./homography.ts";
export {
  type FivePoints,
  OFFICIAL_LANDMARKS,
  OFFICIAL_TEMPLATE_POINTS,
  officialLayer,
  type OfficialOptions,
} from "./official.ts";
export {
  loadMaskTemplate,
  type MaskTemplate,
  type MaskTheFaceEntry,
  parseMaskTheFaceConfig,
  templateLayer,
} from "./template.ts";
export { MASK_STATES, type MaskState, type MaskStateName, maskStates } from "./state.ts";
export type { Point } from "../align/affine.ts";
export type { Face } from "../detect/face.ts";
export type { Image } from "../image/image.ts";
