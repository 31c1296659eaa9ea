// The fp16 variant: weights of 16 bits in the file, widened to 32 when the network is loaded. Half the size; every
// device computes as with the float model, also those that cannot compute with 16 bits.

import {
  attribute,
  encodeModel,
  FLOAT,
  FLOAT16,
  type ModelWithGraph,
  type NodeProto,
  type TensorProto,
} from "../onnx/model_proto.ts";
import { floatsOf } from "../onnx/tensors.ts";

/** The largest finite number of 16 bits. */
const MAX_HALF = 65504;
/** Tensors with fewer numbers stay as they are: the Cast node would take more than it saves. */
const MIN_LENGTH = 16;

/** Returns the bytes of the fp16 variant. Weights that 16 bits cannot hold stay as they are. */
export function halveWeights(model: ModelWithGraph): Uint8Array<ArrayBuffer> {
  const casts: NodeProto[] = [];
  const initializer = model.graph.initializer!.map((tensor): TensorProto => {
    if (tensor.dataType !== FLOAT) return tensor;
    const values = floatsOf(tensor);
    if (values.length < MIN_LENGTH || !values.every((value) => Math.abs(value) <= MAX_HALF)) {
      return tensor;
    }
    const name = `${tensor.name}:half`;
    casts.push({
      opType: "Cast",
      input: [name],
      output: [tensor.name!],
      attribute: [attribute.int("to", FLOAT)],
    });
    return {
      name,
      dims: tensor.dims,
      dataType: FLOAT16,
      rawData: new Uint8Array(Float16Array.from(values).buffer),
    };
  });
  // Old exporters list the weights as inputs too; under their new names they are none.
  const widened = new Set(casts.map(({ output }) => output![0]));
  const input = model.graph.input!.filter(({ name }) => !widened.has(name!));
  const graph = { ...model.graph, input, initializer, node: [...casts, ...model.graph.node!] };
  return encodeModel({ ...model, graph });
}
