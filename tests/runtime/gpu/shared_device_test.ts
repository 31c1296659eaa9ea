// One GPU device for all that a process computes: shared from the first user to the last, replaced when lost, and each user
// with handles of its own.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createVerifier } from "../../../mod.ts";
import { DeviceLostError, DisposedError, InvalidArgumentError } from "../../../src/base/errors.ts";
import { createMemoryStore } from "../../../src/gallery/memory_store.ts";
import { GpuRuntime } from "../../../src/runtime/gpu/runtime.ts";
import { shareDevice } from "../../../src/runtime/gpu/shared_device.ts";
import { startRuntime } from "../../../src/runtime/start.ts";
import { photo, testWithGpu } from "../../hosts.ts";
import { wrap } from "../../spies.ts";

async function start(): Promise<GpuRuntime> {
  const runtime = await startRuntime("webgpu");
  assert(runtime instanceof GpuRuntime);
  return runtime;
}

function countDevices(): Disposable & { readonly made: GPUDevice[] } {
  const made: GPUDevice[] = [];
  const spy = wrap(GPUAdapter.prototype, "requestDevice", async (_, call) => {
    const device = await (call() as Promise<GPUDevice>);
    made.push(device);
    return device;
  });
  return { made, [Symbol.dispose]: () => spy[Symbol.dispose]() };
}

testWithGpu(
  "runtimes that start at once share a device, which ends with the last of them",
  async () => {
    using devices = countDevices();
    const [first, second] = await Promise.all([start(), start()]);
    assert(first.gpu.device === second.gpu.device);
    assertEquals(devices.made.length, 1);
    const block = first.write(new Float32Array([1]), [1]);
    await first[Symbol.asyncDispose]();
    // What one has made is gone with it, and it makes nothing more, while the other goes on.
    assertThrows(() => first.write(new Float32Array([1]), [1]), DisposedError);
    await assertRejects(() => first.read(block), DisposedError);
    const kept = second.write(new Float32Array([7]), [1]);
    assertEquals([...(await second.read(kept))[0]], [7]);
    assertEquals(second.memory.live, 1);
    await second[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    assertThrows(() => second.gpu.assertAlive(), DisposedError);
    await using third = await start();
    assertEquals(devices.made.length, 2);
    assert(third.gpu.device !== devices.made[0]);
  },
);

testWithGpu("a handle of one runtime is refused by the other on the same device", async () => {
  await using first = await start();
  await using second = await start();
  using block = first.write(new Float32Array([1]), [1]);
  await assertRejects(() => second.read(block), InvalidArgumentError);
});

testWithGpu("a shared device that was lost is replaced for those who start after", async () => {
  using devices = countDevices();
  await using first = await start();
  first.gpu.device.destroy();
  await first.gpu.device.lost;
  await using second = await start();
  assertEquals(devices.made.length, 2);
  assertThrows(() => first.write(new Float32Array([1]), [1]), DeviceLostError);
  using block = second.write(new Float32Array([3]), [1]);
  assertEquals([...(await second.read(block))[0]], [3]);
});

Deno.test("a device that cannot be made is asked for again by the next", async () => {
  const error = new Error("no device");
  let calls = 0;
  const open = (): Promise<never> => {
    calls++;
    return Promise.reject(error);
  };
  const results = await Promise.allSettled([shareDevice(open), shareDevice(open)]);
  assertEquals(results.map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals(calls, 1);
  await assertRejects(() => shareDevice(open), Error, "no device");
  assertEquals(calls, 2);
});

testWithGpu(
  "a verifier and a gallery's store work on one device, whichever is lost or ends first",
  async () => {
    using devices = countDevices();
    await using verifier = await createVerifier({ device: "webgpu" });
    await using store = createMemoryStore({ device: "webgpu" });
    const acquired = await verifier.embed(photo("collins_crop"));
    assert(acquired.kind === "acquired");
    const { template } = acquired;
    await store.put([{ identity: "Eileen Collins", templates: [template] }], "add");
    const best = async (): Promise<number> => {
      const [[candidate]] = await store.search([template], 1);
      return candidate.score;
    };
    assert(await best() > 0.999);
    assertEquals(devices.made.length, 1);
    devices.made[0].destroy();
    assert(await best() > 0.999);
    assertEquals((await verifier.embed(photo("collins_crop"))).kind, "acquired");
    assertEquals(devices.made.length, 2);
    await verifier.dispose();
    assert(await best() > 0.999);
  },
);
