// The data half of distillation: photos to shards, and shards to batches.

export {
  type DrawPictures,
  openTrainingData,
  type RawBatch,
  type TemplateBank,
  type TrainingData,
} from "./data.ts";
export {
  type DataIndex,
  type DroppedPhoto,
  identitiesOf,
  type IndexedPhoto,
  readIndex,
} from "./index_file.ts";
export { type IndexOptions, indexShards } from "./index_shards.ts";
export type { DataOptions } from "./options.ts";
export { AGE_GROUPS, type AgeGroup } from "./weights.ts";
export { type PrepareOptions, prepareShards, type ShardSettings } from "./prepare.ts";
export { openValidationData, type ValidationData, type ValidationOptions } from "./validation.ts";
