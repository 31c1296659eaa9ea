// Runs that onnxruntime records: from the third of a shape on they are replays, which must follow their input, keep what they
// gave to those before, and end with their network.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { openModels } from "../../../src/model/model.ts";
import type { Block, Network } from "../../../src/kernels/mod.ts";
import { tensorShape } from "../../../src/runtime/tensor_spec.ts";
import { GpuCallCounter } from "../../gpu_calls.ts";
import { testWithGpu } from "../../hosts.ts";
import { startCpu, startWebgpu } from "../../kernels/helpers.ts";
import { countBuffers, wrap } from "../../spies.ts";

const SIZE = 64;
const model = await (await openModels()).load("yunet");

type Backend = Awaited<ReturnType<typeof startCpu | typeof startWebgpu>>;

/** Pictures of noise, the same for a seed and whatever the layout: grey, so that channels are alike. */
function inputOf(backend: Backend, network: Network, count: number, seed: number): Block {
  const { input } = network.model.entry, places = SIZE * SIZE;
  const values = new Float32Array(count * 3 * places);
  for (let at = 0; at < values.length; at++) {
    const picture = Math.floor(at / (3 * places)), inside = at % (3 * places);
    const place = input.layout === "NHWC" ? Math.floor(inside / 3) : inside % places;
    values[at] = 127 + 120 * Math.sin(place * (seed + 1) * 0.37 + picture);
  }
  return backend.write(values, tensorShape({ ...input, size: SIZE }, count));
}

/** The sums of the squares of each output, which do not depend on the order of the dimensions. */
function energies(values: readonly Float32Array[]): number[] {
  return values.map((numbers) => numbers.reduce((sum, value) => sum + value * value, 0));
}

async function run(
  backend: Backend,
  network: Network,
  count: number,
  seed: number,
): Promise<number[]> {
  using stack = new DisposableStack();
  const input = stack.use(inputOf(backend, network, count, seed));
  const outputs = (await backend.run(network, input)).map((block) => stack.use(block));
  return energies(await backend.read(...outputs));
}

function assertNear(actual: readonly number[], expected: readonly number[], told: string): void {
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-3 * value, told));
}

testWithGpu("replays follow their input, for each shape, and what they gave stays", async () => {
  await using cpu = await startCpu();
  await using gpu = await startWebgpu({ recordRuns: true });
  await using onCpu = await cpu.load(model);
  await using onGpu = await gpu.load(model);
  const kept: { block: Block; expected: number }[] = [];
  for (let round = 0; round < 6; round++) {
    for (const count of [1, 2]) {
      const expected = await run(cpu, onCpu, count, round), told = `round ${round}, ${count}`;
      using input = inputOf(gpu, onGpu, count, round);
      const [first, ...rest] = await gpu.run(onGpu, input);
      assertEquals(first.shape, [count, SIZE / 8, SIZE / 8, 16]);
      assertNear(energies(await gpu.read(first, ...rest)), expected, told);
      for (const block of rest) block[Symbol.dispose]();
      kept.push({ block: first, expected: expected[0] });
    }
  }
  // Later runs must not have written over what earlier ones gave.
  const energiesNow = energies(await gpu.read(...kept.map(({ block }) => block)));
  assertNear(energiesNow, kept.map(({ expected }) => expected), "kept");
  for (const { block } of kept) block[Symbol.dispose]();
  assertEquals(gpu.memory.live, 0);
});

testWithGpu("runs that overlap get their own results from one recording", async () => {
  await using gpu = await startWebgpu({ recordRuns: true });
  await using network = await gpu.load(model);
  const seeds = [0, 1, 2, 3, 4, 5];
  const serial: number[][] = [];
  for (const seed of seeds) serial.push(await run(gpu, network, 1, seed));
  const together = await Promise.all(seeds.map((seed) => run(gpu, network, 1, seed)));
  seeds.forEach((seed) => assertNear(together[seed], serial[seed], `seed ${seed}`));
  assert(new Set(serial.map(([value]) => value.toFixed(3))).size === seeds.length);
});

testWithGpu(
  "a replay writes no uniforms and makes nothing, and its memory ends with the network",
  async () => {
    using counter = new GpuCallCounter();
    using buffers = countBuffers();
    await using gpu = await startWebgpu({ recordRuns: true });
    const before = buffers.live, network = await gpu.load(model);
    using input = inputOf(gpu, network, 1, 0);
    const once = async (): Promise<void> => {
      const outputs = await gpu.run(network, input);
      await gpu.read(...outputs);
      for (const output of outputs) output[Symbol.dispose]();
    };
    const plain = await counter.during(once);
    for (let i = 0; i < 4; i++) await once();
    const replay = await counter.during(once), { live } = buffers;
    assert(plain.writeBuffer >= 40);
    assertEquals(replay.dispatches, plain.dispatches);
    assertEquals([replay.writeBuffer, replay.createBuffer, replay.createBindGroup], [0, 0, 0]);
    assertEquals(replay.waits, 1);
    for (let i = 0; i < 20; i++) await once();
    assertEquals(buffers.live, live);
    await network[Symbol.asyncDispose]();
    // onnxruntime keeps some buffers for networks to come.
    assertLess(buffers.live, live);
    assertLessOrEqual(before, buffers.live);
  },
);

testWithGpu(
  "a device that is lost while a run is recorded is a loss, and nothing else",
  async () => {
    const gpu = await startWebgpu({ recordRuns: true });
    const network = await gpu.load(model);
    for (let i = 0; i < 2; i++) await run(gpu, network, 1, i);
    let calls = 0;
    const names: string[] = [];
    {
      // Well inside of the recording: before it are the run itself and its input, which find their buffers made.
      using _spy = wrap(GPUDevice.prototype, "createBuffer", (_, call) => {
        if (++calls === 20) gpu.gpu.device.destroy();
        return call();
      });
      for (let i = 0; i < 3; i++) {
        await run(gpu, network, 1, i).catch((error) => names.push(error.name));
      }
    }
    assert(calls >= 20, `${calls} calls`);
    assert(names.length > 0 && names.every((name) => name === "DeviceLostError"), `${names}`);
    await gpu[Symbol.asyncDispose]();
    await using next = await startWebgpu({ recordRuns: true });
    await using again = await next.load(model);
    assertEquals((await run(next, again, 1, 0)).length, 3);
  },
);
