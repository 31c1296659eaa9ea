// Other people's checkpoints to ONNX. A format is added in torch/ or mxnet/, an architecture in network/; nothing may be
// changed that would run code of a checkpoint.

/**
 * Checkpoints of PyTorch to ONNX, without Python: iResNets and MobileFaceNets as insightface, ElasticFace, MaskInv and
 * MagFace publish them, and Idiap's EdgeFace. Nothing of a checkpoint is run.
 *
 * @module
 */
export {
  type Checkpoint,
  type CheckpointOptions,
  type OnnxOptions,
  openCheckpoint,
} from "./checkpoint.ts";
export { type Conversion, convertCheckpoint, type ConvertOptions } from "./convert.ts";
export { convertYunet, type DetectorConversion } from "./yunet/convert.ts";
export type { TensorSpec } from "../runtime/tensor_spec.ts";
