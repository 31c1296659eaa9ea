// Builds the page into a folder (out/page): the bundle, and beside it the WebAssembly files and models that it fetches,
// those of the published package.
//   deno run -A src/serve/page/build.ts [folder]

import project from "../../../deno.json" with { type: "json" };
import { MaskinvError } from "../../base/errors.ts";

const HERE = new URL("./", import.meta.url), ROOT = new URL("../../../", import.meta.url);

/** Files of npm packages that the bundle fetches from beside it. */
const WASM_FILES: readonly (readonly [name: string, path: string])[] = [
  ["onnxruntime-web", "dist/ort-wasm-simd-threaded.wasm"],
  ["onnxruntime-web", "dist/ort-wasm-simd-threaded.asyncify.wasm"],
  ["@jsquash/jpeg", "codec/dec/mozjpeg_dec.wasm"],
  ["@jsquash/webp", "codec/dec/webp_dec.wasm"],
  ["@jsquash/avif", "codec/dec/avif_dec.wasm"],
  ["imagescript", "wasm/any/gif.wasm"],
  ["imagescript", "wasm/any/jpeg.wasm"],
  ["libheif-js", "libheif-wasm/libheif.wasm"],
];

const SAMPLES = ["collins", "collins_masked", "hopper", "hopper_masked"];

/** Builds the page; the folder is made if it is not there. */
export async function buildPage(folder: string): Promise<void> {
  for (const inside of ["", "/models", "/samples"]) {
    await Deno.mkdir(`${folder}${inside}`, { recursive: true });
  }
  await bundle(`${folder}/page.js`);
  for (const name of ["index.html", "style.css"]) {
    await Deno.copyFile(new URL(name, HERE), `${folder}/${name}`);
  }
  for (const name of SAMPLES) {
    const photo = new URL(`tests/photos/${name}.jpg`, ROOT);
    await Deno.copyFile(photo, `${folder}/samples/${name}.jpg`);
  }
  for await (const { name } of Deno.readDir(new URL("models/", ROOT))) {
    if (project.publish.exclude.includes(`models/${name}`)) continue;
    await Deno.copyFile(new URL(`models/${name}`, ROOT), `${folder}/models/${name}`);
  }
  const packages = await packageFolders();
  for (const [name, path] of WASM_FILES) {
    await Deno.copyFile(`${packages.get(name)}/${path}`, `${folder}/${path.split("/").at(-1)}`);
  }
}

/** In a browser, onnxruntime-web's entry for all devices takes twice the WebAssembly of its entry for wasm alone. */
const WASM_ENTRY = { "npm:onnxruntime-web@1.30.0": "npm:onnxruntime-web@1.30.0/wasm" };

async function bundle(output: string): Promise<void> {
  const map = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(map, JSON.stringify({ imports: WASM_ENTRY }));
    const page = pathOf(new URL("page.ts", HERE));
    const options = ["--platform", "browser", "--minify", "--import-map", map];
    await deno("bundle", ...options, "-o", output, page);
  } finally {
    await Deno.remove(map);
  }
}

/** Where npm packages lie on this machine, by name. */
async function packageFolders(): Promise<Map<string, string>> {
  const text = await deno("info", "--json", pathOf(new URL("mod.ts", ROOT)));
  const { npmPackages } = JSON.parse(text) as {
    npmPackages: Record<string, { name: string; localPath: string }>;
  };
  return new Map(Object.values(npmPackages).map(({ name, localPath }) => [name, localPath]));
}

async function deno(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: pathOf(ROOT),
  }).output();
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new MaskinvError(
    `Cannot build the page as deno ${args[0]} failed: ${new TextDecoder().decode(stderr)}`,
  );
}

function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}

if (import.meta.main) await buildPage(Deno.args[0] ?? "out/page");
