// Cold start to the first score: processes of our command line and of bare onnxruntime-web in turn, on the same models.
//   deno run -A tests/bench/start.ts [rounds]
// deno-lint-ignore-file no-console

import { photo } from "../hosts.ts";

const rounds = Number(Deno.args[0] ?? 7);
const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);

async function seconds(script: string, ...args: string[]): Promise<number> {
  const start = performance.now();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...args],
    cwd: root,
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return (performance.now() - start) / 1000;
}

const bare: number[] = [], ours: number[] = [];
const verify = ["verify", "--device", "wasm", photo("collins"), photo("collins_masked")];
for (let i = 0; i <= rounds; i++) {
  const times = [await seconds("tests/bench/bare.ts"), await seconds("cli.ts", ...verify)];
  if (i === 0) continue; // fills the caches
  bare.push(times[0]);
  ours.push(times[1]);
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];
console.log(
  `cold start to the first score, median of ${rounds}: bare ${median(bare).toFixed(2)} s, ` +
    `ours ${median(ours).toFixed(2)} s, ratio ${(median(ours) / median(bare)).toFixed(2)}`,
);
