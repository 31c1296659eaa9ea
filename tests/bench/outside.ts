// The outside references of the benches, where the host has them: native libraries that Deno loads from npm on request.
// They are no dependencies of the project, so their names are kept out of sight of the lockfile.

/** Imports an npm package, or says on stderr that the bench goes without it. */
// deno-lint-ignore no-explicit-any -- the packages bring types only when they are installed
export async function outside(specifier: string): Promise<any> {
  try {
    const module = await import(specifier);
    return module.default ?? module;
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    Deno.stderr.writeSync(new TextEncoder().encode(`without ${specifier}: ${reason}\n`));
    return undefined;
  }
}
