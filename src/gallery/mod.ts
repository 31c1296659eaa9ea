// Galleries: stores, protection, gate and thresholds, each of use without a Gallery. A store may be added here if it passes
// the tests of all stores; what is changed must still read the files and tables of earlier versions.
// The database clients are imported only when a connection is asked for.

/**
 * Galleries: enrol people, say who somebody is, and keep their templates in memory, in an encrypted file or in
 * PostgreSQL.
 *
 * @example Enrol two people and ask who a third photo shows
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { createGallery, openFileStore, openThresholds } from "@maskinv/maskinv/gallery";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const secret = crypto.getRandomValues(new Uint8Array(32)); // keep it where keys are kept
 * const store = await openFileStore(await Deno.makeTempDir(), { key: () => secret });
 * await using gallery = createGallery({ store, verifier, thresholds: await openThresholds() });
 * await gallery.enrol("Eileen Collins", "tests/photos/collins.jpg");
 * await gallery.enrol("Grace Hopper", "tests/photos/hopper.jpg");
 * const found = await gallery.identify("tests/photos/collins_masked.jpg", { fpir: 0.01 });
 * if (found.kind === "identified") console.log(found.candidates[0].identity); // Eileen Collins
 * ```
 *
 * @module
 */
export { createGallery, Gallery } from "./gallery.ts";
export type {
  EnrolOptions,
  GalleryOptions,
  IdentifyOptions,
  RenameOptions,
  TemplateMaker,
} from "./options.ts";
export type {
  Doubtful,
  Enrolled,
  Enrolment,
  EstimatedFpir,
  Identification,
  Identified,
  NotEnrolled,
  Ranked,
  RankedCandidate,
  Refused,
  Renamed,
  Renaming,
  ScoredCandidate,
  SearchFindings,
  SearchRates,
  Unknown,
} from "./result.ts";
export type { EnrolmentDoubt } from "./doubts.ts";
export { checkKnownModel, checkStoreModel } from "./model_check.ts";
export type {
  Candidate,
  GalleryCount,
  GalleryEntry,
  GalleryIdentity,
  GalleryModel,
  GalleryStore,
  Normalizer,
  PutMode,
  RenameMode,
} from "./store.ts";
export { createMemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
export { type FileStore, type FileStoreOptions, openFileStore } from "./file_store.ts";
export { type GalleryRepair, repairFileStore } from "./file_repair.ts";
export type { GalleryKey, KeySource } from "./file_cipher.ts";
export { openPostgresStore, type PostgresStoreOptions } from "./postgres_store.ts";
export type { PostgresIndex } from "./postgres_schema.ts";
export {
  connectPostgres,
  pgliteClient,
  type PgliteLike,
  type PgliteQueries,
  type SqlClient,
  type SqlQuery,
  type SqlRow,
  type SqlValue,
} from "./postgres_client.ts";
export type { GroupChoice } from "../pipeline/score/decide.ts";
export { createProtection, type TemplateProtection } from "./protect.ts";
export { type QualityDefect, qualityDefects, type QualityGate } from "./quality.ts";
export {
  fmrForFpir,
  type MeasuredThreshold,
  openThresholds,
  type SearchFmr,
  type SearchThresholds,
  searchThresholds,
  type ThresholdOptions,
} from "./threshold.ts";
export { exportStore, importStore, type ModelCheck } from "./exchange.ts";
export { clusterPairs, type DuplicatePair, findDuplicates } from "./duplicates.ts";
export {
  GalleryCorruptError,
  GalleryKeyError,
  GalleryLockedError,
  GalleryMissingError,
  GalleryStoreError,
  IdentityExistsError,
} from "./errors.ts";
