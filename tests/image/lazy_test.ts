// Decoders and the font are loaded only when they are needed, and without more permission than reading.

import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const PACKAGES = /imagescript|libheif-js|jsquash|decode-bmp|tiff@|\/tiff\/|fast-png|jpeg-js/;

/** Runs code that can import `decodeImage` and `annotate`, with --allow-read only. */
async function run(code: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      `import { annotate, decodeImage } from "${new URL("src/image/mod.ts", ROOT)}";\n${code}`,
    );
    const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        "--cached-only",
        "--allow-read",
        file,
      ],
    }).output();
    assertEquals([exit, new TextDecoder().decode(stderr)], [0, ""]);
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(file);
  }
}

for (
  const file of ["photo.heic", "photo.avif", "lzw.tif", "rgb24.bmp", "plain.gif", "animated.webp"]
) {
  Deno.test(`decodeImage: ${file} with --allow-read only, offline`, async () => {
    const path = new URL(`fixtures/${file}`, import.meta.url);
    const out = await run(
      `console.log((await decodeImage(Deno.readFileSync(new URL("${path}")))).width)`,
    );
    assertEquals(out, "37");
  });
}

Deno.test("annotate: with --allow-read only, offline", async () => {
  const white = "{ width: 9, height: 9, data: new Uint8ClampedArray(324).fill(255) }";
  const marks = '{ labels: [{ x: 0, y: 0, text: "1" }] }';
  assertEquals(await run(`console.log((await annotate(${white}, ${marks})).width)`), "9");
});

Deno.test("src/image imports no decoder until it is called", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/image/mod.ts"],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { dependencies?: { specifier: string; isDynamic?: boolean; code?: unknown }[] }[];
  };
  const decoders = modules.flatMap(({ dependencies = [] }) => dependencies)
    .filter(({ specifier, code }) => code && PACKAGES.test(specifier));
  assertEquals(decoders.filter(({ isDynamic }) => !isDynamic), []);
  assertGreater(decoders.length, 8);
});

Deno.test("a host without the decoder that reduces decodes a large JPEG whole", async () => {
  const path = new URL("fixtures/420.jpg", import.meta.url);
  const codec = new URL("src/image/package_file.ts", ROOT);
  const out = await run(`
    import { giveCodec } from "${codec}";
    const bytes = Deno.readFileSync(new URL("${path}"));
    const widths = async () => (await decodeImage(bytes, { reduceAbove: 1 })).width;
    giveCodec("imagescript/jpeg", () => Promise.reject(new Error("no such file")));
    const without = await widths();
    giveCodec("imagescript/jpeg", undefined!);
    console.log(without, await widths());`);
  assertEquals(out, "37 5");
});
