// Whether this host has a Python with torch, and checks that are written in it.

import { assert } from "@std/assert";

/** The interpreters that may have it: of the path, and Debian's. */
const CANDIDATES = ["python3", "/usr/bin/python3"];

/** The first one that has torch. */
export const python: string | undefined = CANDIDATES.find((candidate) => {
  try {
    const args = ["-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"];
    return new Deno.Command(candidate, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
});

/** Registers a test that needs torch. */
export function testWithTorch(name: string, body: (python: string) => Promise<void>): void {
  const reason = "skipped: there is no Python with torch";
  Deno.test({
    name: python ? name : `${name} (${reason})`,
    ignore: !python,
    fn: () => body(python!),
  });
}

/** Runs a Python file of this folder, which fails where a check of its does; it is told where the project's files are. */
export async function checkInPython(python: string, name: string): Promise<void> {
  const [script, folder] = [name, "../../src/distill/torch"]
    .map((path) => decodeURIComponent(new URL(path, import.meta.url).pathname));
  const { success, stderr } = await new Deno.Command(python, {
    args: [script, folder],
    env: { OMP_NUM_THREADS: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}
