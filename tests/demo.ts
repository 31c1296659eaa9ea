// The demo: verifies the public-domain photos that the project ships, prints the results, and writes annotated PNGs.
//   deno task demo

import { main } from "../src/cli/main.ts";
import { processTerminal } from "../src/cli/terminal.ts";

const PAIRS: readonly (readonly [string, string])[] = [
  ["collins", "collins_crop"],
  ["collins", "collins_mirrored"],
  ["collins", "collins_dark"],
  ["collins", "collins_masked"],
  ["hopper", "hopper_masked"],
  ["collins", "hopper"],
  ["collins_masked", "hopper_masked"],
];

const terminal = processTerminal();
await Deno.mkdir("out", { recursive: true });
for (const [probe, reference] of PAIRS) {
  const paths = [probe, reference].map((name) => `tests/photos/${name}.jpg`);
  const picture = `out/${probe}-${reference}.png`;
  const code = await main(["verify", "--annotate", picture, ...paths], terminal);
  if (code === 2) Deno.exit(code);
  terminal.out(`picture    ${picture}\n`);
}
