// The two engines are one trainer: each goes on from the other's checkpoint, and both come to the same numbers.

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { trainOnTorch } from "../../src/distill/torch/trainer.ts";
import { type Checkpoint, readCheckpoint } from "../../src/distill/train/checkpoint.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { exportStudent } from "../../src/distill/train/export.ts";
import { train, type TrainOptions } from "../../src/distill/train/trainer.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { configFor, distance, FOLDER, prepared, START, steps } from "./torch_fixture.ts";
import { testWithTorch } from "./torch_hosts.ts";

/** A way to train. */
type Engine = (config: DistillConfig, options: TrainOptions) => Promise<{ step: number }>;

const onJax: Engine = (config, options) => train(config, { ...options, workers: 2 });

function onTorch(python: string): Engine {
  return (config, options) => trainOnTorch(config, { ...options, python, threads: 1, samplers: 1 });
}

/** Trains for some steps of this sitting; torch may have been given one more by then. */
async function sitting(
  engine: Engine,
  config: DistillConfig,
  made: number,
  resume = false,
): Promise<number> {
  const stop = new AbortController();
  let left = made;
  const progress = (): void => {
    if (--left === 0) stop.abort();
  };
  return (await engine(config, { progress, signal: stop.signal, resume })).step;
}

function last({ out }: DistillConfig): Checkpoint {
  return readCheckpoint(`${out}/last.checkpoint`);
}

Deno.test("jax-js trains an edgenext with all losses, on one worker as on two", async () => {
  await prepared();
  const one = configFor("one-worker", { steps: 2 }), two = configFor("two-workers", { steps: 2 });
  await train(one, { workers: 1 });
  await train(two, { workers: 2 });
  const [a, b] = [steps(one), steps(two)];
  assertEquals([a.length, b.length], [2, 2]);
  a.forEach(({ loss, gradient }, i) => {
    assertEquals(Object.keys(loss).sort(), Object.keys(b[i].loss).sort());
    for (const [name, value] of Object.entries(loss)) {
      const other = b[i].loss[name as keyof typeof loss]!;
      assertLess(Math.abs(value - other), 1e-4 * (1 + Math.abs(value)), name);
    }
    assertLess(Math.abs(gradient / b[i].gradient - 1), 1e-3);
  });
  assertLess(distance(last(one).parameters, last(two).parameters), 1e-3);
  assert(Deno.readFileSync(`${one.out}/best.onnx`).length > 1000);
  const graph = Deno.readFileSync(START);
  assertGreater(
    exportStudent("edgenext", `${one.out}/last.checkpoint`, [{ onnx: graph, share: 0.5 }], graph)
      .length,
    1000,
  );
});

testWithTorch("a checkpoint of either engine goes on in the other", async (python) => {
  await prepared();
  const torch = onTorch(python), changes = { validateEvery: 10, checkpointEvery: 2 };
  const whole = configFor("whole", changes);
  assertEquals(await sitting(torch, whole, Infinity), 4);
  const orders: [string, Engine, Engine][] = [["to-jax", torch, onJax], ["to-torch", onJax, torch]];
  for (const [name, first, second] of orders) {
    const config = configFor(name, changes);
    assertLess(await sitting(first, config, 1), 4);
    assertEquals(await sitting(second, config, Infinity, true), 4);
    assertEquals(steps(config).map(({ step }) => step), [0, 1, 2, 3]);
    steps(config).forEach(({ loss, gradient }, i) => {
      const { loss: wanted, gradient: length } = steps(whole)[i];
      for (const [part, value] of Object.entries(wanted)) {
        const found = loss[part as keyof typeof wanted]!;
        assertLess(Math.abs(found - value), 1e-3 * Math.abs(value) + 1e-6, `${name} ${i} ${part}`);
      }
      assertLess(Math.abs(gradient / length - 1), 1e-3);
    });
    const found = last(config), wanted = last(whole);
    assertEquals(found.config, wanted.config);
    assertEquals([found.step, found.identities], [4, wanted.identities]);
    assertLess(distance(found.parameters, wanted.parameters), 1e-3);
    assertLess(distance(found.mean, wanted.mean), 1e-3);
    found.optimizer.forEach((memory, i) => assertLess(distance(memory, wanted.optimizer[i]), 1e-3));
  }
});

Deno.test("an edgenext without an ONNX file to start from is refused", async () => {
  await prepared();
  for (const start of [undefined, "last.checkpoint"]) {
    const config = configFor("no-start", { start });
    await assertRejects(() => train(config), InvalidArgumentError, "best.onnx");
  }
});

globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
