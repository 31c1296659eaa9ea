// EdgeNeXt on jax-js: its templates against the ONNX graph, its gradient against differences.

import "../../src/distill/train/one_thread.ts";
import { assert, assertEquals, assertLess } from "@std/assert";
import { chanceOf } from "../../src/distill/data/chance.ts";
import type { LossOptions } from "../../src/distill/loss/loss.ts";
import { EdgeNextStudent } from "../../src/distill/network/edgenext_student.ts";
import { pixelsOfLevels } from "../../src/distill/network/pixels.ts";
import { type FlatLayout, flatLayout, toFlat } from "../../src/distill/train/flat.ts";
import { GradientMachine } from "../../src/distill/train/gradient.ts";
import { embed } from "../convert/torch_fixtures.ts";
import { smallEdgeNext } from "./edgenext_fixture.ts";

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
  const { gradient, losses } = await machine.run(parameters, batch, margins);
  assertLess(Math.abs(losses.total / await loss(parameters) - 1), 1e-5);
  const scale = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
  for (const { name, start, length } of layout.slots) {
    if (name === "centres") continue;
    // Along its own gradient the loss changes most: what float32 rounds counts least.
    const part = gradient.subarray(start, start + length), norm = Math.hypot(...part);
    if (norm < 1e-3 * scale) continue;
    const step = Math.min(0.02, 0.2 / norm);
    const [above, below] = [step, -step].map((by) => {
      const moved = parameters.slice();
      part.forEach((value, i) => moved[start + i] += by * value / norm);
      return moved;
    });
    const difference = (await loss(above) - await loss(below)) / (2 * step);
    assertLess(Math.abs(difference - norm), 0.03 * norm + 1e-3 * scale, name);
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
  const { gradient, losses } = await machine.run(toFlat(layout, weights), batch, margins);
  assert(Number.isFinite(losses.total));
  assert(gradient.every(Number.isFinite));
  assert(gradient.some((value) => value !== 0));
});
