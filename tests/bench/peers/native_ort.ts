// onnxruntime-node with the face of onnxruntime-web, as far as maskinv uses it: for the import map of the native rows.

import { load } from "./child.ts";

const ort = load("maskinv-native", "onnxruntime-node");

export const Tensor = ort.Tensor;
export const env: Record<string, unknown> = { wasm: {}, logLevel: "error" };
export const InferenceSession = {
  create: (model: Uint8Array, options: Record<string, unknown>): Promise<unknown> =>
    ort.InferenceSession.create(model, { ...options, executionProviders: ["cpu"] }),
};
