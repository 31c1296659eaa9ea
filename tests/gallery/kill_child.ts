// Enrols people until it is killed, and says whom the store has acknowledged: `deno run -A kill_child.ts folder first`.
// Several at a time, as a server would, with replacements, removals and compactions in between.

import { openFileStore } from "../../src/gallery/file_store.ts";
import { KEY, randomTemplates } from "./templates.ts";

const [folder, first] = Deno.args;
const store = await openFileStore(folder, { key: KEY, device: "wasm" });

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

for (let i = Number(first);; i += 4) {
  await Promise.all([i, i + 1, i + 2, i + 3].map(async (seed) => {
    const identity = `person ${seed}`;
    // Some are large enough to be torn in the middle of a page.
    const templates = randomTemplates(seed, seed % 7 === 0 ? 40 : 1);
    await store.put([{ identity, templates }], seed % 2 ? "add" : "replace");
    say(`put ${seed}`);
    if (seed % 5 !== 0) return;
    await store.remove([identity]);
    say(`removed ${seed}`);
  }));
  if (i % 3 === 0) await store.compact();
}
