// Which npm packages the project itself imports, beside those of its tests and benchmarks.

const root = new URL("../../", import.meta.url);

/** The names of the packages that mod.ts, cli.ts and the modules of src/ import, statically or on demand. */
export async function importedPackages(): Promise<Set<string>> {
  const sources = await Promise.all(
    [new URL("mod.ts", root), new URL("cli.ts", root), ...await modulesOf(new URL("src/", root))]
      .map((file) => Deno.readTextFile(file)),
  );
  return new Set(sources.flatMap((source) => {
    const code = source.replace(/^\s*\*.*$/gm, ""); // examples in docs import what their readers may choose
    return [...code.matchAll(/"npm:((?:@[^/"]+\/)?[^@/"]+)@/g)].map(([, name]) => name);
  }));
}

async function modulesOf(folder: URL): Promise<URL[]> {
  const found: URL[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await modulesOf(new URL(`${name}/`, folder)));
    else if (name.endsWith(".ts")) found.push(new URL(name, folder));
  }
  return found.sort((a, b) => a.href < b.href ? -1 : 1);
}
