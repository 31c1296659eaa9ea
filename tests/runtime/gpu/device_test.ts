// What is found on this host, and what a device is asked for. Here, once, stands what is skipped without an adapter.
// Hosts without WebGPU are played by hiding navigator.gpu.

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DeviceError, DisposedError } from "../../../src/base/errors.ts";
import { acquireDevice, probeAdapter } from "../../../src/runtime/gpu/device.ts";
import { startRuntime } from "../../../src/runtime/start.ts";
import { hasAdapter } from "../../kernels/helpers.ts";

if (!hasAdapter) {
  const name = "skipped: no WebGPU adapter (install mesa-vulkan-drivers)";
  Deno.test({ name, ignore: true, fn: () => {} });
}

async function withGpu(gpu: unknown, task: () => Promise<void>): Promise<void> {
  const kept = Object.getOwnPropertyDescriptor(globalThis, "navigator")!;
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  try {
    await task();
  } finally {
    Object.defineProperty(globalThis, "navigator", kept);
  }
}

Deno.test("a host without WebGPU, or without an adapter, has no adapter", async () => {
  for (const gpu of [undefined, { requestAdapter: () => Promise.resolve(null) }]) {
    await withGpu(gpu, async () => assertEquals(await probeAdapter(), undefined));
  }
});

/** What is found on a host that has an adapter. */
async function found(adapter: unknown): Promise<{ name: string; software: boolean }> {
  let result;
  await withGpu({ requestAdapter: () => Promise.resolve(adapter) }, async () => {
    result = await probeAdapter();
  });
  return result!;
}

Deno.test("probing says whether an adapter is software, in the old place and the new", async () => {
  const info = { vendor: "acme", architecture: "one", description: "" };
  assertEquals((await found({ info })).software, false);
  assertEquals((await found({ info: { ...info, isFallbackAdapter: true } })).software, true);
  assertEquals((await found({ info, isFallbackAdapter: true })).software, true);
  assertEquals((await found({ info })).name, "acme one");
});

Deno.test("Mesa's software renderer is software by its name, and by way of GL no adapter at all", async () => {
  const info = { description: "llvmpipe (LLVM 15.0.6, 256 bits)", isFallbackAdapter: false };
  const vulkan = await found({ info, features: new Set(["shader-f16", "bgra8unorm-storage"]) });
  assertEquals([vulkan.name, vulkan.software], [info.description, true]);
  assertEquals(await found({ info, features: new Set(["texture-compression-etc2"]) }), undefined);
  const hardware = { info: { description: "Mesa Intel(R) UHD Graphics" }, features: new Set() };
  assertEquals((await found(hardware)).software, false);
});

Deno.test("an adapter that refuses is a DeviceError with a way out", async () => {
  const adapter = {
    limits: {},
    features: new Set(),
    requestDevice: () => Promise.reject(new TypeError("no more devices")),
  } as unknown as GPUAdapter;
  const error = await assertRejects(
    () => acquireDevice({ adapter, name: "acme one", software: false }),
    DeviceError,
  );
  assertMatch(error.message, /acme one .*no more devices.*"wasm"/);
});

Deno.test({
  name:
    "a device gets what the adapter offers for large photos and fp16, and knows its end (webgpu)",
  ignore: !hasAdapter,
  async fn(): Promise<void> {
    const found = await probeAdapter();
    assert(found);
    const gpu = await acquireDevice(found);
    const { limits, features } = gpu.device;
    assertEquals(limits.maxBufferSize, found.adapter.limits.maxBufferSize);
    assertEquals(
      limits.maxStorageBufferBindingSize,
      found.adapter.limits.maxStorageBufferBindingSize,
    );
    // Limits and features that nothing needs stay at their defaults.
    assertEquals(limits.maxBindGroups, 4);
    assertEquals(features.has("shader-f16"), found.adapter.features.has("shader-f16"));
    assert(!features.has("timestamp-query"));
    gpu.assertAlive();
    gpu[Symbol.dispose]();
    gpu[Symbol.dispose]();
    await gpu.device.lost;
    assertThrows(() => gpu.assertAlive(), DisposedError);
  },
});
