// The command line in the process of a test.

import { main } from "../../src/cli/main.ts";

/** Runs the command line in this process on wasm and returns what it printed. */
export async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [], err: string[] = [];
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    progress: () => {},
    colors: false,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Options that keep a command off the GPU. */
export const WASM = ["--device", "wasm"];
