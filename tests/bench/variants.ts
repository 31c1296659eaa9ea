// Size and speed of a folder's face networks, variants too, as ratios to `student` in the same run: `deno run -A tests/bench/variants.ts
// [model folder]`. Processor time, and interleaved, as the machine may be busy.
// deno-lint-ignore-file no-console

import process from "node:process";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";
import { openModels } from "../../src/model/model.ts";

const ROUNDS = 60, WARM_UP = 20;
const store = await openModels(Deno.args[0]);
const names = Object.values(store.manifest)
  .filter(({ templateSize }) => templateSize !== undefined)
  .map(({ name }) => name);
await using backend = new CpuRuntime({ threads: 1 });
const models = await Promise.all(names.map(async (name) => {
  const loaded = await store.load(name);
  return { name, bytes: loaded.bytes.length, network: await backend.load(loaded), times: [0] };
}));
const { input } = store.manifest.student;
const shape = tensorShape(input, 1);
const crop = Float32Array.from(
  { length: shape.reduce((a, b) => a * b) },
  (_, i) => Math.sin(i / 50),
);
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const model of models) {
    using block = backend.write(crop, shape);
    const start = process.cpuUsage();
    const [row] = await backend.run(model.network, block);
    const { user, system } = process.cpuUsage(start);
    row[Symbol.dispose]();
    if (round === 0) model.times = [];
    model.times.push((user + system) / 1000);
  }
}
const float = models.find(({ name }) => name === "student")!;
for (const { name, bytes, times } of models) {
  // The fastest run is the one that other work disturbed least.
  const speed = Math.min(...float.times) / Math.min(...times);
  console.log(
    `${name}: ${bytes} bytes (${(bytes / float.bytes).toFixed(2)}x), ` +
      `${Math.min(...times).toFixed(1)} ms of processor, speed ${speed.toFixed(2)}x`,
  );
}
for (const { network } of models) await network[Symbol.asyncDispose]();
