// A device that is lost at any point of the work, also while it starts: every call still gives its result, on a new
// device, and what that one holds does not grow from loss to loss.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { DeviceError, DeviceLostError } from "../../src/base/errors.ts";
import { EngineHost } from "../../src/pipeline/engine/host.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { openModels } from "../../src/model/model.ts";
import { startRuntime } from "../../src/runtime/start.ts";
import { testWithGpu } from "../hosts.ts";
import { wrap } from "../spies.ts";
import { collins, scoreOf } from "./crops.ts";
import { DeviceLosses } from "./device_loss.ts";

/** A seed of its own for each run, which a failure tells. */
const SEED = Number(Deno.env.get("MASKINV_SEED") ?? Date.now() % 1e6);

testWithGpu("a device lost while its kernels are made is replaced", async () => {
  using losses = new DeviceLosses();
  const models = await openModels();
  const start = async (): Promise<void> => {
    await using host = new EngineHost("webgpu", models, {});
    const read = await host.track(() =>
      host.use(async ({ backend }) => {
        using block = backend.write(new Float32Array([7]), [1, 1]);
        using scores = await backend.cosineMatrix(block, block);
        return await backend.read(block, scores);
      })
    );
    assertEquals(read.map(([value]) => value), [7, 49]);
  };
  losses.arm(Infinity);
  await start();
  const { calls } = losses;
  for (let n = 1; n <= calls; n += 3) {
    for (const after of [false, true]) {
      const { lost } = losses;
      losses.arm(n, after);
      await start();
      assertEquals(losses.lost, lost + 1, `call ${n}`);
    }
  }
});

testWithGpu("a device lost at any call of a start or a run costs no result", async () => {
  using losses = new DeviceLosses();
  const random = randomNumbers(SEED);
  await using host = new EngineHost("webgpu", await openModels(), {});
  const faces = (): Promise<number[]> =>
    host.track(() =>
      host.use(async (engine) => {
        const { backend } = engine;
        using stack = new DisposableStack();
        const detector = await engine.network("yunet");
        const photo = stack.use(backend.upload(collins));
        const input = stack.use(backend.letterbox([{ photo }], detector.model.entry.input));
        const outputs = (await backend.run(detector, input)).map((block) => stack.use(block));
        const [values] = await backend.read(...outputs);
        return [...values];
      })
    );
  losses.arm(Infinity);
  const wanted = await faces();
  // A start, the loading of a network and a run.
  const all = losses.calls;
  losses.arm(Infinity);
  await faces();
  const warm = losses.calls - losses.sparable, { live } = losses;
  for (let round = 0; round < 6; round++) {
    const told = `seed ${SEED}, round ${round}`, { lost } = losses;
    const [first, second] = [1 + Math.floor(random() * warm), 1 + Math.floor(random() * all)];
    losses.arm(first, random() < 0.5);
    // Half of the time the new device is lost as well, while it starts or works.
    const twice = random() < 0.5;
    const rearm = twice
      ? setInterval(() => {
        if (losses.lost === lost + 1) {
          clearInterval(rearm);
          losses.arm(second, random() < 0.5);
        }
      }, 0)
      : undefined;
    const values = await faces().finally(() => clearInterval(rearm));
    wanted.forEach((value, i) => assertAlmostEquals(values[i], value, 1e-3, told));
    assert(losses.lost > lost, told);
    losses.arm(Infinity);
    // What was lost at the last call of all is noticed by the next user.
    assertEquals((await faces()).length, wanted.length, told);
    assertLessOrEqual(losses.live, live + 20, told);
  }
});

testWithGpu("a device lost at any call of a verify costs no verify", async () => {
  using losses = new DeviceLosses();
  const random = randomNumbers(SEED);
  await using verifier = await createVerifier({ device: "webgpu" });
  const score = (): Promise<number> => scoreOf(verifier);
  const wanted = await score();
  losses.arm(Infinity);
  await score();
  const calls = losses.calls - losses.sparable, { live } = losses;
  for (let round = 0; round < 3; round++) {
    const told = `seed ${SEED}, round ${round}`, devices = losses.devices.length;
    losses.arm(1 + Math.floor(random() * calls), random() < 0.5);
    for (const value of await Promise.all([score(), score()])) {
      assertAlmostEquals(value, wanted, 1e-4, told);
    }
    losses.arm(Infinity);
    assertAlmostEquals(await score(), wanted, 1e-4, told);
    assertEquals(losses.devices.length, devices + 1, told);
    // Two verifies at once hold twice the buffers of one.
    assertLessOrEqual(losses.live, 2 * live, told);
  }
});

testWithGpu(
  "a device lost while a network is loaded keeps no other from being loaded",
  async () => {
    const yunet = await (await openModels()).load("yunet");
    // Again and again, as what is left behind by each adds up.
    for (const at of [3, 1, 5, 20, 10, 40, 15, 30]) {
      const kind = at === 1 ? "submit" : "createBuffer";
      using losses = new DeviceLosses();
      const runtime = await startRuntime("webgpu");
      let calls = 0;
      const lose = (_: unknown, call: () => unknown): unknown => {
        if (++calls === at) losses.devices.at(-1)!.destroy();
        return call();
      };
      {
        using _spy = kind === "submit"
          ? wrap(GPUQueue.prototype, "submit", lose)
          : wrap(GPUDevice.prototype, "createBuffer", lose);
        await assertRejects(() => runtime.load(yunet), DeviceLostError);
      }
      await runtime[Symbol.asyncDispose]();
      await using next = await startRuntime("webgpu");
      await using network = await next.load(yunet);
      assertEquals(network.model.entry.name, "yunet");
    }
  },
);

testWithGpu(
  "an error in the middle of loading a network keeps no other from being loaded",
  async () => {
    const yunet = await (await openModels()).load("yunet");
    await using runtime = await startRuntime("webgpu");
    {
      using _spy = wrap(GPUDevice.prototype, "createBuffer", () => {
        throw new TypeError("no buffer today");
      });
      await assertRejects(() => runtime.load(yunet), DeviceError, "yunet.onnx");
    }
    await using network = await runtime.load(yunet);
    assertEquals(network.model.entry.name, "yunet");
  },
);
