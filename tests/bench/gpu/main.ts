// The bench for whoever has a GPU: every task on WebGPU and on wasm, in turn, in one run.
//   deno task bench:gpu                          # minutes; writes out/bench-gpu.json
//   deno task bench:gpu --small                  # small sizes, to see that it runs, as on a software adapter
//   deno task bench:gpu --out mine.json --only verify,embedAll
//   deno task bench:gpu --write a.json b.json    # measures nothing; writes the table of docs/devices.md
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { createVerifier } from "../../../mod.ts";
import { VERSION } from "../../../src/base/version.ts";
import { type GpuAdapter, probeAdapter } from "../../../src/runtime/gpu/device.ts";
import { measure } from "./measure.ts";
import { checkResult, FORM, type GpuResult, type Measurement } from "./result.ts";
import { replaceTable } from "./table.ts";
import { FULL, SMALL, tasksOf } from "./tasks.ts";

const ROUNDS = 40, SMALL_ROUNDS = 3;

const args = parseArgs(Deno.args, {
  string: ["out", "only"],
  boolean: ["small", "write"],
  default: { out: "out/bench-gpu.json" },
});
const out = args.out!;
if (args.write) await writeTable(args._.map(String));
else await bench();
Deno.exit(0);

async function bench(): Promise<void> {
  const adapter = await probeAdapter();
  if (!adapter) {
    console.error(
      "bench:gpu: this host has no WebGPU adapter, so that there is nothing to measure: install the GPU's driver " +
        "(Vulkan, Metal or Direct3D 12), or mesa-vulkan-drivers for a software one and give --small",
    );
    Deno.exit(1);
  }
  console.log(`Adapter: ${adapter.name}${adapter.software ? " (software)" : ""}`);
  if (adapter.software && !args.small) {
    console.error("bench:gpu: this adapter computes on the CPU, which takes hours: give --small");
    Deno.exit(1);
  }
  const { result, keep } = await begin(adapter);
  const wanted = args.only?.split(",");
  const tasks = tasksOf(args.small ? SMALL : FULL)
    .filter(({ name }) => wanted?.some((start) => name.startsWith(start)) ?? true);
  const measurements: Measurement[] = [];
  for (const task of tasks) {
    const measured = await measure(task, args.small ? SMALL_ROUNDS : ROUNDS);
    measurements.push(measured);
    const { webgpu, wasm } = measured;
    console.log(
      `${`${task.name}: ${task.count}`.padEnd(32)} WebGPU ${webgpu.median.toFixed(1)} ms, ` +
        `wasm ${wasm.median.toFixed(1)} ms, ${(wasm.median / webgpu.median).toPrecision(2)}x`,
    );
    // What was measured stays if a later task fails.
    await keep({ ...result, measurements });
  }
  console.log(`Written to ${out}`);
}

/** What is known before the first task. */
async function begin(
  { name, software }: GpuAdapter,
): Promise<{ result: GpuResult; keep: (result: GpuResult) => Promise<void> }> {
  await using verifier = await createVerifier({ device: "wasm" });
  const { os, arch } = Deno.build;
  const config = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const ort = String(config.imports["onnxruntime-web"]).split("@").at(-1)!;
  const result: GpuResult = {
    form: FORM,
    date: new Date().toISOString(),
    adapter: { name, software },
    machine: {
      system: `${os} ${arch}`,
      cores: navigator.hardwareConcurrency,
      load: Deno.loadavg()[0],
    },
    versions: {
      maskinv: VERSION,
      deno: Deno.version.deno,
      "onnxruntime-web": ort,
      [verifier.model.name]: verifier.model.sha256.slice(0, 12),
    },
    small: args.small,
    measurements: [],
  };
  const folder = /^(.*)\//.exec(out)?.[1];
  if (folder) await Deno.mkdir(folder, { recursive: true });
  return {
    result,
    keep: (result) => Deno.writeTextFile(out, `${JSON.stringify(result, null, 2)}\n`),
  };
}

async function writeTable(files: readonly string[]): Promise<void> {
  if (files.length === 0) {
    console.error("bench:gpu: give the files to make the table of, after --write");
    Deno.exit(2);
  }
  const results = await Promise.all(
    files.map(async (file) => checkResult(JSON.parse(await Deno.readTextFile(file)), file)),
  );
  const page = new URL("../../../docs/devices.md", import.meta.url);
  await Deno.writeTextFile(page, replaceTable(await Deno.readTextFile(page), results));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", page.pathname] }).output();
}
