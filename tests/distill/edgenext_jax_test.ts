// EdgeNeXt on jax-js: its templates against the ONNX graph, its gradient against differences and against torch.

import "../../src/distill/train/one_thread.ts";
import { assert, assertEquals, assertLess } from "@std/assert";
import { openTrainingData } from "../../src/distill/data/mod.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import { drawMargins } from "../../src/distill/loss/elastic_arc.ts";
import type { LossOptions } from "../../src/distill/loss/loss.ts";
import { EdgeNextStudent } from "../../src/distill/network/edgenext_student.ts";
import { pixelsOfLevels } from "../../src/distill/network/pixels.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { type FlatLayout, flatLayout, toFlat } from "../../src/distill/train/flat.ts";
import { type Gradient, GradientMachine } from "../../src/distill/train/gradient.ts";
import { embed } from "../convert/torch_fixtures.ts";
import { smallEdgeNext } from "./edgenext_fixture.ts";
import { configFor, distance, engineFor, FOLDER, LOSS, prepared } from "./torch_fixture.ts";
import { testWithTorch } from "./torch_hosts.ts";

const FRAME = 112 * 112 * 3, SIZE = 16;
const XS = decodeURIComponent(new URL("../../models/teacher.onnx", import.meta.url).pathname);
const MSE: LossOptions = { templates: 100, classes: 0, scale: 64, margin: 0.5, deviation: 0.05 };

function batchOf(count: number, size: number): Parameters<GradientMachine["run"]>[1] {
  const chance = chanceOf("edgenext batch");
  const levels = Uint8Array.from({ length: count * FRAME }, () => chance.between(0, 256));
  const targets = Float32Array.from({ length: count * size }, () => chance.normal());
  for (let at = 0; at < targets.length; at += size) {
    const row = targets.subarray(at, at + size), length = Math.hypot(...row);
    row.forEach((value, i) => row[i] = value / length);
  }
  const labels = new Int32Array(count).fill(-1);
  return { count, levels, targets, labels, classes: labels.slice() };
}

async function machineOf(
  network: EdgeNextStudent,
  count: number,
  loss = MSE,
): Promise<{ machine: GradientMachine; layout: FlatLayout }> {
  const layout = flatLayout(network, 0, network.rates);
  return { machine: await GradientMachine.create(network, layout, loss, count), layout };
}

/** The largest difference of the templates of random pictures to those of the graph. */
async function apartFromGraph(file: Uint8Array, count: number): Promise<number> {
  const network = new EdgeNextStudent(file, "the graph");
  const { machine, layout } = await machineOf(network, count);
  const batch = batchOf(count, network.templateSize);
  const found = await machine.embed(toFlat(layout, network.read(file)), batch);
  const wanted = await embed(file, pixelsOfLevels(batch.levels, network.pixels));
  assertEquals(found.length, wanted.length);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
}

Deno.test("edgenext: templates of a small network and of EdgeFace-XS are those of their graphs", async () => {
  assertLess(await apartFromGraph(smallEdgeNext(SIZE), 3), 1e-5);
  assertLess(await apartFromGraph(Deno.readFileSync(XS), 2), 1e-5);
});

Deno.test("edgenext: the gradient is that of finite differences, for each parameter", async () => {
  const file = smallEdgeNext(SIZE), network = new EdgeNextStudent(file, "small");
  const { machine, layout } = await machineOf(network, 2), batch = batchOf(2, SIZE);
  const parameters = toFlat(layout, network.read(file)), margins = new Float32Array(2);
  const loss = async (at: Float32Array<ArrayBuffer>): Promise<number> => {
    const templates = await machine.embed(at, batch);
    const squares = templates.reduce((sum, value, i) => sum + (value - batch.targets[i]) ** 2, 0);
    return MSE.templates * squares / templates.length;
  };
  const { slopes, losses } = await machine.run(parameters, batch, margins);
  assertLess(Math.abs(losses.total / await loss(parameters) - 1), 1e-5);
  const scale = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  for (const { name, start, length } of layout.slots) {
    if (name === "centres") continue;
    // Along its own gradient the loss changes most: what float32 rounds counts least.
    const own = slopes.subarray(start, start + length), steep = Math.hypot(...own);
    if (steep < 1e-3 * scale) continue;
    const step = Math.min(0.02, 0.2 / steep);
    const [above, below] = [step, -step].map((by) => {
      const moved = parameters.slice();
      own.forEach((slope, i) => moved[start + i] += by * slope / steep);
      return moved;
    });
    const difference = (await loss(above) - await loss(below)) / (2 * step);
    assertLess(Math.abs(difference - steep), 0.03 * steep + 1e-3 * scale, name);
  }
});

Deno.test("edgenext: queries and keys of zeros give no NaN", async () => {
  const file = smallEdgeNext(SIZE), network = new EdgeNextStudent(file, "small");
  const { machine, layout } = await machineOf(network, 1), weights = { ...network.read(file) };
  for (const name of Object.keys(weights).filter((name) => /\.xca\.qkv\./.test(name))) {
    // All queries and half of the keys.
    weights[name] = weights[name].map((value, i, { length }) => i < length / 2 ? 0 : value);
  }
  const margins = new Float32Array(1), batch = batchOf(1, SIZE);
  const { slopes, losses } = await machine.run(toFlat(layout, weights), batch, margins);
  assert(Number.isFinite(losses.total));
  assert(slopes.every(Number.isFinite));
  assert(slopes.some((slope) => slope !== 0));
});

/** A batch of the shards on both engines. */
async function onBoth(
  config: DistillConfig,
  python: string,
): Promise<{ torch: Gradient; jax: Gradient; parts: Gradient[] }> {
  await using engine = await engineFor(config, python);
  using data = await openTrainingData(config.data, config.samples);
  const { batch, loss } = config, { layout, state: { parameters } } = engine.setup;
  const whole = data.rawBatch(0, 0, batch, batch);
  const torch = await engine.gradient(0, { ...whole, pixels: whole.levels });
  const network = new EdgeNextStudent(Deno.readFileSync(config.start!), "the start");
  const bank = data.bank();
  const machine = await GradientMachine.create(network, layout, loss, batch, "wasm", bank);
  const seed = config.samples?.seed ?? 1;
  const jax = await machine.run(parameters, whole, drawMargins(loss, seed, 0, 0, batch));
  const halves = [[0, batch / 2], [batch / 2, batch]] as const;
  const samples = halves.map(([from, to]) => data.rawBatch(0, from, to, batch));
  const templates = [];
  for (const half of samples) templates.push(await machine.embed(parameters, half));
  const parts: Gradient[] = [];
  for (const [i, [from, to]] of halves.entries()) {
    const others = { templates: templates[1 - i], targets: samples[1 - i].targets };
    const margins = drawMargins(loss, seed, 0, from, to);
    parts.push(await machine.run(parameters, samples[i], margins, others));
  }
  return { torch, jax, parts };
}

function assertSame(found: Gradient, wanted: Gradient): void {
  for (const [name, value] of Object.entries(wanted.losses)) {
    const ours = found.losses[name as keyof Gradient["losses"]]!;
    assertLess(Math.abs(ours - value), 1e-3 * Math.abs(value) + 1e-6, name);
  }
  assertLess(distance(found.slopes, wanted.slopes), 1e-3);
}

testWithTorch(
  "edgenext: loss and gradient of each part of the loss are torch's",
  async (python) => {
    await prepared();
    const parts = [
      { templates: 10 },
      { kd: 1 },
      { classes: 1 },
      { centres: LOSS.centres },
      { relational: LOSS.relational },
    ];
    for (const loss of parts) {
      const { torch, jax } = await onBoth(configFor("part", { loss }), python);
      assertSame(jax, torch);
    }
  },
);

testWithTorch("edgenext: two halves of a batch give the whole, as torch has it", async (python) => {
  await prepared();
  const { torch, jax, parts: [one, other] } = await onBoth(configFor("whole"), python);
  assertSame(jax, torch);
  const losses = Object.fromEntries(
    Object.entries(one.losses).map((
      [name, value],
    ) => [name, value + other.losses[name as keyof Gradient["losses"]]!]),
  ) as unknown as Gradient["losses"];
  assertSame({ losses, slopes: one.slopes.map((slope, i) => slope + other.slopes[i]) }, torch);
});

testWithTorch("edgenext: loss and gradient of EdgeFace-XS are torch's", async (python) => {
  await prepared();
  const { torch, jax } = await onBoth(configFor("xs", { start: XS, batch: 2 }), python);
  assertSame(jax, torch);
});

globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
