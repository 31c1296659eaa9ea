// Decodes HEIC (HEIF with HEVC) through libheif and libde265 (WebAssembly, LGPL-3.0: a file of its own that can be
// exchanged). libheif turns the picture itself, as its boxes say.

import { type EmscriptenFactory, type EmscriptenModule, wasmCodec } from "./codec.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";
import { codecBytes } from "./package_file.ts";

/** The part of libheif's JavaScript interface that is used here. */
interface Libheif {
  readonly HEAPU8: Uint8Array;
  readonly heif_error_code: { readonly heif_error_Ok: unknown };
  readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown };
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGBA: unknown };
  heif_context_alloc(): unknown;
  heif_context_free(context: unknown): void;
  heif_context_read_from_memory(context: unknown, bytes: Uint8Array): HeifError;
  heif_js_context_get_primary_image_handle(context: unknown): HeifError | null;
  heif_image_handle_release(handle: unknown): void;
  heif_js_decode_image2(handle: unknown, colorspace: unknown, chroma: unknown): HeifDecoded;
  heif_image_release(image: unknown): void;
}

interface HeifError {
  readonly code?: unknown;
  readonly message?: string;
}

interface HeifDecoded extends HeifError {
  readonly image: unknown;
  readonly channels: readonly {
    readonly width: number;
    readonly height: number;
    readonly stride: number;
    readonly data: Uint8Array;
  }[];
}

const libheif = wasmCodec(
  "libheif-js",
  async () => {
    const { default: factory } = await import("npm:libheif-js@1.23.2/libheif-wasm/libheif.js");
    return { default: withDecode(factory as unknown as (options: object) => Libheif) };
  },
  {
    read: () =>
      codecBytes(
        "libheif-js",
        import.meta.resolve("npm:libheif-js@1.23.2/libheif-wasm/libheif.wasm"),
      ),
  },
);

/** A photo of 12 MP took 230 MB. */
const HEAP_BYTES_PER_PIXEL = 32, HEAP_BYTES = 96 * 2 ** 20;

/** Returns the upright pixels of the primary picture of a HEIC, or ImageDecodeError. */
export async function decodeHeic(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  label: string,
): Promise<PixelData> {
  const heap = HEAP_BYTES + HEAP_BYTES_PER_PIXEL * width * height + 3 * bytes.length;
  const { pixels, messages } = await libheif(bytes, heap);
  if (pixels) return pixels;
  throw undecodable(label, `it is truncated or corrupt (libheif: ${messages || "no picture"})`);
}

/** Gives libheif the one function that `wasmCodec` calls. */
function withDecode(factory: (options: object) => Libheif): EmscriptenFactory {
  return (overrides): EmscriptenModule => {
    const lib = factory(overrides);
    return {
      get HEAPU8(): Uint8Array {
        return lib.HEAPU8;
      },
      decode: (bytes): PixelData => decode(lib, bytes),
    };
  };
}

function decode(lib: Libheif, bytes: Uint8Array): PixelData {
  const context = lib.heif_context_alloc();
  try {
    const read = lib.heif_context_read_from_memory(context, bytes);
    if (read.code !== lib.heif_error_code.heif_error_Ok) throw new Error(read.message);
    const handle = lib.heif_js_context_get_primary_image_handle(context);
    if (!handle || handle.code) throw new Error(handle?.message ?? "no primary picture");
    try {
      const decoded = lib.heif_js_decode_image2(
        handle,
        lib.heif_colorspace.heif_colorspace_RGB,
        lib.heif_chroma.heif_chroma_interleaved_RGBA,
      );
      if (!decoded || decoded.code) throw new Error(decoded?.message ?? "no picture");
      try {
        return tight(decoded.channels[0]);
      } finally {
        lib.heif_image_release(decoded.image);
      }
    } finally {
      lib.heif_image_handle_release(handle);
    }
  } finally {
    lib.heif_context_free(context);
  }
}

/** Returns the rows without the bytes between them, in memory of their own. */
function tight({ width, height, stride, data }: HeifDecoded["channels"][number]): PixelData {
  const row = width * 4;
  const out = new Uint8ClampedArray(row * height);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * stride, y * stride + row), y * row);
  return { width, height, data: out };
}
