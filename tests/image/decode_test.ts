// Every format and kind of file decodes to the pixels that PIL says it has.
// What is damaged or over the limits is refused with the error that says so.

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { readHeader } from "../../src/image/header.ts";
import {
  ImageDecodeError,
  ImageTooLargeError,
  InvalidArgumentError,
} from "../../src/base/errors.ts";
import { assertClose, fixture, HEIGHT, IMAGE_FILES, WIDTH } from "./fixtures.ts";

// File, raw pixels that it shows, allowed mean and greatest difference.
const EXPECTED: [string, string, number, number][] = [
  ["444.jpg", "444.rgb", 0.5, 4],
  ["420.jpg", "420.rgb", 0.5, 4],
  ["progressive.jpg", "420.rgb", 0.5, 4],
  ["grey.jpg", "grey.raw", 1.5, 12],
  ["cmyk.jpg", "cmyk.rgb", 0.5, 4],
  ["turned.jpg", "420.rgb", 5, 50],
  ["rgb8.png", "photo.rgb", 0, 0],
  ["rgb8_interlaced.png", "photo.rgb", 0, 0],
  ["rgb16.png", "photo.rgb", 0, 0],
  ["rgba8.png", "photo_over_white.rgb", 1, 1],
  ["rgba16_interlaced.png", "photo_over_white.rgb", 1, 1],
  ["grey8.png", "grey.raw", 0, 0],
  ["grey16.png", "grey.raw", 0, 0],
  ["la8.png", "grey_over_white.raw", 1, 1],
  ["la16.png", "grey_over_white.raw", 1, 1],
  ["grey1.png", "grey1.raw", 0, 0],
  ["grey2.png", "grey2.raw", 0, 0],
  ["grey4.png", "grey4.raw", 0, 0],
  ["palette4.png", "indexed.rgb", 0, 0],
  ["palette8_interlaced.png", "indexed.rgb", 0, 0],
  ["palette8_clear.png", "indexed_clear.rgb", 0, 0],
  ["rgb8_clear.png", "indexed_clear.rgb", 0, 0],
  ["plain.gif", "indexed.rgb", 0, 0],
  ["interlaced.gif", "indexed.rgb", 0, 0],
  ["animated.gif", "indexed.rgb", 0, 0],
  ["clear.gif", "indexed_clear.rgb", 0, 0],
  ["lossless.webp", "photo.rgb", 0, 0],
  ["turned.webp", "photo.rgb", 0, 0],
  ["lossy.webp", "lossy.rgb", 0.5, 4],
  ["alpha.webp", "photo_over_white.rgb", 1, 1],
];

for (const [file, raw, mean, max] of EXPECTED) {
  Deno.test(`decodeImage: ${file}`, async () => {
    const image = await decodeImage(fixture(file), { label: file });
    assertEquals([image.width, image.height], [WIDTH, HEIGHT]);
    assertEquals(image.data.length, WIDTH * HEIGHT * 4);
    assertClose(image, fixture(raw), mean, max);
    for (let i = 3; i < image.data.length; i += 4) assert(image.data[i] === 255, "opaque");
  });
}

Deno.test("decodeImage: every fixture is expected to decode, except two kinds", () => {
  const tested = EXPECTED.map(([file]) => file);
  assertEquals([...tested, "animated.webp", "grey4_interlaced.png"].sort(), IMAGE_FILES);
});

Deno.test("decodeImage: an interlaced PNG of less than 8 bits is refused by name", async () => {
  await assertRejects(
    () => decodeImage(fixture("grey4_interlaced.png")),
    ImageDecodeError,
    "interlaced PNG of 4 bits a sample: save it without interlace",
  );
});

Deno.test("decodeImage: an animated WebP is refused by name", async () => {
  await assertRejects(
    () => decodeImage(fixture("animated.webp"), { label: "a.webp" }),
    ImageDecodeError,
    "Cannot decode a.webp as it is an animated WebP",
  );
});

Deno.test("decodeImage: the bytes may be a part of a larger buffer", async () => {
  for (const file of ["444.jpg", "cmyk.jpg", "rgb8.png", "plain.gif", "lossy.webp"]) {
    const bytes = fixture(file);
    const padded = new Uint8Array(bytes.length + 12);
    padded.set(bytes, 5);
    const image = await decodeImage(padded.subarray(5, 5 + bytes.length));
    assertEquals(image.data, (await decodeImage(bytes)).data);
  }
});

Deno.test("readHeader: format, stored size, components and orientation", () => {
  assertEquals(readHeader(fixture("444.jpg")), {
    format: "jpeg",
    width: WIDTH,
    height: HEIGHT,
    components: 3,
    orientation: 1,
  });
  assertEquals(readHeader(fixture("cmyk.jpg")).components, 4);
  assertEquals(readHeader(fixture("grey.jpg")).components, 1);
  for (const file of ["turned.jpg", "turned.webp"]) {
    const { width, height, orientation } = readHeader(fixture(file));
    assertEquals([width, height, orientation], [HEIGHT, WIDTH, 6]);
  }
  for (const file of ["rgb8.png", "plain.gif", "lossy.webp", "lossless.webp", "alpha.webp"]) {
    const { format, width, height } = readHeader(fixture(file));
    assertEquals([format, width, height], [file.split(".")[1], WIDTH, HEIGHT]);
  }
});

/** Headers that say 12000x12000, with too little after them for any decoder to agree. */
const HUGE: Record<string, Uint8Array> = {
  jpeg: patched(fixture("420.jpg").slice(0, 700), (data, bytes) => {
    const at = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc0);
    data.setUint16(at + 5, 12000);
    data.setUint16(at + 7, 12000);
  }),
  png: patched(fixture("rgb8.png").slice(0, 40), (data) => {
    data.setUint32(16, 12000);
    data.setUint32(20, 12000);
  }),
  gif: patched(fixture("plain.gif").slice(0, 20), (data) => {
    data.setUint16(6, 12000, true);
    data.setUint16(8, 12000, true);
  }),
  "webp lossy": patched(fixture("lossy.webp").slice(0, 40), (data) => {
    data.setUint16(26, 12000, true);
    data.setUint16(28, 12000, true);
  }),
  "webp lossless": patched(fixture("lossless.webp").slice(0, 40), (data) => {
    data.setUint32(21, 11999 | (11999 << 14), true);
  }),
  "webp extended": patched(fixture("turned.webp").slice(0, 40), (data) => {
    data.setUint32(24, 11999, true);
    data.setUint16(27, 11999, true);
  }),
};

for (const [name, bytes] of Object.entries(HUGE)) {
  Deno.test(`decodeImage: refuses 12000x12000 by the header alone: ${name}`, async () => {
    const error = await assertRejects(
      () => decodeImage(bytes, { label: "b.img" }),
      ImageTooLargeError,
    );
    assertEquals(
      error.message,
      "Cannot decode b.img as its header says 12000x12000 (144 MP) and the limit is 40 MP: " +
        "pass maxPixels to allow it",
    );
  });
}

Deno.test("decodeImage: maxPixels is the most that is allowed, and is checked itself", async () => {
  const bytes = fixture("plain.gif");
  await decodeImage(bytes, { maxPixels: WIDTH * HEIGHT });
  await decodeImage(bytes, { maxPixels: Infinity });
  await assertRejects(
    () => decodeImage(bytes, { maxPixels: WIDTH * HEIGHT - 1 }),
    ImageTooLargeError,
  );
  for (const maxPixels of [0, -1, NaN, "40" as unknown as number]) {
    await assertRejects(() => decodeImage(bytes, { maxPixels }), InvalidArgumentError, "maxPixels");
  }
  const notBytes = "a.jpg" as unknown as Uint8Array;
  await assertRejects(() => decodeImage(notBytes), InvalidArgumentError, "loadImage");
});

const FOREIGN: [string, string, RegExp][] = [
  ["nothing", "", /it is empty \(0 bytes\)/],
  ["HEIC", "\0\0\0\x18ftypheic\0\0\0\0mif1heic", /HEIC.*convert it to JPEG or PNG/],
  ["AVIF", "\0\0\0\x18ftypavif\0\0\0\0mif1avif", /AVIF.*convert/],
  ["MP4", "\0\0\0\x18ftypisom\0\0\0\0mp41", /video/],
  ["TIFF", "II*\0\x08\0\0\0\0\0\0\0\0", /TIFF/],
  ["BMP", "BM\x36\0\0\0\0\0\0\0\0\0\0\0", /BMP/],
  ["PDF", "%PDF-1.7\n%....", /PDF/],
  ["SVG", '<?xml version="1.0"?>\n<svg xmlns="">', /SVG/],
  ["HTML", "\n<!DOCTYPE html><html>", /web page/],
  ["JPEG XL", "\xff\x0a0123456789", /JPEG XL/],
  [
    "noise",
    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c",
    /starts with the bytes 01 02 03 04 05/,
  ],
  ["a few bytes", "\x89PN", /it has only 3 bytes/],
];

for (const [name, content, message] of FOREIGN) {
  Deno.test(`decodeImage: says what it is given instead of a picture: ${name}`, async () => {
    const bytes = Uint8Array.from(content, (c) => c.charCodeAt(0));
    const error = await assertRejects(() => decodeImage(bytes, { label: "x.jpg" }));
    assertInstanceOf(error, ImageDecodeError);
    assertMatch(error.message, /^Cannot decode x\.jpg as it .*: .*/);
    assertMatch(error.message, message);
  });
}

Deno.test("decodeImage: a JPEG of 12 bits is refused by name", async () => {
  const bytes = fixture("420.jpg");
  bytes[bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc0) + 4] = 12;
  await assertRejects(() => decodeImage(bytes), ImageDecodeError, "12 bits a sample");
});

Deno.test("decodeImage: a truncated JPEG is an error also if libjpeg warns of less", async () => {
  const bytes = fixture("420.jpg");
  const sos = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xda);
  const cut = bytes.slice(0, sos + 200);
  await assertRejects(() => decodeImage(cut), ImageDecodeError, "it is truncated");
  // Stray bytes before a marker are the first warning, and libjpeg gives no other after it.
  const stray = new Uint8Array([0xff, 0xd8, 1, 2, 3, ...cut.subarray(2)]);
  await assertRejects(() => decodeImage(stray), ImageDecodeError, "it is truncated");
  const whole = new Uint8Array([0xff, 0xd8, 1, 2, 3, ...bytes.subarray(2)]);
  assertClose(await decodeImage(whole), fixture("420.rgb"), 0.5, 4);
});

Deno.test("decodeImage: a JPEG whose tables come before its size", async () => {
  const bytes = fixture("420.jpg");
  const at = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc4);
  const tables = bytes.subarray(at, at + 2 + bytes[at + 3]);
  const moved = new Uint8Array([0xff, 0xd8, ...tables, ...bytes.subarray(2)]);
  assertEquals(readHeader(moved).width, WIDTH);
  assertClose(await decodeImage(moved), fixture("420.rgb"), 0.5, 4);
});

Deno.test("decodeImage: a JPEG that is whole but damaged is an error", async () => {
  const bytes = fixture("420.jpg");
  const sos = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xda);
  const early = new Uint8Array([...bytes.subarray(0, sos + 300), 0xff, 0xd9]);
  await assertRejects(() => decodeImage(early), ImageDecodeError, "it is corrupt (libjpeg: ");
});

Deno.test("decodeImage: a PNG with a wrong checksum is an error", async () => {
  const bytes = fixture("palette4.png");
  const at = bytes.findIndex((b, i) => b === 0x50 && bytes[i + 1] === 0x4c); // "PLTE"
  bytes[at + 6] ^= 1;
  await assertRejects(() => decodeImage(bytes), ImageDecodeError, "CRC mismatch for chunk PLTE");
});

Deno.test("decodeImage: a GIF frame may be a part of its screen, and not more", async () => {
  // A screen of 4x3 with a frame of 2x1 at 1,1: one red and one blue pixel.
  const gif = (x: number, width: number): Uint8Array =>
    new Uint8Array([
      ...[0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 4, 0, 3, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255],
      ...[0x2c, x, 0, 1, 0, width, 0, 1, 0, 0, 2, 2, 0x44, 0x0a, 0, 0x3b],
    ]);
  const image = await decodeImage(gif(1, 2));
  const pixel = (x: number, y: number): number[] => [
    ...image.data.slice((y * 4 + x) * 4, (y * 4 + x) * 4 + 3),
  ];
  assertEquals([image.width, image.height], [4, 3]);
  assertEquals([pixel(1, 1), pixel(2, 1)], [[255, 0, 0], [0, 0, 255]]);
  assertEquals([pixel(0, 0), pixel(3, 1)], [[255, 255, 255], [255, 255, 255]]);
  const local = gif(1, 2);
  local[28] = 0x80; // a palette of its own follows, of which there is too little
  for (const whole of [gif(1, 2), local]) {
    for (let length = 13; length < whole.length - 2; length++) {
      await assertRejects(() => decodeImage(whole.slice(0, length)), ImageDecodeError, "truncated");
    }
  }
  await assertRejects(() => decodeImage(gif(3, 2)), ImageDecodeError, "does not fit its screen");
  await assertRejects(() => decodeImage(gif(0, 0)), ImageDecodeError, "does not fit its screen");
});

function patched(
  bytes: Uint8Array<ArrayBuffer>,
  patch: (data: DataView, bytes: Uint8Array) => void,
): Uint8Array {
  patch(new DataView(bytes.buffer), bytes);
  return bytes;
}
