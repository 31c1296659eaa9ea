// Model folders: the manifest, files that are checked against it, calibrations, and the adding of models.
// A field of the manifest is added in manifest.ts, a family of networks in families.ts; nothing here may run on faces.

export type { Calibration, ModelCalibration, OperatingPoint } from "./calibration.ts";
export type { Cohort, CohortEntry, CohortPart } from "./cohort.ts";
export { FAMILIES, type Family, familyOf } from "./families.ts";
export {
  type Manifest,
  type ModelEntry,
  modelName,
  parseManifest,
  type Variant,
} from "./manifest.ts";
export {
  type LoadedModel,
  type ModelReader,
  type ModelSource,
  type ModelStore,
  openModels,
} from "./model.ts";
