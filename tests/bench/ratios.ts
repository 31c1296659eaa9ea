// What maskinv adds to bare onnxruntime-web on the same models, as ratios from one run:
//   deno run -A tests/bench/ratios.ts [rounds]
// Cold: whole processes to the first score. Warm: one comparison, in turn with the bare runs of its networks.
// deno-lint-ignore-file no-console

import { createVerifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";
import { createBare } from "./bare.ts";

const rounds = Number(Deno.args[0] ?? 7);
const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Times of several tasks that take turns, so that a busy moment of the host hits all of them. */
async function inTurns(
  names: readonly string[],
  tasks: readonly (() => Promise<unknown>)[],
  turns: number,
  warmUp: number,
): Promise<void> {
  const times: number[][] = tasks.map(() => []);
  for (let turn = -warmUp; turn < turns; turn++) {
    for (const [i, task] of tasks.entries()) {
      const start = performance.now();
      await task();
      if (turn >= 0) times[i].push(performance.now() - start);
    }
  }
  const quantile = (values: number[], at: number): number =>
    values.sort((a, b) => a - b)[Math.floor(values.length * at)];
  times.forEach((values, i) => {
    const ratio = (at: number): string =>
      (quantile(values, at) / quantile(times[0], at)).toFixed(2);
    console.log(
      `${names[i].padEnd(44)} fastest ${quantile(values, 0).toFixed(0)} ms (${ratio(0)}x), ` +
        `median ${quantile(values, 0.5).toFixed(0)} ms (${ratio(0.5)}x)`,
    );
  });
}

function process(script: string, ...args: string[]): () => Promise<void> {
  return async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", script, ...args],
      cwd: root,
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  };
}

const verify = ["verify", "--device", "wasm", photo("collins"), photo("collins_masked")];
await inTurns(
  ["cold: bare onnxruntime-web", "cold: maskinv verify, from the command line"],
  [process("tests/bench/bare.ts"), process("cli.ts", ...verify)],
  rounds,
  1,
);

const files = await Promise.all(["collins", "hopper"].map((name) => Deno.readFile(photo(name))));
const [probe, reference] = await Promise.all(files.map((file) => loadImage(file)));
await using verifier = await createVerifier({ device: "wasm" });
await inTurns(
  [
    "warm: bare onnxruntime-web, inputs ready",
    "warm: verify, decoded photos",
    "warm: verify, JPEG of 512x512 and 512x600",
  ],
  [
    await createBare(),
    () => verifier.verify(probe, reference),
    () => verifier.verify(files[0], files[1]),
  ],
  rounds * 6,
  20,
);
Deno.exit(0);
