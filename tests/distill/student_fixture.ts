// Templates of a student in memory and by its ONNX file, to compare them.

import "../../src/distill/train/one_thread.ts";
import { jit, numpy, type numpy as np } from "@jax-js/jax";
import { assertEquals } from "@std/assert";
import { chanceOf } from "../../src/distill/data/chance.ts";
import type { Parameters } from "../../src/distill/network/onnx_read.ts";
import { pixelsOfLevels, STUDENT_PIXELS } from "../../src/distill/network/pixels.ts";
import type { ParameterArrays, TrainedNetwork } from "../../src/distill/network/student.ts";
import { Tape } from "../../src/distill/network/tape.ts";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";

const COUNT = 2;

/** The same pictures of noise at each call. */
function crops(): Uint8Array<ArrayBuffer> {
  const chance = chanceOf("crops");
  return Uint8Array.from({ length: COUNT * 112 * 112 * 3 }, () => chance.between(0, 256));
}

/** Templates of length 1 by jax-js. */
export async function ours(network: TrainedNetwork, parameters: Parameters): Promise<number[]> {
  const run = jit((weights: ParameterArrays, patches: np.Array) => {
    const tape = new Tape();
    const { templates } = network.run(tape, weights, patches);
    return { templates: templates.value, stored: tape.stored };
  });
  const weights = Object.fromEntries(
    Object.entries(network.shapes).map(([name, shape]) => [
      name,
      numpy.array(parameters[name]).reshape([...shape]),
    ]),
  );
  const patches = numpy.array(network.patches(crops(), COUNT)).reshape(network.patchesShape(COUNT));
  const { templates, stored } = run(weights, patches);
  for (const array of stored) array.dispose();
  const raw = await templates.data() as Float32Array;
  return Array.from({ length: COUNT }, (_, i) => {
    const row = [...raw.subarray(i * network.templateSize, (i + 1) * network.templateSize)];
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  }).flat();
}

/** Templates by onnxruntime-web. */
export async function theirs(onnx: Uint8Array): Promise<Float32Array> {
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, onnx, { executionProviders: ["wasm"] });
  const input = new ort.Tensor(
    "float32",
    pixelsOfLevels(crops(), STUDENT_PIXELS),
    [COUNT, 112, 112, 3],
  );
  const { embedding } = await session.run({ input });
  await session.release();
  return embedding.data as Float32Array;
}

/** The largest difference of two templates. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
