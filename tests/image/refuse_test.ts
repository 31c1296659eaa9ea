// Pictures that are over the limits, of no format that is decoded, or damaged are refused with the error that says so.

import { assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { ascii } from "../../src/image/chunks.ts";
import { decodeImage } from "../../src/image/decode.ts";
import {
  ImageDecodeError,
  ImageTooLargeError,
  InvalidArgumentError,
} from "../../src/base/errors.ts";
import { assertClose, fixture, HEIGHT, WIDTH } from "./fixtures.ts";

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
  heic: hugeHeif("photo.heic"),
  avif: hugeHeif("photo.avif"),
  bmp: patched(fixture("rgb24.bmp").slice(0, 60), (data) => {
    data.setInt32(18, 12000, true);
    data.setInt32(22, -12000, true);
  }),
  tiff: patched(fixture("plain.tif"), (data) => {
    const directory = data.getUint32(4, true);
    for (let i = 0; i < data.getUint16(directory, true); i++) {
      const entry = directory + 2 + 12 * i, tag = data.getUint16(entry, true);
      if (tag === 256 || tag === 257) data.setUint16(entry + 8, 12000, true);
    }
  }),
};

/** Sets width and height of the first "ispe" box. */
function hugeHeif(file: string): Uint8Array {
  return patched(fixture(file), (data, bytes) => {
    const at = ascii(bytes, 0, bytes.length).indexOf("ispe");
    data.setUint32(at + 8, 12000);
    data.setUint32(at + 12, 12000);
  });
}

for (const [name, bytes] of Object.entries(HUGE)) {
  Deno.test(`decodeImage: refuses 12000x12000 by the header alone: ${name}`, async () => {
    const error = await assertRejects(
      () => decodeImage(bytes, { label: "b.img" }),
      ImageTooLargeError,
    );
    assertEquals(
      error.message,
      "Cannot decode b.img as its header says 12000x12000 (144 MP) and the limit is 65 MP: " +
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
  ["MP4", "\0\0\0\x18ftypisom\0\0\0\0mp41", /video/],
  ["BigTIFF", "II+\0\x08\0\0\0\0\0\0\0\0", /BigTIFF/],
  ["an icon", "\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0\x68\x04\0\0\x16\0\0\0", /icon \(ICO\)/],
  ["TGA", "\0\0\x02\0\0\0\0\0\0\0\0\0\x20\0\x10\0\x18\0......", /it is a TGA picture/],
  ["grey TGA with RLE", "\0\0\x0b\0\0\0\0\0\0\0\0\0\x20\0\x10\0\x08\x20......", /TGA picture/],
  [
    "a git-lfs pointer",
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n",
    /git-lfs pointer and not the picture.*git lfs pull/,
  ],
  [
    "an error page",
    "<html><body><h1>404 Not Found</h1>",
    /web page \(HTML\).*save the picture itself/,
  ],
  ["an error in XML", '<?xml version="1.0"?><Error><Code>AccessDenied', /XML document/],
  ["an error in JSON", '{"error": {"code": 404}}', /JSON document/],
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

function patched(
  bytes: Uint8Array<ArrayBuffer>,
  patch: (data: DataView, bytes: Uint8Array) => void,
): Uint8Array {
  patch(new DataView(bytes.buffer), bytes);
  return bytes;
}
