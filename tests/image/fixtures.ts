// What the image tests share: the fixtures, comparisons, and a watch on the console.
// make_fixtures.py has made the fixtures and, beside them, the raw pixels that are expected.
// deno-lint-ignore-file no-console

import { assertLessOrEqual } from "@std/assert";
import type { Image } from "../../src/image/image.ts";

export const WIDTH = 37, HEIGHT = 47;

const FOLDER = new URL("./fixtures/", import.meta.url);

export function fixturePath(name: string): URL {
  return new URL(name, FOLDER);
}

export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(fixturePath(name));
}

/** All fixtures that are image files. */
export const IMAGE_FILES: readonly string[] = [...Deno.readDirSync(FOLDER)]
  .map((entry) => entry.name)
  .filter((name) => /\.(jpg|png|gif|webp|heic|avif|tif|bmp)$/.test(name))
  .sort();

/** Mean and greatest difference of a picture from raw RGB or grey pixels. */
export function difference(image: Image, raw: Uint8Array): { mean: number; max: number } {
  const channels = raw.length / (image.width * image.height);
  let sum = 0, max = 0, count = 0;
  for (let i = 0; i < image.data.length; i += 4) {
    for (let c = 0; c < 3; c++) {
      const expected = raw[(i / 4) * channels + (channels === 3 ? c : 0)];
      const d = Math.abs(image.data[i + c] - expected);
      sum += d;
      count++;
      if (!(d <= max)) max = d;
    }
  }
  return { mean: sum / count, max };
}

export function assertClose(image: Image, raw: Uint8Array, mean: number, max: number): void {
  const seen = difference(image, raw);
  assertLessOrEqual(seen.mean, mean, "mean difference");
  assertLessOrEqual(seen.max, max, "greatest difference");
}

/** Runs something and returns the lines that it wrote to the console meanwhile. */
export async function consoleLines(run: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const methods = ["log", "info", "warn", "error", "debug"] as const;
  const before = methods.map((method) => console[method]);
  for (const method of methods) console[method] = (...args) => lines.push(args.join(" "));
  try {
    await run();
  } finally {
    methods.forEach((method, i) => console[method] = before[i]);
  }
  return lines;
}

/** A copy of a JPEG with an EXIF segment that holds only an orientation. */
export function withExif(jpeg: Uint8Array, tiff: Uint8Array): Uint8Array {
  const length = tiff.length + 8;
  const head = [0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0];
  return new Uint8Array([...head, ...exif, ...tiff, ...jpeg.subarray(2)]);
}

/** A TIFF structure with one entry, the orientation. */
export function tiffOrientation(orientation: number, little: boolean): Uint8Array {
  const data = new DataView(new ArrayBuffer(26));
  data.setUint16(0, little ? 0x4949 : 0x4d4d);
  data.setUint16(2, 42, little);
  data.setUint32(4, 8, little);
  data.setUint16(8, 1, little);
  data.setUint16(10, 0x0112, little);
  data.setUint16(12, 3, little);
  data.setUint32(14, 1, little);
  data.setUint16(18, orientation, little);
  return new Uint8Array(data.buffer);
}
