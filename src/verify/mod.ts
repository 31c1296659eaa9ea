// The verifier: compares the faces of two photos. Options and results may be added here, with
// their JSON; how a face is found or compared is the business of the pipeline.

export { createVerifier } from "./create.ts";
export type { PhotoOptions, VerifierOptions } from "./options.ts";
export type { Verification } from "./result.ts";
export type { EmbedAllOptions, Verifier, VerifyOptions } from "./verifier.ts";
