// Data sets made on the fly from the demo photos, and .bin files made by Python's own pickle.

import { photo } from "../hosts.ts";

/** A folder that is removed when the test ends. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Whether python3 is there. */
const hasPython: boolean = (() => {
  try {
    return new Deno.Command("python3", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
})();

/** Registers a test that needs python3. */
export function testWithPython(name: string, body: () => void | Promise<void>): void {
  const reason = "skipped: there is no python3";
  Deno.test({ name: hasPython ? name : `${name} (${reason})`, ignore: !hasPython, fn: body });
}

/** What Python scripts write to `out`, each by itself, in one process. */
export function pythonAll(scripts: readonly string[]): Uint8Array[] {
  const program = `import base64, io, json, os, pickle, sys
for script in json.loads(sys.argv[1]):
    space = {"__name__": "__main__", "out": io.BytesIO(), "os": os, "pickle": pickle}
    # Classes of a script are pickled by name and have to be found.
    sys.modules["__main__"].__dict__.update(space)
    exec(script, sys.modules["__main__"].__dict__)
    print(base64.b64encode(sys.modules["__main__"].out.getvalue()).decode())`;
  const { success, stdout, stderr } = new Deno.Command("python3", {
    args: ["-c", program, JSON.stringify(scripts)],
  }).outputSync();
  const lines = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return lines.map((line) => Uint8Array.fromBase64(line));
}

/** What one Python script writes to `out`. */
export function python(script: string): Uint8Array {
  return pythonAll([script])[0];
}

/** The demo photos of two people, by their photos' names. */
const PEOPLE: Readonly<Record<string, readonly string[]>> = {
  Eileen_Collins: ["collins", "collins_crop", "collins_dark", "collins_masked"],
  Grace_Hopper: ["hopper", "hopper_crop", "hopper_dark", "hopper_masked"],
};

/** A folder with a folder per person, photos named as LFW does. */
export async function writePeople(root: string, end = "jpg"): Promise<void> {
  for (const [person, photos] of Object.entries(PEOPLE)) {
    await Deno.mkdir(`${root}/${person}`, { recursive: true });
    for (const [i, name] of photos.entries()) {
      await Deno.copyFile(photo(name), `${root}/${person}/${person}_000${i + 1}.${end}`);
    }
  }
}

/** LFW's list for these people: two folds. */
export const LFW_LIST = [
  "2\t1",
  "Eileen_Collins\t1\t2",
  "Eileen_Collins\t1\tGrace_Hopper\t1",
  "Grace_Hopper\t1\t2",
  "Eileen_Collins\t2\tGrace_Hopper\t2",
  "",
].join("\n");
