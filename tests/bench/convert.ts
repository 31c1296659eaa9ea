// An iResNet-100, as torch saves it, to ONNX and to templates; every step in a process of its own:
//   deno run -A tests/bench/convert.ts [fp32|fp16 ...]
// Needs python3-torch, which makes the checkpoint (260 MB, random weights). Processor seconds, as the machine may be
// busy; memory is the highest of the process (resident).
// deno-lint-ignore-file no-console

import process from "node:process";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";
import { acquireDevice, type GpuDevice, probeAdapter } from "../../src/runtime/gpu/device.ts";
import { convertCheckpoint } from "../../src/convert/mod.ts";
import { makeCheckpoints, numbers, relativeError } from "../convert/torch_fixtures.ts";

const PICTURES = 2, PIXELS = 3 * 112 * 112;

type Report = Record<string, string>;

const STEPS: Readonly<Record<string, (folder: string, model: string) => Promise<Report>>> = {
  convert: (folder, model) => convertTo(folder, model),
  wasm: (folder, model) => embedOn("wasm", folder, model),
  webgpu: (folder, model) => embedOn("webgpu", folder, model),
};

async function convertTo(folder: string, model: string): Promise<Report> {
  const path = `${folder}/r100.pth`, out = `${folder}/${model}.onnx`;
  const { value, time } = await timed(() =>
    convertCheckpoint(path, out, { fp16: model === "fp16" })
  );
  return { convert: time, size: `${(value.bytes / 1e6).toFixed(0)} MB` };
}

async function embedOn(device: "wasm" | "webgpu", folder: string, model: string): Promise<Report> {
  const ort = await loadOrt(device, { threads: 1 });
  const provider = device === "webgpu" ? await webgpu() : device;
  const path = `${folder}/${model}.onnx`;
  const loaded = await timed(async () =>
    createSession(ort, await Deno.readFile(path), { executionProviders: [provider] })
  );
  const pictures = numbers(`${folder}/r100.pth.in`), session = loaded.value;
  const templates: number[] = [];
  const run = async (i: number): Promise<void> => {
    const picture = pictures.subarray(i * PIXELS, (i + 1) * PIXELS);
    const input = new ort.Tensor("float32", picture, [1, 3, 112, 112]);
    templates.push(...(await session.run({ input })).embedding.data as Float32Array);
  };
  await run(0);
  const embedded = await timed(() => run(1));
  const error = relativeError(
    Float32Array.from(templates),
    numbers(`${folder}/r100.pth.out`),
    PICTURES,
  );
  return {
    load: loaded.time,
    embed: embedded.time,
    error: error.toExponential(1),
  };
}

/** The project's own device, which lives as long as the process. */
async function webgpu(): Promise<{ name: "webgpu"; device: GPUDevice }> {
  const adapter = await probeAdapter();
  if (!adapter) throw new Error("There is no WebGPU adapter: install mesa-vulkan-drivers");
  const { device } = gpu = await acquireDevice(adapter);
  return { name: "webgpu", device };
}

let gpu: GpuDevice | undefined;

async function timed<T>(task: () => Promise<T>): Promise<{ value: T; time: string }> {
  const cpu = process.cpuUsage(), start = performance.now();
  const value = await task();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1000;
  const time = `${((user + system) / 1e6).toFixed(1)} s of processor (${seconds.toFixed(1)} s)`;
  return { value, time };
}

function highestMemory(): string {
  const status = Deno.readTextFileSync("/proc/self/status");
  return `${Math.round(Number(status.match(/VmHWM:\s+(\d+)/)![1]) / 1024)} MiB`;
}

async function main(models: readonly string[]): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    const job = { file: "r100.pth", network: "iresnet100", inputs: PICTURES };
    makeCheckpoints(folder, [job]);
    for (const model of models) {
      for (const step of Object.keys(STEPS)) {
        const args = ["run", "-A", "--no-lock", import.meta.filename!, step, folder, model];
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
        const said = new TextDecoder().decode(stdout).trim();
        console.log(`${model} ${step}: ${said || new TextDecoder().decode(stderr).slice(-500)}`);
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const [step, folder, model] = Deno.args;
if (!Object.hasOwn(STEPS, step ?? "")) {
  await main(Deno.args.length > 0 ? Deno.args : ["fp32", "fp16"]);
} else {
  const report = await STEPS[step](folder, model);
  console.log(JSON.stringify({ ...report, memory: highestMemory(), gpu: gpu?.name }));
  Deno.exit(0);
}
