// Finds the WebAssembly files of npm packages: in the package's folder, or beside the bundle in a browser.
// Some packages look for their file in ways that need more permissions than reading it, or that no browser has.

import { MaskinvError } from "../base/errors.ts";
import { view } from "./chunks.ts";

/** The decoders whose WebAssembly file can be given as bytes. */
export type CodecName =
  | "@jsquash/avif"
  | "@jsquash/jpeg"
  | "@jsquash/webp"
  | "imagescript/font"
  | "imagescript/gif"
  | "imagescript/jpeg"
  | "libheif-js";

/** The bytes of a WebAssembly file, or what reads them when they are needed. */
export type CodecFile = ArrayBuffer | (() => Promise<ArrayBuffer>);

/** WebAssembly files that were given. */
const given = new Map<CodecName, CodecFile>();

/** Gives a decoder its WebAssembly file, for hosts that may not read it from the package; counts until it starts. */
export function giveCodec(name: CodecName, file: CodecFile): void {
  given.set(name, file);
}

/** Returns the bytes that {@linkcode giveCodec} has given. */
export async function givenCodec(name: CodecName): Promise<ArrayBuffer | undefined> {
  const file = given.get(name);
  return typeof file === "function" ? await file() : file;
}

/**
 * Reads the WebAssembly file of a decoder.
 *
 * @param name The decoder.
 * @param location Where the module system says that the file is: `import.meta.resolve("npm:...")`. Deno gives a `file:`
 * URL; in a browser it means nothing, and the file is fetched from beside the bundle.
 */
export async function codecBytes(
  name: CodecName,
  location: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const bytes = await givenCodec(name);
    if (bytes) return new Uint8Array(bytes);
    if (location.startsWith("file:")) {
      const { readFile } = await import("node:fs/promises");
      return new Uint8Array(await readFile(new URL(location)));
    }
    const beside = new URL(location.split("/").at(-1)!, import.meta.url);
    const response = await fetch(beside);
    const body = new Uint8Array(await response.arrayBuffer());
    const isWasm = body.length > 8 && view(body).getUint32(0) === 0x0061736d;
    if (!isWasm) throw new Error(`${beside} is no WebAssembly file`);
    return body;
  } catch (cause) {
    throw startError(name, cause);
  }
}

/** Returns the error of a decoder whose files cannot be loaded. */
export function startError(name: string, cause: unknown): MaskinvError {
  return new MaskinvError(
    `Cannot start the decoder ${name} as its WebAssembly file does not load (${cause}): ` +
      `make the package readable, under Deno with --allow-read`,
    { cause },
  );
}
