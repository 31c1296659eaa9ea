// What each command needs beside `--allow-read`, with photos and keys to run it on.

import { photo } from "../hosts.ts";

/** Where they read and write. */
export const temp: string = await Deno.makeTempDir();
const collins = photo("collins"), hopper = photo("hopper");
const GALLERY = ["--gallery", `${temp}/people`, "--key-file", `${temp}/key`];
const KEY_VARIABLE = "--allow-env=MASKINV_PROTECTION_KEY";

await Deno.writeTextFile(`${temp}/key`, "0f".repeat(32));
await Deno.writeTextFile(`${temp}/api-keys`, "0123456789abcdef\n");
await Deno.writeTextFile(
  `${temp}/pairs.csv`,
  `probe,reference,genuine\n${collins},${photo("collins_dark")},true\n${collins},${hopper},false\n`,
);
await Deno.mkdir(`${temp}/photos`);
await Deno.copyFile(hopper, `${temp}/photos/hopper.jpg`);

/** A command, what it needs beside `--allow-read`, and the exit code of its work. */
export interface Row {
  readonly args: readonly string[];
  readonly needs: readonly string[];
  readonly code: number;
}

const write = (name: string): string => `--allow-write=${temp}/${name}`;
/** The commands. */
export const ROWS: readonly Row[] = [
  { args: ["verify", collins, hopper], needs: [], code: 1 },
  {
    args: ["verify", "--annotate", `${temp}/a.png`, collins, hopper],
    needs: [write("a.png")],
    code: 1,
  },
  { args: ["detect", collins], needs: [], code: 0 },
  { args: ["embed", "--json", collins], needs: [], code: 0 },
  { args: ["mask", collins, "--out", `${temp}/m.png`], needs: [write("m.png")], code: 0 },
  {
    args: ["enrol", ...GALLERY, "Hopper", hopper],
    needs: [write("people"), KEY_VARIABLE],
    code: 0,
  },
  {
    args: ["identify", ...GALLERY, photo("hopper_masked")],
    needs: [write("people"), KEY_VARIABLE],
    code: 0,
  },
  { args: ["gallery", ...GALLERY, "list"], needs: [write("people")], code: 0 },
  { args: ["evaluate", "--cache", "none", `${temp}/pairs.csv`], needs: [], code: 0 },
  {
    args: ["evaluate", "--cache", "none", "--report", `${temp}/report`, `${temp}/pairs.csv`],
    needs: [write("report")],
    code: 0,
  },
  {
    args: ["prepare", "--out", `${temp}/shards`, `${temp}/photos`],
    needs: [write("shards")],
    code: 0,
  },
];
