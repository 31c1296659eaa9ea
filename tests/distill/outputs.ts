// What the ONNX file of a student gives for pictures in some form of pixels.

import type { TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";

/** Pixels of a picture. */
export const PIXELS = 112 * 112;

/** What a student's file makes of pictures of grey levels, `[N, 112, 112, 3]`, in some form of pixels. */
export async function outputs(
  onnx: Uint8Array,
  levels: Float32Array,
  { color, mean: [mean], scale: [scale] }: TensorSpec,
): Promise<Float32Array> {
  const values = levels.map((_, i) => {
    const pixel = i - i % 3, channel = i % 3;
    return (levels[pixel + (color === "RGB" ? channel : 2 - channel)] - mean) / scale;
  });
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, onnx, { executionProviders: ["wasm"] });
  const input = new ort.Tensor("float32", values, [levels.length / (3 * PIXELS), 112, 112, 3]);
  const { embedding } = await session.run({ input });
  await session.release();
  return embedding.data as Float32Array;
}
