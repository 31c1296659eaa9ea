// Decodes large JPEGs at a half, a quarter or an eighth of their size with imagescript's decoder (the jpeg-decoder crate
// as WebAssembly): pixels that would be thrown away are never made, so that a large photo takes half the memory.
// mozjpeg's build in @jsquash/jpeg and @cornerstonejs/codec-libjpeg-turbo-8bit offer no scale.

import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";
import { codecBytes } from "./package_file.ts";

/** How many times smaller, in each direction, a JPEG can be decoded. */
export type Reduction = 1 | 2 | 4 | 8;

interface JpegModule {
  readonly memory: WebAssembly.Memory;
  walloc(bytes: number): number;
  wlen(): number;
  decode(file: number, bytes: number, width: number, height: number): number;
  decode_width(picture: number): number;
  decode_height(picture: number): number;
  decode_buffer(picture: number): number;
}

/** Returns the least reduction after which a JPEG has no more pixels than wanted; 1 for CMYK, which is not reduced. */
export function reductionFor(header: ImageHeader, mostPixels: number): Reduction {
  if (header.format !== "jpeg" || header.components === 4) return 1;
  const pixels = header.width * header.height;
  const all: Reduction[] = [1, 2, 4, 8];
  return all.find((reduction) => pixels / reduction ** 2 <= mostPixels) ?? 8;
}

let compiled: Promise<WebAssembly.Module> | undefined;

function compile(): Promise<WebAssembly.Module> {
  const location = import.meta.resolve("npm:imagescript@1.3.1/wasm/any/jpeg.wasm");
  // An import is what makes Deno install a package; this module is the smallest.
  return compiled ??= import("npm:imagescript@1.3.1/png/src/mem.mjs")
    .then(() => codecBytes("imagescript/jpeg", location))
    .then((file) => WebAssembly.compile(file))
    .catch((error) => {
      compiled = undefined;
      throw error;
    });
}

/** Whether the decoder's file can be loaded; hosts without it decode large JPEGs whole, as they did all others. */
export function canReduce(): Promise<boolean> {
  return compile().then(() => true, () => false);
}

/** Returns the pixels of a grey or colour JPEG as stored, `reduction` times smaller (sizes rounded up), or ImageDecodeError. */
export async function decodeReducedJpeg(
  bytes: Uint8Array,
  header: ImageHeader,
  reduction: Reduction,
  label: string,
): Promise<PixelData> {
  const module = await compile();
  const wasm = new WebAssembly.Instance(module).exports as unknown as JpegModule;
  const file = wasm.walloc(bytes.length);
  new Uint8Array(wasm.memory.buffer, file, bytes.length).set(bytes);
  const width = Math.ceil(header.width / reduction), height = Math.ceil(header.height / reduction);
  let picture = 0;
  try {
    picture = wasm.decode(file, bytes.length, width, height);
  } catch { /* It traps. */ }
  if (picture < 2) throw undecodable(label, "it is truncated or corrupt (jpeg-decoder)");
  const at = wasm.decode_buffer(picture);
  const samples = new Uint8Array(wasm.memory.buffer, at, wasm.wlen());
  const size = { width: wasm.decode_width(picture), height: wasm.decode_height(picture) };
  return { ...size, data: header.components === 1 ? fromGrey(samples) : samples.slice() };
}

function fromGrey(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  grey.forEach((value, i) => rgb.fill(value, i * 3, i * 3 + 3));
  return rgb;
}
