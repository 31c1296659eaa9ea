// The verifier: compares the faces of two photos. Options and results may be added here, with
// their JSON; how a face is found or compared is the business of the pipeline.

/**
 * The verifier with all types of its options and results.
 *
 * @module
 */
export { createVerifier } from "./create.ts";
export type { PhotoOptions, VerifierOptions } from "./options.ts";
export { explainFinding } from "./result.ts";
export type * from "./result.ts";
export type { DetectOptions, EmbedAllOptions, Verifier, VerifyOptions } from "./verifier.ts";
export type { MaskState, MaskStateName } from "../pipeline/embed/mask_state.ts";
export type { DeviceChoice } from "../runtime/start.ts";
