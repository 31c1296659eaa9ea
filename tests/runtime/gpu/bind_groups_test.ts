// Bind groups are made once for what they bind: by a device that only counts, and on lavapipe by all kernels of a crop.

import { assert, assertEquals } from "@std/assert";
import { reuseBindGroups } from "../../../src/runtime/gpu/quirks.ts";
import { wrap } from "../../spies.ts";
import { cropTimes, lavapipeTest, startWebgpu, texture } from "../../kernels/helpers.ts";

/** A device that makes a new bind group each time, and counts them. */
function countingDevice(): { device: GPUDevice; made: () => number } {
  let made = 0;
  const device = { createBindGroup: () => ({ made: ++made }) } as unknown as GPUDevice;
  reuseBindGroups(device);
  return { device, made: () => made };
}

const buffer = (): GPUBuffer => ({}) as GPUBuffer;
const layoutOf = (): GPUBindGroupLayout => ({}) as GPUBindGroupLayout;

Deno.test("a bind group is made once for a layout and buffers, whatever its label", () => {
  const { device, made } = countingDevice();
  const layout = layoutOf(), one = { buffer: buffer() }, two = { buffer: buffer() };
  const entries = [{ binding: 0, resource: one }, { binding: 1, resource: two }];
  const first = device.createBindGroup({ label: "first", layout, entries });
  const again = device.createBindGroup({ layout, entries: entries.toReversed() });
  assert(again === first);
  const others = [
    { layout: layoutOf(), entries },
    { layout, entries: [{ binding: 0, resource: two }, { binding: 1, resource: one }] },
    { layout, entries: [entries[0], { binding: 1, resource: { ...two, offset: 256 } }] },
    { layout, entries: [entries[0], { binding: 1, resource: { ...two, size: 256 } }] },
    { layout, entries: [entries[0]] },
  ];
  for (const other of others) assert(device.createBindGroup(other) !== first);
  assertEquals(made(), 1 + others.length);
});

Deno.test("of many bind groups the least recently used is forgotten", () => {
  const { device, made } = countingDevice();
  const layout = layoutOf(), used = [{ binding: 0, resource: { buffer: buffer() } }];
  const kept = device.createBindGroup({ layout, entries: used });
  const first = [{ binding: 0, resource: { buffer: buffer() } }];
  const forgotten = device.createBindGroup({ layout, entries: first });
  for (let i = 0; i < 10_000; i++) {
    device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: buffer() } }] });
    if (i % 1000 === 0) device.createBindGroup({ layout, entries: used });
  }
  assertEquals(made(), 10_002);
  assert(device.createBindGroup({ layout, entries: used }) === kept);
  assert(device.createBindGroup({ layout, entries: first }) !== forgotten);
});

lavapipeTest("crops in a row make no new bind groups on lavapipe", async () => {
  let made = 0;
  using _count = wrap(GPUDevice.prototype, "createBindGroup", (_, call) => {
    made++;
    return call();
  });
  await using backend = await startWebgpu();
  using photo = backend.upload(texture(64, 64));
  await cropTimes(backend, photo, 5);
  const before = made;
  await cropTimes(backend, photo, 20);
  assertEquals(made, before);
});
