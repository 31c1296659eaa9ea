// The condition head: its gradient, its fit, its place in the student's graph, and the whole training on a few photos.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ModelError } from "../../src/base/errors.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import { indexShards, prepareShards, readIndex } from "../../src/distill/data/mod.ts";
import { RecordReader } from "../../src/distill/data/reader.ts";
import { FRAME_LENGTH } from "../../src/distill/data/sample.ts";
import { checkHeadConfig } from "../../src/distill/head/config.ts";
import { fitHead } from "../../src/distill/head/fit.ts";
import { withFeatures, withHead } from "../../src/distill/head/graph.ts";
import {
  backward,
  type ConditionTruth,
  forward,
  type HeadWeights,
  HIDDEN,
  lossGradient,
} from "../../src/distill/head/network.ts";
import { drawCondition, type DrawnCondition } from "../../src/distill/head/sample.ts";
import { Trunk } from "../../src/distill/head/trunk.ts";
import { EdgeNext } from "../../src/distill/network/edgenext.ts";
import { openModels } from "../../src/model/model.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { decodeModel } from "../../src/onnx/mod.ts";
import {
  CONDITION_SIZE,
  CONDITION_SLOTS,
  readConditions,
} from "../../src/pipeline/embed/condition.ts";
import { startRuntime } from "../../src/runtime/start.ts";
import { run } from "../cli/run.ts";
import { constantHead, folderWithHead } from "../heads.ts";

const PHOTOS = decodeURIComponent(new URL("../photos", import.meta.url).pathname);

const TRUTHS: readonly ConditionTruth[] = [
  {
    similarity: 0.7,
    coverings: ["bare"],
    darkGlasses: false,
    child: true,
    faults: { noisy: false },
  },
  { similarity: 0.1, coverings: ["full", "nose-out"], faults: { "too-dark": true } },
  { coverings: ["other"], darkGlasses: true, child: false, faults: {} },
];

function randomHead(inputs: number, name: string): HeadWeights {
  const chance = chanceOf(name);
  const normal = (length: number, deviation: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, () => deviation * chance.normal());
  return {
    "0.weight": normal(HIDDEN * inputs, 0.5),
    "0.bias": normal(HIDDEN, 0.1),
    "2.weight": normal(CONDITION_SIZE * HIDDEN, 0.2),
    "2.bias": normal(CONDITION_SIZE, 0.1),
  };
}

Deno.test("the gradient is that of the loss", () => {
  const inputs = 5, rows = TRUTHS.length, weights = randomHead(inputs, "gradient");
  const chance = chanceOf("features");
  const features = Float32Array.from({ length: rows * inputs }, () => chance.normal());
  const logitGradients = new Float32Array(rows * CONDITION_SIZE);
  const lossOf = (): number => {
    const { logits } = forward(weights, features, rows);
    return TRUTHS.reduce((sum, truth, i) => {
      const part = [i * CONDITION_SIZE, (i + 1) * CONDITION_SIZE] as const;
      return sum + lossGradient(logits.subarray(...part), truth, logitGradients.subarray(...part));
    }, 0) / rows;
  };
  lossOf();
  const { hidden } = forward(weights, features, rows);
  const gradient = backward(weights, features, hidden, logitGradients);
  for (const name of ["0.weight", "0.bias", "2.weight", "2.bias"] as const) {
    for (const at of [0, 1, Math.floor(weights[name].length / 2), weights[name].length - 1]) {
      const kept = weights[name][at], step = 1e-2;
      weights[name][at] = kept + step;
      const above = lossOf();
      weights[name][at] = kept - step;
      const below = lossOf();
      weights[name][at] = kept;
      assertAlmostEquals(gradient[name][at], (above - below) / (2 * step), 5e-3, `${name} ${at}`);
    }
  }
});

Deno.test("a fit finds what the features tell, also where they are not standardised", () => {
  const count = 512, chance = chanceOf("fit"), truths: ConditionTruth[] = [];
  const features = new Float32Array(count * 4);
  for (let i = 0; i < count; i++) {
    const masked = chance.happens(0.5), child = chance.happens(0.3), similarity = chance.next();
    features.set(
      [100 + (masked ? 1 : -1) + 0.1 * chance.normal(), child ? 0.02 : 0, similarity, 3],
      4 * i,
    );
    truths.push({ similarity, coverings: [masked ? "full" : "bare"], child, faults: {} });
  }
  const weights = fitHead(features, truths, { epochs: 40, batch: 32, rate: 0.01 });
  const said = readConditions(forward(weights, features, count).logits);
  const right =
    said.filter(({ covering, child, expectedSimilarity }, i) =>
      covering === truths[i].coverings![0] && child > 0.5 === truths[i].child &&
      Math.abs(expectedSimilarity - truths[i].similarity!) < 0.15
    ).length;
  assert(right > 0.95 * count, `${right} of ${count}`);
});

Deno.test("the student keeps its embeddings to the bit, and the head says what its numbers say", async () => {
  const { bytes, entry } = await (await openModels()).load("student");
  const { features } = withFeatures(bytes, "student.onnx");
  const weights = randomHead(features, "graph"), headed = withHead(bytes, weights, "student.onnx");
  const chance = chanceOf("pixels");
  const levels = Uint8Array.from({ length: 2 * FRAME_LENGTH }, () => 255 * chance.next());
  await using trunk = await Trunk.open(headed, entry);
  const rows = await trunk.run(levels);
  assertEquals(rows.features.length, 2 * features);
  const wanted = forward(weights, rows.features, 2).logits;
  await using runtime = await startRuntime("wasm");
  const pixels = Float32Array.from({ length: 2 * FRAME_LENGTH }, (_, i) => {
    const frame = i < FRAME_LENGTH ? 0 : FRAME_LENGTH, at = i - frame;
    const plane = FRAME_LENGTH / 3;
    return (levels[frame + at % plane * 3 + Math.floor(at / plane)] - 127.5) / 127.5;
  });
  using input = runtime.write(pixels, [2, 3, 112, 112]);
  const runOn = async (
    file: Uint8Array<ArrayBuffer>,
    outputs: string[],
  ): Promise<Float32Array[]> => {
    await using network = await runtime.load({ entry: { ...entry, outputs }, bytes: file });
    const blocks = await runtime.run(network, input);
    return (await runtime.read(...blocks)).map((values) => values.slice());
  };
  const [before] = await runOn(bytes, ["embedding"]);
  const [after, said] = await runOn(headed, ["embedding", "condition"]);
  assertEquals(after, before);
  said.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-3));
});

Deno.test("a head is replaced by another, and goes where the trunk is trained on", async () => {
  const shipped = new EdgeNext((await (await openModels()).load("student")).bytes, "student.onnx");
  // Without the head that the shipped one may have.
  const bytes = shipped.write(shipped.read());
  const { features } = withFeatures(bytes, "student.onnx");
  const headed = withHead(bytes, constantHead(features, {}), "student.onnx");
  const again = withHead(headed, constantHead(features, { child: 0.9 }), "student.onnx");
  const namesOf = (file: Uint8Array): string[] =>
    decodeModel(file, "student").graph.initializer!.map(({ name }) => name!)
      .filter((name) => name.startsWith("condition"));
  const names = ["0.weight", "0.bias", "2.weight", "2.bias"].map((name) => `condition.${name}`);
  assertEquals([namesOf(headed), namesOf(again)], [names, names]);
  const network = new EdgeNext(headed, "the start"), bare = new EdgeNext(bytes, "the start");
  assertEquals(network.shapes, bare.shapes);
  const written = decodeModel(network.write(network.read()), "written").graph;
  assertEquals(written.output!.map(({ name }) => name), ["embedding"]);
  assertEquals(written.node!.length, decodeModel(bytes, "student").graph.node!.length);
});

Deno.test("only a graph with the parts of an EdgeNeXt gets a head", async () => {
  const { bytes } = await (await openModels()).load("yunet");
  const error = assertThrows(() => withFeatures(bytes, "yunet.onnx"), ModelError);
  assert(error.message.includes("yunet.onnx") && error.message.includes("EdgeNeXt"));
});

/** The shards of the demo photos. */
async function withShards(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const settings = await prepareShards(PHOTOS, folder, { shardSize: 8 });
    indexShards(folder, settings, { validationShare: 0.3 });
    await task(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("samples say what was drawn, the same each time, and a head is trained of them", async () => {
  await withShards(async (data) => {
    const index = readIndex(data), seen: DrawnCondition[] = [];
    using reader = new RecordReader(data, index.settings.templateSize);
    const photo = index.training.find(({ mesh }) => mesh)!;
    const draw = (i: number, levels: Uint8Array): DrawnCondition =>
      drawCondition(reader.read(photo), chanceOf(`test ${i}`), levels);
    const one = new Uint8Array(FRAME_LENGTH), other = one.slice();
    for (let i = 0; i < 80; i++) seen.push(draw(i, one));
    assertEquals(new Set(seen.map(({ covering }) => covering)).size, 5);
    assert(seen.some(({ darkGlasses }) => darkGlasses));
    const faults = new Set(seen.flatMap(({ faults }) => Object.keys(faults)));
    assertEquals(faults.size, 7);
    assertEquals(draw(3, one), draw(3, other));
    assertEquals(one, other);

    const out = `${data}/head`, models = await folderWithHead({}), path = `${data}/head.json`;
    const photos = [{ folder: PHOTOS, coverings: ["bare"] }];
    const config = { data, student: "#student", samples: 40, epochs: 3, photos, perPhoto: 1, out };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const before = parseManifest(await Deno.readTextFile(`${models}/manifest.json`)).student;
    const options = ["--head", "--write", "--models", models, "--model", "student"];
    const { code, out: printed } = await run("distill", ...options, "--threads", "1", path);
    assertEquals(code, 0);
    assertStringIncludes(printed, "floor");
    const { figures, entry } = JSON.parse(await Deno.readTextFile(`${out}/head.json`));
    assert(figures.floor >= 0 && figures.floor <= 1 && figures.child >= 0.5);
    assertEquals(entry.outputs, ["embedding", "condition"]);
    // The folder's own student is now the one with the new head: its hash fits, its calibration is what it was.
    const { entry: student, bytes } = await (await openModels(models)).load("student");
    assertEquals([student.sha256, student.condition?.floor], [entry.sha256, figures.floor]);
    assertEquals(student.calibration, before.calibration);
    const file = `${out}/student.onnx`;
    assertEquals(bytes, await Deno.readFile(file));
    await Deno.remove(models, { recursive: true });
    const { graph } = decodeModel(await Deno.readFile(file), file);
    assertEquals(graph.output!.map(({ name }) => name), ["embedding", "condition"]);
    const weights = graph.initializer!.find(({ name }) => name === "condition.2.bias")!;
    assertEquals(Number(weights.dims![0]), CONDITION_SIZE);
    assertEquals(CONDITION_SLOTS.faults, CONDITION_SIZE - 7);
  });
});

Deno.test("a wrong configuration of a head is refused by name", () => {
  const right = { data: "shards", student: "#student", samples: 10, out: "head" };
  const wrong: [Record<string, unknown>, string][] = [
    [{ samples: 0 }, "samples"],
    [{ data: 3 }, "data"],
    [{ sample: 10 }, "sample"],
    [{ photos: [{ folder: "a", coverings: ["hat"] }] }, "coverings"],
    [{ photos: [{ folder: "a", coverings: ["bare"], numbers: "all" }] }, "numbers"],
  ];
  assertEquals(checkHeadConfig(right, "head.json").samples, 10);
  for (const [change, named] of wrong) {
    const error = assertThrows(() => checkHeadConfig({ ...right, ...change }, "head.json"));
    assert((error as Error).message.includes(named), (error as Error).message);
  }
});
