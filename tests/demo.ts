// The demo: draws masks on the public-domain photos that the project ships, verifies bare and masked photos, prints the
// results, and writes annotated PNGs.
//   deno task demo

import { main } from "../src/cli/main.ts";
import { processTerminal } from "../src/cli/terminal.ts";

/** The photos that get a mask, and its kind. */
const MASKED: readonly (readonly [photo: string, kind: string])[] = [
  ["collins", "surgical"],
  ["hopper", "cloth"],
];

const PAIRS: readonly (readonly [string, string])[] = [
  ["collins", "collins_crop"],
  ["collins", "collins_mirrored"],
  ["collins", "collins_dark"],
  ["collins", "collins-masked"],
  ["hopper", "hopper-masked"],
  ["collins", "hopper"],
  ["collins-masked", "hopper-masked"],
];

const terminal = processTerminal();

/** Runs a command; an error ends the demo. */
async function run(...args: string[]): Promise<void> {
  const code = await main(args, terminal);
  if (code === 2) Deno.exit(code);
}

/** Masked photos are the demo's own work, the others come with the project. */
function pathOf(name: string): string {
  return name.endsWith("-masked") ? `out/${name}.png` : `tests/photos/${name}.jpg`;
}

await Deno.mkdir("out", { recursive: true });
for (const [name, kind] of MASKED) {
  await run("mask", "--kind", kind, "--out", pathOf(`${name}-masked`), pathOf(name));
}
terminal.out("");
for (const [probe, reference] of PAIRS) {
  const picture = `out/${probe}-${reference}.png`;
  await run("verify", "--annotate", picture, pathOf(probe), pathOf(reference));
  terminal.out(`picture    ${picture}\n`);
}
