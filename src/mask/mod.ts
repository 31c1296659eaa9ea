// Masks drawn on photos: which mask, where it lies on a face, in which light. A kind of mask is added in kinds.ts and
// draw_kinds.ts; the drawing itself is the kernel mask_overlay, and may be changed only there.

/**
 * Masks: applied to faces (drawn by code and fitted to the face mesh, the paper's overlay, or templates from files), and
 * recognised on faces by the mask-state network.
 *
 * @module
 */
export { applyMask } from "./apply.ts";
export {
  type Coverage,
  COVERAGES,
  MASK_KINDS,
  type MaskKind,
  type MaskOptions,
  type Pattern,
  PATTERNS,
  randomMaskOptions,
} from "./kinds.ts";
export type { LayeredPicture } from "./draw_layers.ts";
export { maskLayer } from "./mask_layer.ts";
export { maskOverlay } from "../kernels/mask_overlay/cpu.ts";
export type {
  MaskBlend,
  MaskLayer,
  MaskPiece,
  MaskTexture,
} from "../kernels/mask_overlay/layer.ts";
export {
  applyHomography,
  findHomography,
  type Homography,
  invertHomography,
} from "../math/homography.ts";
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
export {
  MASK_STATES,
  type MaskState,
  type MaskStateName,
  maskStates,
} from "../pipeline/embed/mask_state.ts";
export type { Point } from "../math/affine.ts";
export type { Face } from "../pipeline/detect/face.ts";
export type { Image } from "../image/image.ts";
