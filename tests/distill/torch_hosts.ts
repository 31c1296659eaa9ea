// Whether this host has a Python with torch.

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
