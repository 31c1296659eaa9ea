// Pictures come out upright for all eight EXIF orientations, in every format that has EXIF.
// Broken EXIF never stops a picture: it then counts as upright.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { crc32 } from "./crc32.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { exifOrientation } from "../../src/image/exif.ts";
import { readHeader } from "../../src/image/header.ts";
import type { Image } from "../../src/image/image.ts";
import { orient } from "../../src/image/orient.ts";
import { fixture, HEIGHT, tiffOrientation, WIDTH, withExif } from "./fixtures.ts";

/** What EXIF says in words: where the stored row 0 and column 0 are seen. */
const SEEN: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
  1: (x, y) => [x, y], // row 0 top, column 0 left
  2: (x, y, w) => [w - 1 - x, y], // top, right
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y], // bottom, right
  4: (x, y, _, h) => [x, h - 1 - y], // bottom, left
  5: (x, y) => [y, x], // left, top
  6: (x, y, _, h) => [h - 1 - y, x], // right, top
  7: (x, y, w, h) => [h - 1 - y, w - 1 - x], // right, bottom
  8: (x, y, w) => [y, w - 1 - x], // left, bottom
};

function assertSeen(stored: Image, upright: Image, orientation: number): void {
  const { width: w, height: h } = stored;
  assertEquals([upright.width, upright.height], orientation < 5 ? [w, h] : [h, w]);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [sx, sy] = SEEN[orientation](x, y, w, h);
      const from = (y * w + x) * 4, to = (sy * upright.width + sx) * 4;
      for (let c = 0; c < 4; c++) {
        if (upright.data[to + c] !== stored.data[from + c]) {
          throw new Error(`${x},${y} is not at ${sx},${sy}`);
        }
      }
    }
  }
}

for (let orientation = 1; orientation <= 8; orientation++) {
  Deno.test(`decodeImage: EXIF orientation ${orientation}`, async () => {
    for (const little of [true, false]) {
      const tiff = tiffOrientation(orientation, little);
      for (const [file, add] of [["420.jpg", withExif], ["rgb8.png", withPngExif]] as const) {
        const bytes = fixture(file);
        const turned = add(bytes, tiff);
        assertEquals(readHeader(turned).orientation, orientation);
        assertEquals([readHeader(turned).width, readHeader(turned).height], [WIDTH, HEIGHT]);
        assertSeen(await decodeImage(bytes), await decodeImage(turned), orientation);
      }
    }
    // The WebP fixture is tagged 6; its tag is the last SHORT in the EXIF chunk.
    const webp = fixture("turned.webp");
    const stored = await decodeImage(retag(webp, 1));
    assertSeen(stored, await decodeImage(retag(webp, orientation)), orientation);
  });
}

Deno.test("orient: a picture that does not start at an aligned byte", () => {
  const data = new Uint8ClampedArray(25).map((_, i) => i).subarray(1);
  const stored = { width: 3, height: 2, data };
  assertSeen(stored, orient(stored, 6), 6);
});

Deno.test("orient: refuses what is no orientation", () => {
  const image = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  for (const orientation of [0, 9, 1.5, NaN, -1]) {
    assertThrows(() => orient(image, orientation), InvalidArgumentError, "1 to 8");
  }
});

Deno.test("exifOrientation: broken EXIF is upright", () => {
  const good = tiffOrientation(6, true);
  const broken: Record<string, [number, number][]> = {
    "value 0": [[18, 0]],
    "value 9": [[18, 9]],
    "no SHORT": [[12, 4]],
    "directory far out": [[5, 0xff], [6, 0xff], [7, 0xff]],
    "directory at the end": [[4, 25]],
    "more entries than bytes": [[8, 0xff], [9, 0xff], [10, 0]],
    "no byte order": [[0, 0x58]],
  };
  assertEquals(exifOrientation(withExif(new Uint8Array([0xff, 0xd8]), good), "jpeg"), 6);
  for (const [name, changes] of Object.entries(broken)) {
    const bad = good.slice();
    for (const [at, value] of changes) bad[at] = value;
    const jpeg = withExif(new Uint8Array([0xff, 0xd8]), bad);
    assertEquals(exifOrientation(jpeg, "jpeg"), 1, name);
  }
});

Deno.test("exifOrientation: any bytes give 1 to 8 and never an error", () => {
  const check = (tiff: Uint8Array): void => {
    for (const wrap of [withExif, withPngExif]) {
      const base = wrap === withExif ? fixture("420.jpg") : fixture("grey1.png");
      const orientation = exifOrientation(wrap(base, tiff), wrap === withExif ? "jpeg" : "png");
      if (!(orientation >= 1 && orientation <= 8)) throw new Error(`orientation ${orientation}`);
    }
  };
  const start = fc.constantFrom([0x49, 0x49, 42, 0], [0x4d, 0x4d, 0, 42], []);
  const rest = fc.uint8Array({ maxLength: 64 });
  fc.assert(
    fc.property(start, rest, (a, b) => check(new Uint8Array([...a, ...b]))),
    { numRuns: 300 },
  );
});

function withPngExif(png: Uint8Array, tiff: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(tiff.length + 12);
  chunk.set([0x65, 0x58, 0x49, 0x66], 4);
  chunk.set(tiff, 8);
  const data = new DataView(chunk.buffer);
  data.setUint32(0, tiff.length);
  data.setUint32(tiff.length + 8, crc32(chunk.subarray(4, tiff.length + 8)));
  return new Uint8Array([...png.subarray(0, 33), ...chunk, ...png.subarray(33)]);
}

function retag(webp: Uint8Array, orientation: number): Uint8Array {
  const copy = webp.slice();
  const at = copy.findLastIndex((b, i) => b === 0x12 && (copy[i - 1] === 1 || copy[i + 1] === 1));
  copy[at + 8] = orientation; // the low byte of the value in either byte order
  return copy;
}
