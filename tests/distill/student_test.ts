// Students: what is computed in memory is what their ONNX files compute in onnxruntime-web.

import "../../src/distill/train/one_thread.ts";
import { jit, numpy, type numpy as np } from "@jax-js/jax";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import {
  type ParameterArrays,
  StudentNetwork,
  type TrainedNetwork,
} from "../../src/distill/network/student.ts";
import { mobilefacenetLayers } from "../../src/distill/network/mobilefacenet.ts";
import { pixelsOfLevels, STUDENT_PIXELS } from "../../src/distill/network/pixels.ts";
import type { Parameters } from "../../src/distill/network/onnx_read.ts";
import { Tape } from "../../src/distill/network/tape.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout, fromFlat } from "../../src/distill/train/flat.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";
import { ModelError } from "../../src/base/errors.ts";

const COUNT = 2;

function crops(): Uint8Array<ArrayBuffer> {
  const chance = chanceOf("crops");
  return Uint8Array.from({ length: COUNT * 112 * 112 * 3 }, () => chance.between(0, 256));
}

/** Templates of length 1 by jax-js. */
async function ours(network: TrainedNetwork, parameters: Parameters): Promise<number[]> {
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

async function theirs(onnx: Uint8Array): Promise<Float32Array> {
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

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

Deno.test("MobileFaceNet: in memory and the exported files agree to 1e-5", async () => {
  const bytes = mobilefacenetFile();
  const network = studentNetwork("mobilefacenet");
  const parameters = network.read(bytes);
  const templates = await ours(network, parameters);
  assert(worst(templates, await theirs(bytes)) < 1e-5);
  assert(worst(templates, await theirs(network.write(parameters))) < 1e-5);
});

Deno.test("iResNet-18: in memory and the exported file agree to 1e-5", async () => {
  const network = studentNetwork("iresnet18");
  const layout = flatLayout(network, 1);
  const parameters = fromFlat(layout, await firstWeights(network, layout, undefined, 1));
  const templates = await ours(network, parameters);
  assert(worst(templates, await theirs(network.write(parameters))) < 1e-5);
});

Deno.test("every student reads what it wrote", () => {
  // The deeper ones have hundreds of megabytes of weights, in the same layers.
  for (const name of ["mobilefacenet", "iresnet18"]) {
    const network = studentNetwork(name);
    const parameters = Object.fromEntries(
      Object.entries(network.shapes).map(([name, shape], i) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, k) => 1 + (k * 7 + i) % 11),
      ]),
    );
    const again = network.read(network.write(parameters));
    assertEquals(Object.keys(again), Object.keys(network.shapes));
    for (const name of Object.keys(again)) {
      assertEquals(worst(again[name], parameters[name]), 0, name);
    }
  }
});

Deno.test("denormal weights are flushed", () => {
  const network = studentNetwork("mobilefacenet");
  const parameters = { ...network.read(mobilefacenetFile()) };
  parameters["stem.bias"] = parameters["stem.bias"].map(() => 1e-30);
  const again = network.read(network.write(parameters));
  assertEquals([...again["stem.bias"]], [...again["stem.bias"]].fill(0));
});

Deno.test("files of other networks are refused by name of the layer", () => {
  const mobile = studentNetwork("mobilefacenet"), layers = mobilefacenetLayers(192);
  const bytes = mobilefacenetFile();
  assertThrows(() => studentNetwork("iresnet18").read(bytes), ModelError, "layers with weights");
  assertThrows(() => mobile.read(new Uint8Array([1, 2, 3])), ModelError, "3 bytes");
  const other = new StudentNetwork("other", 192, [
    { ...layers[0], name: "wider" } as typeof layers[0],
    ...layers.slice(1, -1),
    { ...layers.at(-1), outputs: 64 } as typeof layers[0],
  ]);
  assertThrows(() => other.read(bytes), ModelError, "last.template");
});
