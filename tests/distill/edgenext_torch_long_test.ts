// EdgeNeXt on jax-js: its losses and their gradients are those of torch.

import "../../src/distill/train/one_thread.ts";
import { assertLess } from "@std/assert";
import { openTrainingData } from "../../src/distill/data/mod.ts";
import { drawMargins } from "../../src/distill/loss/elastic_arc.ts";
import { EdgeNextStudent } from "../../src/distill/network/edgenext_student.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { type Gradient, GradientMachine } from "../../src/distill/train/gradient.ts";
import { configFor, distance, engineFor, FOLDER, LOSS, prepared } from "./torch_fixture.ts";
import { testWithTorch } from "./torch_hosts.ts";

const XS = decodeURIComponent(new URL("../../models/teacher.onnx", import.meta.url).pathname);

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
  assertLess(distance(found.gradient, wanted.gradient), 1e-3);
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
  assertSame(
    { losses, gradient: one.gradient.map((value, i) => value + other.gradient[i]) },
    torch,
  );
});

testWithTorch("edgenext: loss and gradient of EdgeFace-XS are torch's", async (python) => {
  await prepared();
  const { torch, jax } = await onBoth(configFor("xs", { start: XS, batch: 2 }), python);
  assertSame(jax, torch);
});

globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
