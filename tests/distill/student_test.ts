// Students: what is computed in memory is what their ONNX files compute in onnxruntime-web.

import "../../src/distill/train/one_thread.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { StudentNetwork } from "../../src/distill/network/student.ts";
import { mobilefacenetLayers } from "../../src/distill/network/mobilefacenet.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";
import { ours, theirs, worst } from "./student_fixture.ts";
import { ModelError } from "../../src/base/errors.ts";

Deno.test("MobileFaceNet: in memory and the exported files agree to 1e-5", async () => {
  const bytes = mobilefacenetFile();
  const network = studentNetwork("mobilefacenet");
  const parameters = network.read(bytes);
  const templates = await ours(network, parameters);
  assert(worst(templates, await theirs(bytes)) < 1e-5);
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
