// Every format and kind of file decodes to the pixels that PIL says it has, or is refused by name.

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { ascii } from "../../src/image/chunks.ts";
import { readHeader } from "../../src/image/header.ts";
import type { Image } from "../../src/image/image.ts";
import { orient } from "../../src/image/orient.ts";
import { ImageDecodeError, InvalidArgumentError } from "../../src/base/errors.ts";
import { loadImage } from "../../src/image/load.ts";
import { assertClose, fixture, fixturePath, HEIGHT, IMAGE_FILES, WIDTH } from "./fixtures.ts";

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
  ["animated.webp", "photo.rgb", 0, 0],
  ["photo.heic", "photo.rgb", 1, 8],
  ["turned.heic", "photo.rgb", 1, 8],
  ["photo.avif", "photo.rgb", 2, 15],
  ["turned.avif", "photo.rgb", 2, 15],
  ["alpha.avif", "photo_over_white.rgb", 2, 15],
  ["plain.tif", "photo.rgb", 0, 0],
  ["lzw.tif", "photo.rgb", 0, 0],
  ["predictor.tif", "photo.rgb", 0, 0],
  ["deflate.tif", "photo.rgb", 0, 0],
  ["turned.tif", "photo.rgb", 0, 0],
  ["grey.tif", "grey.raw", 0, 0],
  ["grey16.tif", "grey.raw", 0, 0],
  ["alpha.tif", "photo_over_white.rgb", 1, 1],
  ["palette.tif", "indexed.rgb", 0, 0],
  ["rgb24.bmp", "photo.rgb", 0, 0],
  ["rgb32.bmp", "photo.rgb", 0, 0],
  ["top_down.bmp", "photo.rgb", 0, 0],
  ["palette8.bmp", "indexed.rgb", 0, 0],
  ["grey8.bmp", "grey.raw", 0, 0],
  ["black.bmp", "black.raw", 0, 0],
];

/** AVIFs whose boxes turn and mirror the same stored picture. */
const TURNED = IMAGE_FILES.filter((name) => /^orientation\d\.avif$/.test(name));

/** Files that are refused, and what the message says of them. */
const REFUSED: Record<string, string> = {
  "grey4_interlaced.png": "an interlaced PNG of 4 bits a sample: save it without interlace",
  "refused_jpeg.tif": "a TIFF with JPEG compression: save it as JPEG or PNG",
  "refused_packbits.tif": "a TIFF with PackBits compression: save it",
  "refused_fax.tif": "a TIFF with fax compression: save it",
  "refused_cmyk.tif": "a TIFF in CMYK: save it",
  "refused_black.tif": "a TIFF of 1 bits a sample: save it",
};

for (const [file, raw, mean, max] of EXPECTED) {
  Deno.test(`decodeImage: ${file}`, async () => {
    const image = await decodeImage(fixture(file), { label: file });
    assertEquals([image.width, image.height], [WIDTH, HEIGHT]);
    assertEquals(image.data.length, WIDTH * HEIGHT * 4);
    assertClose(image, fixture(raw), mean, max);
    for (let i = 3; i < image.data.length; i += 4) assert(image.data[i] === 255, "opaque");
  });
}

Deno.test("decodeImage: every fixture is expected to decode, or to be refused", () => {
  const tested = EXPECTED.map(([file]) => file);
  assertEquals([...tested, "wide.avif", ...TURNED, ...Object.keys(REFUSED)].sort(), IMAGE_FILES);
});

for (const [file, message] of Object.entries(REFUSED)) {
  Deno.test(`decodeImage: ${file} is refused by name`, async () => {
    const seen = `Cannot decode ${file} as it is ${message}`;
    await assertRejects(
      () => decodeImage(fixture(file), { label: file }),
      ImageDecodeError,
      seen,
    );
  });
}

Deno.test("decodeImage: large JPEGs are reduced if asked for", async () => {
  const pixels = WIDTH * HEIGHT;
  for (const file of ["444.jpg", "420.jpg", "progressive.jpg", "grey.jpg", "turned.jpg"]) {
    const whole = await decodeImage(fixture(file));
    assertEquals(whole.reduction, undefined);
    assertEquals(await decodeImage(fixture(file), { reduceAbove: pixels }), whole);
    for (const [reduceAbove, reduction] of [[pixels - 1, 2], [pixels / 4 - 1, 4], [1, 8]]) {
      const image = await loadImage(fixture(file), { reduceAbove });
      const size = [Math.ceil(WIDTH / reduction), Math.ceil(HEIGHT / reduction)];
      assertEquals([image.width, image.height, image.reduction], [...size, reduction], file);
      if (file === "turned.jpg") continue; // 37 is odd: its squares begin at the other end
      // Each pixel is about the mean of those that it stands for.
      let sum = 0, count = 0;
      for (let y = 0; y < Math.floor(HEIGHT / reduction); y++) {
        for (let x = 0; x < Math.floor(WIDTH / reduction); x++) {
          sum += Math.abs(
            meanGreen(whole, x, y, reduction) - image.data[(y * image.width + x) * 4 + 1],
          );
          count++;
        }
      }
      assertLess(sum / count, 6, `${file} at 1/${reduction}`);
    }
  }
  const cmyk = await decodeImage(fixture("cmyk.jpg"), { reduceAbove: 1 });
  assertEquals([cmyk.width, cmyk.reduction], [WIDTH, undefined]);
  assertEquals((await decodeImage(fixture("rgb8.png"), { reduceAbove: 1 })).width, WIDTH);
  const cut = fixture("420.jpg").slice(0, 1200);
  await assertRejects(() => decodeImage(cut, { reduceAbove: 1 }), ImageDecodeError, "truncated");
  await assertRejects(
    () => decodeImage(cut, { reduceAbove: 0 }),
    InvalidArgumentError,
    "reduceAbove",
  );
});

/** The mean of green over a square of `size` pixels. */
function meanGreen(image: Image, x: number, y: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size * size; i++) {
    const row = y * size + Math.floor(i / size), column = x * size + i % size;
    sum += image.data[(row * image.width + column) * 4 + 1];
  }
  return sum / size ** 2;
}

Deno.test("decodeImage: AVIF is turned and mirrored as its boxes say", async () => {
  const stored = await decodeImage(fixture("wide.avif"));
  assertEquals([stored.width, stored.height], [36, 24]);
  assertClose(stored, fixture("wide.rgb"), 3, 24);
  assertEquals(TURNED.length, 7);
  for (const file of TURNED) {
    const upright = orient(stored, Number(file.at("orientation".length)));
    assertEquals(await decodeImage(fixture(file)), upright, file);
  }
});

Deno.test("decodeImage: a first frame that is a part of the canvas of an animated WebP", async () => {
  const bytes = fixture("animated.webp");
  const at = ascii(bytes, 0, bytes.length).indexOf("VP8X") + 8;
  const canvas = new DataView(bytes.buffer);
  canvas.setUint32(at + 4, 63, true); // 64x64
  canvas.setUint16(at + 7, 63, true);
  const frame = ascii(bytes, 0, bytes.length).indexOf("ANMF") + 8;
  bytes[frame] = 5; // at 10,6
  bytes[frame + 3] = 3;
  const image = await decodeImage(bytes);
  const photo = await decodeImage(fixture("rgb8.png"));
  assertEquals([image.width, image.height], [64, 64]);
  const row = (image: Image, x: number, y: number): number[] => [
    ...image.data.subarray((y * image.width + x) * 4, (y * image.width + x + WIDTH) * 4),
  ];
  for (const y of [0, 20, HEIGHT - 1]) assertEquals(row(image, 10, y + 6), row(photo, 0, y));
  assertEquals(new Set(row(image, 10, 5)), new Set([255]));
  bytes[frame] = 14; // 28 and 37 pixels are more than 64
  await assertRejects(() => decodeImage(bytes), ImageDecodeError, "does not fit its canvas");
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

Deno.test("loadImage: the bytes tell the format, whatever the name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (
      const [file, name] of [["444.jpg", "a.png"], ["rgb8.png", "b.jpg"], ["photo.heic", "c.jpg"]]
    ) {
      const path = `${folder}/${name}`;
      await Deno.copyFile(fixturePath(file), path);
      assertEquals(await loadImage(path), await decodeImage(fixture(file)));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
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
  const upright = ["rgb8.png", "plain.gif", "lossy.webp", "lossless.webp", "alpha.webp"];
  for (const file of [...upright, "animated.webp", "photo.avif", "rgb24.bmp", "plain.tif"]) {
    const { format, width, height, orientation } = readHeader(fixture(file));
    const name = file.split(".")[1].replace(/tif$/, "tiff");
    assertEquals([format, width, height, orientation], [name, WIDTH, HEIGHT, 1]);
  }
  assertEquals(readHeader(fixture("turned.avif")).orientation, 6);
  assertEquals(readHeader(fixture("turned.tif")).orientation, 6);
  assertEquals(readHeader(fixture("top_down.bmp")).orientation, 4);
  const { format, orientation } = readHeader(fixture("turned.heic"));
  assertEquals([format, orientation], ["heic", 1]); // libheif turns it
});

Deno.test("decodeImage: a JPEG whose tables come before its size", async () => {
  const bytes = fixture("420.jpg");
  const at = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc4);
  const tables = bytes.subarray(at, at + 2 + bytes[at + 3]);
  const moved = new Uint8Array([0xff, 0xd8, ...tables, ...bytes.subarray(2)]);
  assertEquals(readHeader(moved).width, WIDTH);
  assertClose(await decodeImage(moved), fixture("420.rgb"), 0.5, 4);
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
