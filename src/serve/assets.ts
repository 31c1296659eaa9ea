// Files of a folder at /, for the page: those that were there when the server started, and nothing else, so that no
// path in a request ever reaches the file system.

import { getMimeType } from "npm:hono@4.13.19/utils/mime";
import { InvalidArgumentError } from "../base/errors.ts";

/** Gives the file at a path such as `/style.css`, if there is one. */
export type AssetReader = (path: string) => Promise<Response | undefined>;

/**
 * The page may load and send nothing but files of this server, which is how the browser itself keeps the promise that
 * photos stay where they are.
 */
const HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; " +
    "style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self' blob:; " +
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Serves the files of a folder and of its folders that a page is made of (HTML, scripts, WebAssembly, models, pictures);
 * `/` is `index.html`.
 *
 * @param folder Path of the folder; it is listed once.
 * @returns The reader, for `createHandler`.
 * @throws {InvalidArgumentError} If the folder cannot be listed.
 *
 * @example
 * ```ts
 * import { folderAssets } from "@maskinv/maskinv/serve";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/index.html`, "<h1>Hello</h1>");
 * const assets = await folderAssets(folder);
 * console.log((await assets("/"))?.status, await assets("/../etc/passwd")); // 200 undefined
 * ```
 */
export async function folderAssets(folder: string): Promise<AssetReader> {
  const { readdir, readFile, stat } = await import("node:fs/promises");
  const files = new Map<string, string>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const inside = entry.parentPath.slice(folder.length).replaceAll("\\", "/");
      const path = `/${inside}/${entry.name}`.replace(/\/+/g, "/");
      if (entry.isFile() && typeOf(path)) files.set(path, `${entry.parentPath}/${entry.name}`);
    }
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot serve the folder ${folder} as ${
        (error as Error).message
      }: check the path and the permissions`,
      { cause: error },
    );
  }
  return async (path) => {
    const name = path === "/" ? "/index.html" : path;
    const file = files.get(name);
    if (file === undefined) return undefined;
    const [bytes, { size, mtimeMs }] = await Promise.all([readFile(file), stat(file)]);
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        ...HEADERS,
        "content-type": typeOf(name)!,
        "content-length": `${bytes.length}`,
        // Browsers keep files and ask each time whether they are still the same.
        "cache-control": "no-cache",
        "etag": `W/"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
      },
    });
  };
}

/** The type of a file of a page; undefined of what is none, such as keys and hidden files, which are not served. */
function typeOf(path: string): string | undefined {
  return /\.(onnx|cohort)$/.test(path) ? "application/octet-stream" : getMimeType(path);
}
