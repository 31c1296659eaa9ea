// Decodes the first picture of a GIF with imagescript's decoder (the gif crate as WebAssembly).
// Its own JavaScript around it wants --allow-env, so the .wasm file is run here, each picture in an instance of its own.

import { view } from "./chunks.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";
import { codecBytes } from "./package_file.ts";

interface GifModule {
  readonly memory: WebAssembly.Memory;
  walloc(bytes: number): number;
  wlen(): number;
  decoder_new(file: number, bytes: number, limit: number): number;
  decoder_frame(decoder: number): number;
  decoder_frame_buffer(frame: number): number;
}

let compiled: Promise<WebAssembly.Module> | undefined;

function compile(): Promise<WebAssembly.Module> {
  const location = import.meta.resolve("npm:imagescript@1.3.1/wasm/any/gif.wasm");
  // An import is what makes Deno install a package; this module is the smallest.
  return compiled ??= import("npm:imagescript@1.3.1/png/src/mem.mjs")
    .then(() => codecBytes("imagescript/gif", location))
    .then((file) => WebAssembly.compile(file))
    .catch((error) => {
      compiled = undefined;
      throw error;
    });
}

/** Returns the first frame of a GIF on its screen, transparent where it has no pixels. */
export async function decodeGif(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  const { x, y, width, height } = firstFrame(bytes, label);
  if (width < 1 || height < 1 || x + width > header.width || y + height > header.height) {
    throw undecodable(
      label,
      `its GIF frame of ${width}x${height} at ${x},${y} does not fit its screen of ` +
        `${header.width}x${header.height}`,
    );
  }
  const pixels = decodeFrame(await compile(), bytes);
  if (pixels?.length !== width * height * 4) throw undecodable(label, "it is truncated or corrupt");
  const data = new Uint8ClampedArray(header.width * header.height * 4);
  for (let row = 0; row < height; row++) {
    const from = row * width * 4;
    data.set(pixels.subarray(from, from + width * 4), ((y + row) * header.width + x) * 4);
  }
  return { width: header.width, height: header.height, data };
}

/** Returns where the first frame is on the screen: the decoder takes memory for whatever size it has. */
function firstFrame(
  bytes: Uint8Array,
  label: string,
): { x: number; y: number; width: number; height: number } {
  let at = 13 + (bytes[10] & 0x80 ? 3 << ((bytes[10] & 7) + 1) : 0);
  while (bytes[at] === 0x21) { // extensions
    at += 2;
    while (bytes[at] > 0) at += bytes[at] + 1;
    at++;
  }
  if (at + 11 > bytes.length) throw undecodable(label, "it is truncated");
  if (bytes[at] !== 0x2c) throw undecodable(label, "it is a GIF without a picture");
  const data = view(bytes);
  const [x, y, width, height] = [1, 3, 5, 7].map((offset) => data.getUint16(at + offset, true));
  return { x, y, width, height };
}

/** Returns the RGBA pixels of the first frame; undefined if the decoder refuses the file or traps. */
function decodeFrame(module: WebAssembly.Module, bytes: Uint8Array): Uint8Array | undefined {
  const imports = { env: { push_to_stream: (): void => {} } };
  const wasm = new WebAssembly.Instance(module, imports).exports as unknown as GifModule;
  const file = wasm.walloc(bytes.length);
  new Uint8Array(wasm.memory.buffer, file, bytes.length).set(bytes);
  try {
    const decoder = wasm.decoder_new(file, bytes.length, 0);
    const frame = decoder && wasm.decoder_frame(decoder);
    if (frame < 2) return undefined; // 0: an error, 1: no frame
    const at = wasm.decoder_frame_buffer(frame);
    return new Uint8Array(wasm.memory.buffer, at, wasm.wlen());
  } catch {
    return undefined;
  }
}
