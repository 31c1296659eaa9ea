// ONNX files as objects, and back: decoded with onnx-proto, checked as far as the readers above rely on them.
// Checks may be added here; what a graph means is the business of those who read it (model, quantize, distill).

export {
  decodeModel,
  encodeModel,
  type GraphProto,
  type ModelProto,
  type ModelWithGraph,
  type NodeProto,
  type TensorProto,
} from "./model_proto.ts";
