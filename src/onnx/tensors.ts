// The numbers of ONNX tensors, and tensors of numbers.

import { ModelError } from "../base/errors.ts";
import { FLOAT, INT32, type TensorProto, UINT8 } from "./model_proto.ts";

/** The numbers of a float32 tensor. */
export function floatsOf(tensor: TensorProto): Float32Array<ArrayBuffer> {
  if (tensor.dataType !== FLOAT) {
    throw new ModelError(
      `Cannot read weight ${tensor.name} as its element type is ${tensor.dataType} and must be 1 (float32): ` +
        `give the float model`,
    );
  }
  const raw = tensor.rawData;
  return raw?.length
    ? new Float32Array(new Uint8Array(raw).buffer)
    : Float32Array.from(tensor.floatData ?? []);
}

/** A tensor of float32. */
export function floatTensor(name: string, dims: number[], values: Float32Array): TensorProto {
  return { name, dims, dataType: FLOAT, rawData: bytesOf(values) };
}

/** A tensor of uint8. */
export function byteTensor(name: string, dims: number[], values: Uint8Array): TensorProto {
  return { name, dims, dataType: UINT8, rawData: values };
}

/** A tensor of int32. */
export function intTensor(name: string, dims: number[], values: Int32Array): TensorProto {
  return { name, dims, dataType: INT32, rawData: bytesOf(values) };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
