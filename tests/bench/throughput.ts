// Photos a second of `embedAll` on wasm, for 1, 8 and 32 photos in files, at 1 and 2 threads, beside one `embed` after the
// other; each number of threads in a process of its own, as onnxruntime takes it once.
//   deno run -A --config tests/deno.json tests/bench/throughput.ts [webgpu]

// deno-lint-ignore-file no-console

import { createVerifier, type DeviceChoice, type Verifier } from "../../mod.ts";
import { photo } from "../hosts.ts";

const NAMES = ["collins_crop", "hopper_crop", "collins_masked", "hopper_masked"];
const COUNTS = [1, 8, 32];
/** Runs of each way, in turn, of which the fastest counts: others use this machine too. */
const ROUNDS = 5;

const [device = "wasm", threads] = Deno.args;
if (threads === undefined && device === "wasm") {
  for (const number of ["1", "2"]) {
    const args = [
      "run",
      "-A",
      "--config",
      "tests/deno.json",
      import.meta.filename!,
      device,
      number,
    ];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: new URL("../../", import.meta.url),
      stderr: "null",
      stdout: "inherit",
    }).output();
    if (code !== 0) Deno.exit(code);
  }
} else {
  await using verifier = await createVerifier({
    device: device as DeviceChoice,
    threads: Number(threads ?? 1),
    face: "largest",
  });
  const rounds = device === "wasm" ? ROUNDS : 1;
  // V8 compiles the hot loops only after some runs.
  if (device === "wasm") await together(verifier, photos(16));
  for (const count of COUNTS) {
    const best = [Infinity, Infinity];
    for (let round = 0; round < rounds; round++) {
      for (const [i, way] of [together, oneByOne].entries()) {
        const start = performance.now();
        await way(verifier, photos(count));
        best[i] = Math.min(best[i], performance.now() - start);
      }
    }
    const [batched, serial] = best.map((time) => (count * 1000 / time).toFixed(1));
    console.log(
      `${device}, ${
        threads ?? 1
      } threads, ${count} photos: ${batched} a second, one by one ${serial}`,
    );
  }
}

function photos(count: number): string[] {
  return Array.from({ length: count }, (_, i) => photo(NAMES[i % NAMES.length]));
}

async function together(verifier: Verifier, files: readonly string[]): Promise<void> {
  for await (const result of verifier.embedAll(files)) expect(result.kind);
}

async function oneByOne(verifier: Verifier, files: readonly string[]): Promise<void> {
  for (const file of files) expect((await verifier.embed(file)).kind);
}

function expect(kind: string): void {
  if (kind !== "acquired") throw new Error(`A photo of the bench gave ${kind}`);
}
