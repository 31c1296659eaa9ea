// What this host has that some tests want: a WebGPU adapter, and the data of ../shared.
// A test that cannot run says why in its name, so that nobody takes it for passed.

import { probeAdapter } from "../src/runtime/gpu/device.ts";

/** Whether there is a WebGPU adapter, hardware or software. */
export const hasGpu = await probeAdapter() !== undefined;

/** The data folder beside the project, if it is there. */
export const shared: string | undefined = exists(new URL("../../shared/data/", import.meta.url));

function exists(url: URL): string | undefined {
  try {
    Deno.statSync(url);
    return decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
}

/** Registers the same test for each device; the one on a missing GPU is listed as ignored. */
export function testOnDevices(
  name: string,
  body: (device: "wasm" | "webgpu") => Promise<void>,
): void {
  Deno.test(`${name} [wasm]`, () => body("wasm"));
  testWithGpu(`${name} [webgpu]`, () => body("webgpu"));
}

/** Registers a test that needs a GPU. */
export function testWithGpu(name: string, body: () => Promise<void>): void {
  const reason = "skipped: no WebGPU adapter; install mesa-vulkan-drivers for a software one";
  Deno.test({ name: hasGpu ? name : `${name} (${reason})`, ignore: !hasGpu, fn: body });
}

/** Registers a test that needs the data beside the project. */
export function testWithShared(name: string, body: (data: string) => Promise<void>): void {
  const reason = "skipped: there is no ../shared/data";
  Deno.test({
    name: shared ? name : `${name} (${reason})`,
    ignore: !shared,
    fn: () => body(shared!),
  });
}

/** Registers a test that needs both. */
export function testWithGpuAndShared(name: string, body: (data: string) => Promise<void>): void {
  if (hasGpu) testWithShared(name, body);
  else testWithGpu(name, () => Promise.resolve());
}

/** The path of a demo photo. */
export function photo(name: string): string {
  return decodeURIComponent(new URL(`photos/${name}.jpg`, import.meta.url).pathname);
}
