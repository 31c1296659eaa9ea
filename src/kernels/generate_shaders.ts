// Writes shaders.ts from shaders/*.wgsl: JSR packages may not import text, so that the sources travel as TypeScript.
// Run: deno run --allow-read --allow-write=src/kernels src/kernels/generate_shaders.ts

const FOLDER = new URL("../../shaders/", import.meta.url);
const TARGET = new URL("./shaders.ts", import.meta.url);

/** Returns the content that shaders.ts must have. */
export async function shadersModule(): Promise<string> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name.endsWith(".wgsl")) files.push(name);
  }
  const parts = [
    "// The WGSL kernels as text: GENERATED from shaders/*.wgsl, so edit those.",
    "// Run: deno run --allow-read --allow-write=src/kernels src/kernels/generate_shaders.ts",
  ];
  for (const file of files.sort()) {
    const source = await Deno.readTextFile(new URL(file, FOLDER));
    const text = source.replace(/[\\`]|\$\{/g, "\\$&");
    parts.push(
      "",
      `/** shaders/${file} */`,
      `export const ${constName(file)}: string = \`${text}\`;`,
    );
  }
  return `${parts.join("\n")}\n`;
}

function constName(file: string): string {
  return file.replace(".wgsl", "").replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

if (import.meta.main) await Deno.writeTextFile(TARGET, await shadersModule());
