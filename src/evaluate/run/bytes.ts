// What photos are known by in the template cache: the SHA-256 of their bytes.
// What two photos have in common is told by their bytes, never by their names.

import { concatBytes } from "../../base/concat.ts";
import type { PixelData } from "../../image/image.ts";

/** The SHA-256 of bytes and of a text after them, in hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array, text = ""): Promise<string> {
  const all = concatBytes([bytes, new TextEncoder().encode(text)]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all)).toHex();
}

/** What raw pixels are known by. */
export function bytesOfPixels({ width, height, data }: PixelData): Uint8Array {
  const bytes = new Uint8Array(8 + data.length), view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(data, 8);
  return bytes;
}
