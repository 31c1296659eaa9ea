// Compacts a gallery with a single file handle left, then goes on enrolling, and says whom the store has acknowledged:
// `ulimit -n 64; deno run -A compact_child.ts folder`.

import { openFileStore } from "../../src/gallery/file_store.ts";
import { people } from "../gallery/templates.ts";

const entries = people(43, 2);
const store = await openFileStore(Deno.args[0], { device: "wasm" });

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function enrol(index: number): Promise<void> {
  try {
    await store.put([entries[index]], "add");
    say(`acknowledged ${entries[index].identity}`);
  } catch (error) {
    say(`refused: ${(error as Error).message}`);
  }
}

await enrol(0);
const handles: Deno.FsFile[] = [];
try {
  for (;;) handles.push(Deno.openSync("/dev/null"));
} catch {
  handles.pop()!.close();
}
await store.compact().then(
  () => say("compact: done"),
  (error: Error) => say(`compact: ${error.message}`),
);
for (const handle of handles) handle.close();
await enrol(1);
await store[Symbol.asyncDispose]();
say("end");
