// The verifier as a guest of a device: how often it waits, what it keeps, and what it does when the device is lost.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Compared, createVerifier, type Verifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo, testOnDevices, testWithGpu } from "../hosts.ts";
import { countBuffers, wrap } from "../spies.ts";

const collins = await loadImage(photo("collins_crop"));
const hopper = await loadImage(photo("hopper_crop"));

async function score(verifier: Verifier): Promise<number> {
  const result = await verifier.verify(collins, hopper);
  assertEquals(result.kind, "compared");
  return (result as Compared).score;
}

testWithGpu(
  "a warm verify on WebGPU waits twice: for the faces and for the score",
  async () => {
    await using verifier = await createVerifier({ device: "webgpu" });
    const collins = await loadImage(photo("collins"));
    await verifier.verify(collins, photo("collins_masked"));
    let waits = 0;
    const count = (_: unknown, call: () => unknown): unknown => {
      waits++;
      return call();
    };
    using _maps = wrap(GPUBuffer.prototype, "mapAsync", count);
    using _works = wrap(GPUQueue.prototype, "onSubmittedWorkDone", count);
    await verifier.verify(collins, photo("hopper"));
    assertEquals(waits, 2);
    waits = 0;
    await verifier.verify(collins, photo("collins_masked"));
    assertEquals(waits, 2);
  },
);

testOnDevices("100 overlapping verifies all give the same score", async (device) => {
  await using verifier = await createVerifier({ device });
  const alone = await score(verifier);
  const scores = await Promise.all(Array.from({ length: 100 }, () => score(verifier)));
  for (const value of scores) assertAlmostEquals(value, alone, 1e-6);
});

testOnDevices("two verifiers work side by side", async (device) => {
  await using first = await createVerifier({ device });
  await using second = await createVerifier({ device });
  const [a, b] = await Promise.all([score(first), score(second)]);
  assertAlmostEquals(a, b, 1e-6);
  await first.dispose();
  assertAlmostEquals(await score(second), a, 1e-6);
});

testWithGpu("a lost device is replaced, and no verify is lost", async () => {
  const devices: GPUDevice[] = [];
  using _requests = wrap(GPUAdapter.prototype, "requestDevice", async (_, call) => {
    const device = await (call() as Promise<GPUDevice>);
    devices.push(device);
    return device;
  });
  await using verifier = await createVerifier({ device: "webgpu" });
  const before = await score(verifier);
  assertEquals(devices.length, 1);
  devices[0].destroy();
  assertAlmostEquals(await score(verifier), before, 1e-6, "lost while idle");
  assertEquals(devices.length, 2);
  const under = [score(verifier), score(verifier), score(verifier)];
  await new Promise((resolve) => setTimeout(resolve, 100));
  devices[1].destroy();
  for (const value of await Promise.all(under)) {
    assertAlmostEquals(value, before, 1e-6, "lost while at work");
  }
  assertEquals(devices.length, 3);
});

testWithGpu("verifies in a row keep no GPU buffers", async () => {
  using buffers = countBuffers();
  await using verifier = await createVerifier({ device: "webgpu" });
  for (let i = 0; i < 4; i++) await score(verifier);
  const after4 = buffers.live;
  for (let i = 0; i < 8; i++) await score(verifier);
  assertEquals(buffers.live, after4);
});
