// Graphs as onnxruntime's WebGPU provider runs them with the fewest dispatches: each costs the host some 20 µs, which is more
// than small layers take a GPU. Rewritten when a network is loaded on a GPU, so that files and WebAssembly know nothing
// of it. Further rewritings may be added here if they leave results as they were to 1e-5.

import { ModelError } from "../../base/errors.ts";
import { GraphEdit } from "../edit.ts";
import { decodeModel, encodeModel, type ModelWithGraph } from "../model_proto.ts";
import { turnAttentions } from "./attention.ts";
import { turnEnds, turnResizes } from "./channels_last.ts";
import { joinResiduals } from "./residual.ts";

/** A network's file for WebGPU. */
export interface WebgpuModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether its pictures are `[N, size, size, 3]` now. */
  readonly inputLast: boolean;
  /** Whether its outputs, all maps, are `[N, height, width, channels]` now. */
  readonly outputsLast: boolean;
}

/**
 * Rewrites a network that takes pictures `[N, 3, size, size]`. What is not known is left as it is.
 *
 * @param given The ONNX file.
 * @param inputName The name of the input.
 */
export function forWebgpu(given: Uint8Array<ArrayBuffer>, inputName: string): WebgpuModel {
  let model: ModelWithGraph;
  try {
    model = decodeModel(given, "the network");
  } catch (error) {
    // onnxruntime reads more kinds of files, and says what is wrong with others.
    if (error instanceof ModelError) return { bytes: given, inputLast: false, outputsLast: false };
    throw error;
  }
  const edit = new GraphEdit(model.graph);
  joinResiduals(edit);
  turnAttentions(edit);
  turnResizes(edit);
  const { graph, input, outputs } = turnEnds(edit.finish(), inputName);
  return { bytes: encodeModel({ ...model, graph }), inputLast: input, outputsLast: outputs };
}
