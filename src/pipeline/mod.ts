// From pixels to a score, once for all devices and callers: detect/ finds faces, align/ brings them to the crop, embed/
// makes embeddings (locate_and_embed.ts joins the three), score/ compares them, and engine/ keeps the device and its
// networks alive. A step or a network may be added here; what is computed pixel by pixel is a kernel, and what callers
// see of results is made in verify.

export { alignFace, type Alignment } from "./align/arcface.ts";
export { chooseFace, type FaceChoice } from "./detect/choose.ts";
export type { Face } from "./detect/face.ts";
export { type AlignedFace, type EmbeddedFace, embedFaces } from "./embed/embed.ts";
export { embedAligned, locateAligned } from "./locate_and_embed.ts";
export { EngineHost } from "./engine/host.ts";
export { decide, type DecisionRule, ruleFor, scoreFmr } from "./score/decide.ts";
export { compareTemplates, Template } from "./score/template.ts";
