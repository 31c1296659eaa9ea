// What one warm verify of two photos, and one run of each network in it, ask of WebGPU:
// `deno run -A --config tests/deno.json tests/bench/counts.ts [--plain] [photo photo]`.

// deno-lint-ignore-file no-console

import { createVerifier } from "../../mod.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";
import { openModels } from "../../src/model/model.ts";
import { GpuCallCounter, type GpuCalls } from "../gpu_calls.ts";
import { photo } from "../hosts.ts";
import { startWebgpu } from "../kernels/helpers.ts";

/** As on hardware: runs that come again are recorded. `--plain` counts without. */
const RECORDED = { recordRuns: !Deno.args.includes("--plain") };
const given = Deno.args.filter((argument) => argument !== "--plain");
const names = given.length > 0 ? given : [photo("collins"), photo("collins_masked")];
const photos = names.map((name) => Deno.readFileSync(name));
using counter = new GpuCallCounter();
const rows: Record<string, GpuCalls> = {};
const kernels: Record<string, Record<string, number>> = {};

/** Counts a task that was done before. */
async function count(name: string, task: () => Promise<unknown>): Promise<void> {
  // Runs are recorded from the third on.
  for (let i = 0; i < 5; i++) await task();
  counter.byKernel.clear();
  rows[name] = await counter.during(task);
  kernels[name] = Object.fromEntries([...counter.byKernel].sort((a, b) => b[1] - a[1]));
}

{
  await using verifier = await createVerifier({ device: "webgpu", ...RECORDED });
  await count("verify", () => verifier.verify(photos[0], photos[1]));
}
{
  await using backend = await startWebgpu(RECORDED);
  const models = await openModels();
  for (const [name, size] of [["yunet", 320], ["student", 112]] as const) {
    await using network = await backend.load(await models.load(name));
    const shape = tensorShape({ ...network.model.entry.input, size }, 2);
    using input = backend.write(new Float32Array(2 * 3 * size * size), shape);
    await count(`${name}, 2 of ${size}x${size}`, async () => {
      const outputs = await backend.run(network, input);
      await backend.read(...outputs);
      for (const output of outputs) output[Symbol.dispose]();
    });
  }
}
console.table(rows);
for (const [name, counts] of Object.entries(kernels)) console.log(name, counts);
