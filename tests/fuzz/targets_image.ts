// Pictures from strangers: broken files of every format, EXIF of all kinds, and headers that promise gigabytes.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ascii } from "../../src/image/chunks.ts";
import { exifOrientation } from "../../src/image/exif.ts";
import { decodeImage, loadImage, readHeader } from "../../src/image/mod.ts";
import { tiffEntries } from "../../src/image/tiff_header.ts";
import { fixture, IMAGE_FILES, tiffOrientation, withExif } from "../image/fixtures.ts";
import { withRightChecksums } from "../image/crc32.ts";
import { breakFile, type Broken, broken } from "./mutate.ts";
import { fuzzTarget } from "./target.ts";

/** Mutated headers may ask for anything. */
const LIMITS = { maxPixels: 1e6 };

async function decode(bytes: Uint8Array): Promise<void> {
  const { width, height, data } = await decodeImage(bytes, LIMITS);
  assertEquals(data.length, width * height * 4);
}

const corpus = IMAGE_FILES.map(fixture);

const anyPicture = fuzzTarget("decode", 1700, () => {
  const arbitrary = fc.record({ broken: broken(corpus.length), checksums: fc.boolean() });
  return Promise.resolve({ arbitrary, state: corpus });
}, async (input: { broken: Broken; checksums: boolean }, corpus) => {
  const bytes = breakFile(corpus, input.broken);
  // Half of the PNG files get past their checksums.
  await decode(input.checksums && bytes[1] === 0x50 ? withRightChecksums(bytes) : bytes);
});

/** The demo photos: real JPEG files with quantisation, restarts and scans of a camera's length. */
const photos = fuzzTarget("decode-photos", 100, async () => {
  const folder = new URL("../photos/", import.meta.url);
  const names = ["collins_crop.jpg", "hopper_crop.jpg"];
  const corpus = await Promise.all(names.map((name) => Deno.readFile(new URL(name, folder))));
  return { arbitrary: broken(corpus.length), state: corpus };
}, (input, corpus) => decode(breakFile(corpus, input)));

const header = fuzzTarget("header", 400, () => {
  return Promise.resolve({ arbitrary: broken(corpus.length), state: corpus });
}, (input, corpus) => {
  const { width, height, orientation } = readHeader(breakFile(corpus, input));
  assertEquals([width > 0, height > 0, orientation >= 1 && orientation <= 8], [true, true, true]);
});

const exif = fuzzTarget("exif", 1000, () => {
  const corpus = [1, 6, 8].flatMap((o) => [tiffOrientation(o, true), tiffOrientation(o, false)]);
  const format = fc.constantFrom("jpeg" as const, "png" as const, "webp" as const);
  return Promise.resolve({
    arbitrary: fc.record({ format, broken: broken(corpus.length) }),
    state: corpus,
  });
}, ({ format, broken }, corpus) => {
  const tiff = breakFile(corpus, broken);
  const orientation = exifOrientation(HOLDERS[format](tiff), format);
  assertEquals(Number.isInteger(orientation) && orientation >= 1 && orientation <= 8, true);
});

const text = (value: string): number[] => [...value].map((character) => character.charCodeAt(0));

/** Files of each format around an EXIF block. */
const HOLDERS = {
  jpeg: (tiff: Uint8Array) => withExif(fixture("grey.jpg"), tiff.subarray(0, 60_000)),
  png: (tiff: Uint8Array) => {
    const length = new Uint8Array(new Uint32Array([tiff.length]).buffer).reverse();
    return new Uint8Array([...text("\x89PNG\r\n\x1a\n"), ...length, ...text("eXIf"), ...tiff]);
  },
  webp: (tiff: Uint8Array) => {
    const length = new Uint8Array(new Uint32Array([tiff.length]).buffer);
    return new Uint8Array([...text("RIFF\0\0\0\0WEBPEXIF"), ...length, ...tiff]);
  },
};

/** Sizes where each format keeps them, so that only the limit stands between a header and the memory. */
const huge = fuzzTarget("huge", 200, () => {
  const side = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(16383, 32768, 65535));
  const file = fc.constantFrom(...IMAGE_FILES);
  return Promise.resolve({
    arbitrary: fc.record({ file, width: side, height: side }),
    state: undefined,
  });
}, async ({ file, width, height }) => {
  await decode(withSize(fixture(file), width, height));
});

function withSize(bytes: Uint8Array<ArrayBuffer>, width: number, height: number): Uint8Array {
  const view = new DataView(bytes.buffer);
  if (bytes[0] === 0x89) {
    view.setUint32(16, width);
    view.setUint32(20, height);
    return withRightChecksums(bytes);
  }
  if (bytes[0] === 0x47) {
    for (const at of [6, bytes.indexOf(0x2c, 13) + 5]) {
      view.setUint16(at, width, true);
      view.setUint16(at + 2, height, true);
    }
    return bytes;
  }
  if (bytes[0] === 0xff) {
    const frame = bytes.findIndex((byte, i) =>
      byte === 0xff && [0xc0, 0xc1, 0xc2].includes(bytes[i + 1])
    );
    view.setUint16(frame + 5, height);
    view.setUint16(frame + 7, width);
    return bytes;
  }
  const box = ascii(bytes, 0, bytes.length).indexOf("ispe"); // HEIC and AVIF
  if (box >= 0) {
    view.setUint32(box + 8, width);
    view.setUint32(box + 12, height);
    return bytes;
  }
  if (bytes[0] === 0x42) {
    view.setInt32(18, width, true);
    view.setInt32(22, height, true);
    return bytes;
  }
  if (bytes[0] === 0x49) {
    for (const { tag, at } of tiffEntries(bytes)) {
      if (tag === 256 || tag === 257) view.setUint16(at, tag === 256 ? width : height, true);
    }
    return bytes;
  }
  view.setUint16(26, width & 0x3fff, true);
  view.setUint16(28, height & 0x3fff, true);
  return bytes;
}

/** What a caller may hand over in place of a picture. */
const inputs = fuzzTarget("inputs", 300, () => {
  return Promise.resolve({
    arbitrary: fc.oneof(
      fc.anything(),
      fc.record({
        width: fc.oneof(fc.integer(), fc.double()),
        height: fc.oneof(fc.integer(), fc.double()),
        data: fc.uint8Array({ maxLength: 64 }),
      }),
    ),
    state: undefined,
  });
}, async (input) => {
  // A text that happens to be a path, or a URL, would be read.
  if (typeof input === "string" || input instanceof URL) return;
  await loadImage(input as Uint8Array, LIMITS);
});

/** The targets of this file. */
export const imageTargets = [anyPicture, photos, header, exif, huge, inputs];
