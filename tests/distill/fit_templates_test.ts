// A last layer fitted to the templates of another network, and what cannot be fitted.

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ModelError } from "../../src/base/errors.ts";
import { dot } from "../../src/math/dot.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import type { TrainingData } from "../../src/distill/data/data.ts";
import { indexShards, prepareShards } from "../../src/distill/data/mod.ts";
import { FRAME_LENGTH } from "../../src/distill/data/sample.ts";
import { fitTemplates } from "../../src/distill/head/fit_templates.ts";
import { Trunk } from "../../src/distill/head/trunk.ts";
import { EdgeNext } from "../../src/distill/network/edgenext.ts";
import { EDGEFACE_PIXELS } from "../../src/distill/network/pixels.ts";
import { run } from "../cli/run.ts";
import { SMALL_SHARDS, writePhotos } from "./data_fixture.ts";
import { smallEdgeNext } from "./edgenext_fixture.ts";

const SIZE = 16, ROWS = 32;

/** Even colours with some noise, so that rows of a batch differ. */
function levelsOf(step: number): Uint8Array<ArrayBuffer> {
  const chance = chanceOf(`levels ${step}`), levels = new Uint8Array(ROWS * FRAME_LENGTH);
  for (let row = 0; row < ROWS; row++) {
    const middle = [0, 1, 2].map(() => chance.between(40, 210));
    for (let i = 0; i < FRAME_LENGTH; i++) {
      levels[row * FRAME_LENGTH + i] = middle[i % 3] + chance.between(0, 30);
    }
  }
  return levels;
}

async function templatesOf(onnx: Uint8Array, levels: Uint8Array): Promise<Float32Array> {
  const entry = {
    file: "small.onnx",
    inputName: "input",
    input: EDGEFACE_PIXELS,
    outputs: ["embedding"],
  };
  await using trunk = await Trunk.open(onnx, entry, 1);
  return (await trunk.run(levels)).templates;
}

/** The mean cosine of two lists of templates. */
function likeness(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / (a.length / SIZE);
}

Deno.test("a last layer by chance is fitted to the templates of a teacher", async () => {
  const teacher = smallEdgeNext(SIZE), network = new EdgeNext(teacher, "teacher");
  const numbers = network.read(), chance = chanceOf("another head");
  const start = network.write({
    ...numbers,
    "head.fc.weight": numbers["head.fc.weight"].map(() => chance.normal()),
    "head.fc.bias": numbers["head.fc.bias"].map(() => chance.normal()),
  });
  const batches = new Map<number, { levels: Uint8Array; targets: Float32Array }>();
  for (let step = 0; step < 4; step++) {
    const levels = levelsOf(step);
    batches.set(step, { levels, targets: await templatesOf(teacher, levels) });
  }
  const data = {
    templateSize: SIZE,
    photos: ROWS,
    rawBatch: (step: number) => batches.get(step)!,
  } as unknown as TrainingData;
  const told: string[] = [];
  const fitted = await fitTemplates(start, "start.onnx", data, {
    samples: 4 * ROWS,
    threads: 1,
    progress: (text) => told.push(text),
  });
  const levels = levelsOf(4), wanted = await templatesOf(teacher, levels);
  const before = likeness(await templatesOf(start, levels), wanted);
  const after = likeness(await templatesOf(fitted, levels), wanted);
  assert(before < 0.8, `by chance ${before}`);
  assert(after > 0.99, `fitted ${after}, before ${before}`);
  assertEquals(told.at(-1), "fitting the last layer: 128 of 128 samples");
  const { "head.fc.weight": _w, "head.fc.bias": _b, ...others } = new EdgeNext(fitted, "f").read();
  for (const [name, values] of Object.entries(others)) assertEquals(values, numbers[name], name);
});

Deno.test("templates of another length cannot be fitted", async () => {
  const data = { templateSize: 8 } as unknown as TrainingData;
  const error = await assertRejects(
    () => fitTemplates(smallEdgeNext(SIZE), "start.onnx", data),
    ModelError,
  );
  assertStringIncludes(error.message, "start.onnx as its templates have 16 numbers");
});

Deno.test("distill --fit names what it cannot fit", async () => {
  const config = "src/distill/configs/paper_hg.json";
  const { code, err } = await run("distill", config, "--fit", "small.onnx");
  assertEquals(code, 2);
  assertStringIncludes(err, '"start" of the configuration is paper_lg/best.checkpoint');
});

Deno.test("distill --fit writes the configuration's start", async () => {
  const photos = await writePhotos(), folder = await Deno.makeTempDir();
  const settings = await prepareShards(photos, `${folder}/shards`, SMALL_SHARDS);
  indexShards(`${folder}/shards`, settings);
  const base = JSON.parse(await Deno.readTextFile("src/distill/configs/student.json"));
  const start = `${folder}/start.onnx`, config = `${folder}/config.json`;
  await Deno.writeTextFile(config, JSON.stringify({ ...base, data: `${folder}/shards`, start }));
  await Deno.writeFile(`${folder}/network.onnx`, smallEdgeNext(512));
  const { code, out, err } = await run("distill", config, "--fit", `${folder}/network.onnx`);
  assertEquals([code, err, out], [0, "", `wrote ${start}`]);
  const before = new EdgeNext(smallEdgeNext(512), "before").read();
  const after = new EdgeNext(await Deno.readFile(start), "after").read();
  assertNotEquals(after["head.fc.weight"], before["head.fc.weight"]);
  assertEquals(after["stem.0.weight"], before["stem.0.weight"]);
  for (const made of [photos, folder]) await Deno.remove(made, { recursive: true });
});
