// Training. Data, losses and networks have a folder each; what is changed here must keep old checkpoints and shards
// readable, or refuse them by their version.

/**
 * Distillation: photos to shards, shards to a student that knows faces behind masks, on jax-js (wasm or
 * WebGPU) or PyTorch.
 *
 * Nothing else of maskinv loads jax-js. The trainer runs in Deno: it reads and writes files and starts workers.
 *
 * @module
 */
export * from "./data/mod.ts";
export { checkHeadConfig, type HeadConfig, type HeadPhotos } from "./head/config.ts";
export type { HeadFigures } from "./head/examine.ts";
export { type HeadOptions, type HeadResult, trainHead } from "./head/train_head.ts";
export { checkDetectorConfig, type DetectorConfig } from "./detector/config.ts";
export type { DetectorEngineOptions } from "./detector/engine.ts";
export type { FileNumbers } from "./detector/photos.ts";
export type { DetectorErrors, PlaceErrors, Spread } from "./detector/place_errors.ts";
export { type DetectorOptions, type DetectorResult, trainDetector } from "./detector/trainer.ts";
export type { ContrastOptions } from "./loss/contrast.ts";
export { ELASTIC_ARC, type ElasticArcOptions } from "./loss/elastic_arc.ts";
export { HIGH_GUIDANCE, type LossOptions, LOW_GUIDANCE } from "./loss/loss.ts";
export type { CentresOptions, RelationalOptions } from "./loss/options.ts";
export { STUDENT_NETWORKS, type StudentName } from "./networks.ts";
export type { EngineOptions } from "./torch/engine.ts";
export type { PythonOptions } from "./torch/python.ts";
export { type TorchOptions, trainOnTorch } from "./torch/trainer.ts";
export { checkConfig, type DistillConfig } from "./train/config.ts";
export { type Blend, exportStudent } from "./train/export.ts";
export type { TrainingDevice } from "./train/gradient.ts";
export type { AdamWOptions, OptimizerOptions, SgdOptions } from "./train/optimizer.ts";
export type { CosineSchedule, Schedule, StairsSchedule } from "./train/schedule.ts";
export { train, type TrainOptions, type TrainResult } from "./train/trainer.ts";
export type { Validation } from "./train/validate.ts";
export { type Coverage, COVERAGES, MASK_KINDS, type MaskKind } from "../mask/kinds.ts";
export type { Covering } from "../pipeline/embed/condition.ts";
export type { ConditionLimits } from "../model/manifest.ts";
export type { ModelReader, ModelSource } from "../model/model.ts";
