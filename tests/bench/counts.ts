// What one warm verify of two photos, and each network in it, asks of WebGPU: `deno run -A tests/bench/counts.ts [photo photo]`.
// Counts are the same on every adapter, so that a software one tells what hardware will be given.

import { createVerifier } from "../../mod.ts";
import { wrap } from "../spies.ts";
import { photo } from "../hosts.ts";

/** The calls that are counted, and what tables call them. */
const CALLS = [
  ["dispatches", GPUComputePassEncoder, "dispatchWorkgroups"],
  ["indirect", GPUComputePassEncoder, "dispatchWorkgroupsIndirect"],
  ["writeBuffer", GPUQueue, "writeBuffer"],
  ["createBuffer", GPUDevice, "createBuffer"],
  ["createBindGroup", GPUDevice, "createBindGroup"],
  ["submits", GPUQueue, "submit"],
  ["waits", GPUBuffer, "mapAsync"],
] as const;

/** A number for each of the calls. */
export type Counts = Record<typeof CALLS[number][0], number>;

/** Counts calls of all devices of the process; and dispatches by the label of their pipeline. */
export class CallCounter implements Disposable {
  readonly total: Counts = zero();
  readonly byPipeline = new Map<string, number>();
  readonly #stack = new DisposableStack();

  constructor() {
    const labels = new WeakMap<GPUComputePassEncoder, string>();
    for (const [name, { prototype }, method] of CALLS) {
      this.#stack.use(wrap(prototype as GPUDevice, method as "createBuffer", (self, call) => {
        this.total[name]++;
        if (name === "dispatches") {
          const label = labels.get(self as unknown as GPUComputePassEncoder) ?? "";
          this.byPipeline.set(label, (this.byPipeline.get(label) ?? 0) + 1);
        }
        return call();
      }));
    }
    const set = GPUComputePassEncoder.prototype.setPipeline;
    GPUComputePassEncoder.prototype.setPipeline = function (pipeline): void {
      labels.set(this, pipeline.label);
      set.call(this, pipeline);
    };
    this.#stack.defer(() => void (GPUComputePassEncoder.prototype.setPipeline = set));
  }

  /** What was counted while a task ran. */
  async during(task: () => Promise<unknown>): Promise<Counts> {
    const before = { ...this.total };
    await task();
    const counts = zero();
    for (const [name] of CALLS) counts[name] = this.total[name] - before[name];
    return counts;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

function zero(): Counts {
  return Object.fromEntries(CALLS.map(([name]) => [name, 0])) as Counts;
}

if (import.meta.main) {
  const names = Deno.args.length > 0 ? Deno.args : [photo("collins"), photo("collins_masked")];
  const photos = names.map((name) => Deno.readFileSync(name));
  using counter = new CallCounter();
  await using verifier = await createVerifier({ device: "webgpu" });
  const verify = (): Promise<unknown> => verifier.verify(photos[0], photos[1]);
  for (let i = 0; i < 3; i++) await verify();
  counter.byPipeline.clear();
  const rows = { verify: await counter.during(verify) };
  console.table(rows);
  const kinds = [...counter.byPipeline].sort((a, b) => b[1] - a[1]);
  console.table(Object.fromEntries(kinds));
}
