// Trainings on torch with a small network: its templates and gradients, stopped and resumed, and shared by two processes.

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { EdgeNext } from "../../src/distill/network/edgenext.ts";
import { type TorchOptions, trainOnTorch } from "../../src/distill/torch/trainer.ts";
import { readCheckpoint } from "../../src/distill/train/checkpoint.ts";
import { flatLayout, fromFlat } from "../../src/distill/train/flat.ts";
import { update } from "../../src/distill/train/optimizer.ts";
import { DeviceError, InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { embed } from "../convert/torch_fixtures.ts";
import { smallEdgeNext } from "./edgenext_fixture.ts";
import {
  configFor,
  distance,
  engineFor,
  FOLDER,
  prepared,
  samplesOf,
  steps,
  trainSteps,
} from "./torch_fixture.ts";
import { checkInPython, testWithTorch } from "./torch_hosts.ts";

const FRAME = 112 * 112 * 3;

testWithTorch("torch's templates are those of the ONNX graph", async (python) => {
  const size = await prepared();
  await using engine = await engineFor(configFor("templates"), python);
  const pixels = Uint8Array.from({ length: 3 * FRAME }, (_, i) => (i * 7919 + (i >> 5)) % 256);
  const planes = new Float32Array(pixels.length);
  pixels.forEach((level, i) => {
    const crop = Math.floor(i / FRAME), place = Math.floor(i % FRAME / 3);
    planes[crop * FRAME + i % 3 * (FRAME / 3) + place] = (level - 127.5) / 127.5;
  });
  const found = await engine.embed(pixels), wanted = await embed(smallEdgeNext(size), planes);
  assertEquals(found.length, 3 * size);
  found.forEach((value, i) => assertLess(Math.abs(value - wanted[i]), 1e-4));
});

testWithTorch(
  "torch's gradients are those of finite differences",
  (python) => checkInPython(python, "torch_gradient.py"),
);

testWithTorch(
  "a step moves parameters, mean and memory as the optimiser of jax-js",
  async (python) => {
    await prepared();
    const kinds: object[] = [
      { kind: "adamw", rate: 1e-3, decay: 0.1, clip: 0.5 },
      { kind: "adamw", rate: 1e-3, decay: 0.1, clip: 100, relative: true },
      { kind: "sgd", rate: 0.01, momentum: 0.9, decay: 0.1, clip: 100 },
    ];
    for (const optimizer of kinds) {
      const config = configFor("optimizer", { optimizer }), samples = await samplesOf(config);
      await using engine = await engineFor(config, python);
      const { parameters, mean, optimizer: memory } = engine.setup.state;
      for (let step = 0; step < 2; step++) {
        const { gradient, losses } = await engine.gradient(step, samples);
        await engine.send(step, config.optimizer.rate, samples);
        const result = await engine.result();
        assertEquals(result.losses, losses);
        const length = update(
          config.optimizer,
          engine.setup.layout,
          parameters,
          gradient,
          memory,
          config.optimizer.rate,
          step,
        );
        assertLess(Math.abs(result.gradient / length - 1), 1e-4);
        const share = 1 - Math.min(config.average, (1 + step) / (10 + step));
        mean.forEach((value, i) => mean[i] = value + share * (parameters[i] - value));
      }
      const state = await engine.state();
      assertLess(distance(state.parameters, parameters), 1e-5);
      assertLess(distance(state.mean, mean), 1e-5);
      memory.forEach((values, i) => assertLess(distance(state.optimizer[i], values), 1e-4));
    }
  },
);

testWithTorch(
  "a training on torch that was stopped goes on to the same numbers",
  async (python) => {
    await prepared();
    const whole = configFor("whole"), parts = configFor("parts");
    const options = { python, threads: 1 };
    assertEquals(await trainSteps(whole, Infinity, { ...options, samplers: 1 }), 4);
    const made = await trainSteps(parts, 1, { ...options, samplers: 2 });
    assertLess(made, 4);
    assertEquals(await trainSteps(parts, Infinity, { ...options, samplers: 2, resume: true }), 4);
    assertEquals(steps(parts), steps(whole));
    assertEquals(steps(whole).length, 4);
    const one = readCheckpoint(`${parts.out}/last.checkpoint`);
    const other = readCheckpoint(`${whole.out}/last.checkpoint`);
    assertEquals(one, other);
    assertGreater(other.parameters.length, 1000);
    assert(Deno.readTextFileSync(`${whole.out}/curve.svg`).includes("<path"));

    // What is best is written as the start's graph with other numbers.
    const best = readCheckpoint(`${whole.out}/best.checkpoint`);
    const network = new EdgeNext(Deno.readFileSync(`${whole.out}/best.onnx`), "best.onnx");
    const layout = flatLayout(network, best.identities);
    const { centres: _centres, ...weights } = fromFlat(layout, best.mean);
    const written = network.read();
    for (const [name, values] of Object.entries(weights)) {
      assertLess(distance(written[name], values), 1e-6, name);
    }
    await assertRejects(() => trainOnTorch(whole, options), InvalidArgumentError, "--resume");
  },
);

testWithTorch("two processes of torchrun do what one does", async (python) => {
  await prepared();
  const one = configFor("one", { steps: 2 }), two = configFor("two", { steps: 2 });
  await trainOnTorch(one, { python, threads: 1 });
  await trainOnTorch(two, { python, threads: 1, processes: 2 });
  const [a, b] = [steps(one), steps(two)];
  assertEquals(b.length, 2);
  a.forEach(({ loss, gradient }, i) => {
    for (const [name, value] of Object.entries(loss)) {
      const other = b[i].loss[name as keyof typeof loss]!;
      assertLess(Math.abs(value - other), 1e-4 * (1 + Math.abs(value)), name);
    }
    assertLess(Math.abs(gradient / b[i].gradient - 1), 1e-3);
  });
  const [x, y] = [one, two].map(({ out }) => readCheckpoint(`${out}/last.checkpoint`));
  assertLess(distance(x.parameters, y.parameters), 1e-3);
  assertLess(distance(x.optimizer[0], y.optimizer[0]), 1e-3);
});

testWithTorch("what torch cannot train is refused with the reason", async (python) => {
  await prepared();
  const refused: [object, TorchOptions, string][] = [
    [{ network: "mobilefacenet" }, {}, "mobilefacenet"],
    [{ start: undefined }, {}, `"start" is missing`],
    [{ start: "last.checkpoint" }, {}, "best.onnx"],
    [{}, { processes: 3 }, "cannot be shared by 3 processes"],
    [{ loss: { contrast: { weight: 1, temperature: 0.1, alike: 0.6 } } }, {}, "loss.contrast"],
  ];
  for (const [changes, options, reason] of refused) {
    const config = configFor("refused", changes);
    await assertRejects(() => trainOnTorch(config, options), InvalidArgumentError, reason);
  }
  const config = configFor("python");
  await assertRejects(
    () => trainOnTorch(config, { python: "/nowhere/python3" }),
    DeviceError,
    "--python",
  );
  await assertRejects(() => trainOnTorch(config, { python: "false" }), DeviceError, "code 1");
  const other = decodeURIComponent(new URL("../../models/facemesh.onnx", import.meta.url).pathname);
  await assertRejects(
    () => trainOnTorch(configFor("foreign", { start: other }), { python }),
    ModelError,
    "no weight stem.0.weight",
  );
});

globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
