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

Deno.test("probing says whether an adapter is software, in the old place and the new", async () => {
  const found = async (adapter: unknown): Promise<{ name: string; software: boolean }> => {
    let result;
    await withGpu({ requestAdapter: () => Promise.resolve(adapter) }, async () => {
      result = await probeAdapter();
    });
    return result!;
  };
  const info = { vendor: "acme", architecture: "one", description: "" };
  assertEquals((await found({ info })).software, false);
  assertEquals((await found({ info: { ...info, isFallbackAdapter: true } })).software, true);
  assertEquals((await found({ info, isFallbackAdapter: true })).software, true);
  assertEquals((await found({ info })).name, "acme one");
});

Deno.test("Mesa's GL on the CPU counts as no GPU, though it does not set the flag", async () => {
  // What wgpu says of llvmpipe by way of EGL, and of a GPU by the same way.
  const gl = { vendor: "4203", architecture: "", device: "0", isFallbackAdapter: false };
  const started = async (description: string): Promise<[software: boolean, device: string]> => {
    const adapter = {
      info: { ...gl, description },
      limits: {},
      features: new Set(),
      requestDevice: () => Promise.reject(new TypeError("a fake")),
    };
    let seen: [boolean, string] | undefined;
    await withGpu({ requestAdapter: () => Promise.resolve(adapter) }, async () => {
      const found = await probeAdapter();
      const device = await startRuntime("auto").then(
        async (runtime) => {
          await runtime[Symbol.asyncDispose]();
          return runtime.device;
        },
        (error) => error instanceof DeviceError ? "webgpu" : Promise.reject(error),
      );
      seen = [found!.software, device];
    });
    return seen!;
  };
  assertEquals(await started("llvmpipe (LLVM 19.1.7, 256 bits)"), [true, "wasm"]);
  assertEquals(await started("Mesa softpipe"), [true, "wasm"]);
  assertEquals(await started("Mesa Intel(R) UHD Graphics 620 (KBL GT2)"), [false, "webgpu"]);
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
