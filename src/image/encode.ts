// Writes a picture as a PNG file, on the deflate of the platform.
// For pictures that people look at: annotated photos, aligned crops.

import { view } from "./chunks.ts";
import { crc32 } from "./crc32.ts";
import type { Image } from "./image.ts";
import { paeth } from "./png_rows.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BITS = 8, RGB = 2, PAETH = 4;

/**
 * Encodes a picture as a PNG file, 8-bit RGB, without loss.
 *
 * @param image The picture; its alpha, always 255, is left out.
 * @returns The bytes of the file.
 *
 * @example
 * ```ts
 * import { encodePng, fromPixels } from "@maskinv/maskinv/image";
 *
 * const red = fromPixels({ width: 1, height: 1, data: new Uint8Array([255, 0, 0]) });
 * const file = await encodePng(red);
 * console.log(file[1], file[2], file[3]); // 80 78 71, that is "PNG"
 * ```
 */
export async function encodePng(image: Image): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  view(header).setUint32(0, image.width);
  view(header).setUint32(4, image.height);
  header.set([BITS, RGB], 8);
  const deflate = new CompressionStream("deflate");
  const packed = new Blob([filterRows(image)]).stream().pipeThrough(deflate);
  const file = new Blob([
    new Uint8Array(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", new Uint8Array(await new Response(packed).arrayBuffer())),
    chunk("IEND", new Uint8Array(0)),
  ]);
  return new Uint8Array(await file.arrayBuffer());
}

/** The rows as PNG wants them, each after its filter byte; Paeth suits photos best. */
function filterRows({ width, height, data }: Image): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array((width * 3 + 1) * height);
  const stride = width * 4;
  for (let y = 0, to = 0; y < height; y++) {
    out[to++] = PAETH;
    for (let x = 0, i = y * stride; x < width; x++, i += 4) {
      for (let c = 0; c < 3; c++) {
        const left = x > 0 ? data[i + c - 4] : 0;
        const above = y > 0 ? data[i + c - stride] : 0;
        const corner = x > 0 && y > 0 ? data[i + c - stride - 4] : 0;
        out[to++] = data[i + c] - paeth(left, above, corner);
      }
    }
  }
  return out;
}

function chunk(type: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(payload.length + 12);
  bytes.set(Array.from(type, (letter) => letter.charCodeAt(0)), 4);
  bytes.set(payload, 8);
  view(bytes).setUint32(0, payload.length);
  view(bytes).setUint32(payload.length + 8, crc32(bytes.subarray(4, payload.length + 8)));
  return bytes;
}
