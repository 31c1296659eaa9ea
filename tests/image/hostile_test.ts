// Files from strangers: cut, mutated, random, or made to exhaust. The only outcomes are a picture
// or a MaskinvError; nothing hangs, logs, or spoils the pictures that come after.

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ImageDecodeError, ImageTooLargeError, MaskinvError } from "../../src/base/errors.ts";
import { withRightChecksums } from "./crc32.ts";
import { ascii } from "../../src/image/chunks.ts";
import { decodeImage } from "../../src/image/decode.ts";
import type { Image } from "../../src/image/image.ts";
import { consoleLines, fixture, IMAGE_FILES } from "./fixtures.ts";

const LOCATION = globalThis.location; // before anything is decoded

/** Decodes with a low limit, as mutated headers may ask for anything. */
async function outcome(bytes: Uint8Array): Promise<Image | MaskinvError> {
  try {
    const image = await decodeImage(bytes, { maxPixels: 1e6 });
    assertEquals(image.data.length, image.width * image.height * 4);
    return image;
  } catch (error) {
    assertInstanceOf(error, MaskinvError);
    assertEquals(error.cause, undefined, "foreseen"); // the net for what is not foreseen is unused
    return error;
  }
}

for (const file of IMAGE_FILES) {
  Deno.test(`decodeImage: ${file} cut anywhere`, async () => {
    const bytes = fixture(file);
    const whole = await outcome(bytes);
    assertEquals(whole instanceof Error, /^(refused_|grey4_interlaced)/.test(file));
    const step = Math.max(1, Math.floor(bytes.length / 60));
    const lines = await consoleLines(async () => {
      for (let length = 0; length < bytes.length; length += step) {
        const result = await outcome(bytes.slice(0, length));
        if (result instanceof Error) assertInstanceOf(result, ImageDecodeError, result.message);
        // Only what comes after the picture may be missing, such as its EXIF or a second frame.
        else if (file !== "turned.webp") assertEquals(result, whole, `${length} bytes`);
      }
    });
    assertEquals(lines, []);
    assertInstanceOf(await outcome(bytes.slice(0, bytes.length * 0.3)), ImageDecodeError);
  });
}

Deno.test("decodeImage: mutated files give a picture or a MaskinvError, in silence", async () => {
  const mutation = fc.record({
    file: fc.constantFrom(...IMAGE_FILES),
    // Half of the changes hit the header, where they matter most.
    changes: fc.array(
      fc.tuple(
        fc.oneof(fc.double({ min: 0, max: 1 }), fc.double({ min: 0, max: 0.05 })),
        fc.nat(255),
      ),
      { minLength: 1, maxLength: 6 },
    ),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  });
  const lines = await consoleLines(() =>
    fc.assert(
      fc.asyncProperty(mutation, async ({ file, changes, cut }) => {
        const bytes = fixture(file);
        for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
        await outcome(bytes.subarray(0, Math.ceil((cut ?? 1) * bytes.length)));
      }),
      { numRuns: 300 },
    )
  );
  assertEquals(lines, []);
});

Deno.test("decodeImage: PNG with any header and palette, checksums right", async () => {
  const files = IMAGE_FILES.filter((name) => name.endsWith(".png"));
  const change = fc.tuple(
    fc.constantFrom(...files),
    fc.integer({ min: 16, max: 120 }),
    fc.nat(255),
  );
  await fc.assert(
    fc.asyncProperty(change, async ([file, at, value]) => {
      const bytes = fixture(file);
      bytes[at] = value;
      await outcome(withRightChecksums(bytes));
    }),
    { numRuns: 300 },
  );
});

Deno.test("decodeImage: a PNG that is cut short is called corrupt in one sentence", async () => {
  const bytes = fixture("rgb8.png");
  for (const share of [0.3, 0.5, 0.9]) {
    const cut = bytes.subarray(0, Math.round(share * bytes.length));
    const error = await assertRejects(() => decodeImage(cut), ImageDecodeError);
    assertMatch(error.message, /^Cannot decode the picture as [^:]+\w\)?: get a whole copy/);
  }
});

Deno.test("decodeImage: random bytes after any signature", async () => {
  const start = fc.constantFrom(
    [],
    [0xff, 0xd8, 0xff],
    [...fixture("rgb8.png").subarray(0, 33)],
    [...fixture("plain.gif").subarray(0, 13)],
    [...fixture("lossy.webp").subarray(0, 20)],
    [...fixture("lossless.webp").subarray(0, 20)],
    [...fixture("rgb24.bmp").subarray(0, 54)],
    [...fixture("photo.heic").subarray(0, 40)],
    [...fixture("photo.avif").subarray(0, 40)],
    [0x49, 0x49, 42, 0, 8, 0, 0, 0, 9, 0],
  );
  const lines = await consoleLines(() =>
    fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 600 }), async (head, tail) => {
        await outcome(new Uint8Array([...head, ...tail]));
      }),
      { numRuns: 300 },
    )
  );
  assertEquals(lines, []);
});

Deno.test("decodeImage: good files decode the same after many bad ones and beside them", async () => {
  const good = ["444.jpg", "cmyk.jpg", "rgb8.png", "plain.gif", "lossy.webp"].map(fixture);
  const expected = await Promise.all(good.map((bytes) => decodeImage(bytes)));
  for (let round = 0; round < 40; round++) {
    const bad = good.map((bytes) => {
      const copy = bytes.slice(0, bytes.length - 1 - round * 7);
      copy[20 + round * 9] ^= 0xff;
      return copy;
    });
    // All at once, so that bad and good decodes wait for the same decoder.
    const results = await Promise.all([...bad, ...good].map(outcome));
    results.slice(bad.length).forEach((result, i) => {
      assert(!(result instanceof Error), `round ${round}, file ${i}: ${result}`);
      assertEquals(result.data, expected[i].data);
    });
  }
});

Deno.test("decodeImage: a decoder that bad files have broken is not used again", async () => {
  // mozjpeg loses a piece of its stack at each of these; some 60 of them leave none of it.
  const good = fixture("444.jpg"), bad = fixture("444.jpg");
  const table = bad.findIndex((b, i) => b === 0xff && bad[i + 1] === 0xc4);
  bad.fill(0xff, table + 5, table + 21);
  const expected = await decodeImage(good);
  const all = await Promise.all([...Array(200).fill(bad), good].map(outcome)); // all wait for one
  assertEquals(all.pop(), expected);
  for (const result of all) assertInstanceOf(result, ImageDecodeError);
  assertEquals(new Set(all.map((error) => (error as Error).message)).size, 1);
  for (let i = 0; i < 200; i++) await outcome(bad);
  assertEquals(await outcome(good), expected);
});

Deno.test("decodeImage: leaves globalThis.location as it is", async () => {
  for (const file of IMAGE_FILES) await outcome(fixture(file));
  assertEquals(globalThis.location, LOCATION);
});

Deno.test("decodeImage: a GIF whose codes refer to themselves comes to an end", async () => {
  // omggif never returns from these 46 bytes: an entry of its table becomes its own prefix.
  const gif = new Uint8Array([
    ...[0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 8, 0, 8, 0, 0x81, 0, 0],
    ...[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3],
    ...[0x2c, 0, 0, 0, 0, 8, 0, 8, 0, 0, 2, 7, 0xcc, 0x7f, 0, 0, 0, 0, 0, 0, 0x3b],
  ]);
  await assertRejects(() => decodeImage(gif), ImageDecodeError, "corrupt");
});

Deno.test("decodeImage: a large CMYK JPEG is refused, as its decoder would take gigabytes", async () => {
  const bytes = fixture("cmyk.jpg");
  const at = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc0);
  bytes.set([0x0f, 0xa1, 0x0f, 0xa0], at + 5); // 4000x4001
  await assertRejects(() => decodeImage(bytes), ImageTooLargeError, "4000x4001");
});

Deno.test("decodeImage: a PNG bomb is met before it fills the memory", async () => {
  // 200 MB of zeros in 200 KB, in the data of a picture of 37x47.
  const zeros = new Blob(Array.from({ length: 200 }, () => new Uint8Array(1e6)));
  const packed = zeros.stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const chunk = new Uint8Array(data.length + 12);
  chunk.set([0x49, 0x44, 0x41, 0x54], 4);
  chunk.set(data, 8);
  new DataView(chunk.buffer).setUint32(0, data.length);
  const end = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0, 0, 0, 0];
  const bomb = new Uint8Array([...fixture("rgb8.png").subarray(0, 33), ...chunk, ...end]);
  const before = Deno.memoryUsage().rss;
  await assertRejects(() => decodeImage(withRightChecksums(bomb)), ImageDecodeError, "larger than");
  assert(Deno.memoryUsage().rss - before < 100e6, "not inflated as a whole");
});

/** A copy of a fixture whose four-letter box or tag `mark` is followed, after `skip` bytes, by `values`. */
function changed(file: string, mark: string, skip: number, values: readonly number[]): Uint8Array {
  const bytes = fixture(file);
  bytes.set(values, ascii(bytes, 0, bytes.length).indexOf(mark) + mark.length + skip);
  return bytes;
}

Deno.test("decodeImage: HEIC and AVIF whose coded picture is larger than the header says", async () => {
  // 8192x8192 and 6000x6000 of one colour in 1 and 9 KB, said to be 64x64: decoded they would take hundreds of MB.
  for (const file of ["bomb.avif", "bomb.heic"]) {
    const bytes = changed(`bombs/${file}`, "ispe", 4, [0, 0, 0, 64, 0, 0, 0, 64]);
    const before = Deno.memoryUsage().rss;
    const result = await outcome(bytes);
    assertInstanceOf(result, ImageDecodeError);
    assert(Deno.memoryUsage().rss - before < 400e6, file);
  }
});

Deno.test("decodeImage: boxes of wrong sizes in HEIC and AVIF", async () => {
  const sizes = [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 7], [255, 255, 255, 255], [
    127,
    255,
    255,
    255,
  ]];
  for (const file of ["photo.heic", "photo.avif", "turned.heic", "alpha.avif"]) {
    const text = ascii(fixture(file), 0, fixture(file).length);
    for (
      const box of ["meta", "iloc", "iinf", "infe", "iprp", "ipco", "ipma", "ispe", "pitm", "mdat"]
    ) {
      const at = text.indexOf(box) - 4;
      if (at < 0) continue;
      for (const size of sizes) {
        const bytes = fixture(file);
        bytes.set(size, at);
        await outcome(bytes);
      }
    }
  }
});

/** A TIFF of 8-bit grey with one strip of `data`. */
function tiff(width: number, height: number, compression: number, data: Uint8Array): Uint8Array {
  const entries = [
    ...[[256, width], [257, height], [258, 8], [259, compression], [262, 1], [273, 122]],
    ...[[278, height], [279, data.length], [34665, 8]], // EXIF that leads back to the directory
  ];
  const bytes = new Uint8Array(122 + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, entries.length, 0]);
  entries.forEach(([tag, value], i) => {
    view.setUint16(10 + 12 * i, tag, true);
    view.setUint16(12 + 12 * i, 4, true);
    view.setUint32(14 + 12 * i, 1, true);
    view.setUint32(18 + 12 * i, value, true);
  });
  view.setUint32(118, 8, true); // the next directory is the first
  bytes.set(data, 122);
  return bytes;
}

Deno.test("decodeImage: a TIFF whose directories lead in circles", async () => {
  const image = await outcome(tiff(2, 1, 1, new Uint8Array([7, 9])));
  assert(!(image instanceof Error));
  assertEquals([...image.data], [7, 7, 7, 255, 9, 9, 9, 255]);
});

Deno.test("decodeImage: TIFF bombs of Deflate and LZW are met before they fill the memory", async () => {
  const packed = new Blob([new Uint8Array(200e6)]).stream()
    .pipeThrough(new CompressionStream("deflate"));
  const deflated = new Uint8Array(await new Response(packed).arrayBuffer());
  // LZW: 0, then each time the entry that was just made: 4 MB from 4 KB, again and again.
  const codes: number[] = [];
  for (let round = 0; round < 60; round++) {
    codes.push(256, 0);
    for (let code = 258; code < 4094; code++) codes.push(code);
  }
  let bits = "", width = 9, next = 258;
  for (const code of codes) {
    bits += code.toString(2).padStart(width, "0");
    if (code === 256) [width, next] = [9, 257];
    else if (++next + 1 >= 1 << width && width < 12) width++;
  }
  const lzw = Uint8Array.from(bits.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
  const before = Deno.memoryUsage().rss;
  for (const [compression, data] of [[8, deflated], [5, lzw]] as const) {
    const bytes = tiff(64, 64, compression, data);
    await assertRejects(() => decodeImage(bytes), ImageDecodeError, "arger than");
  }
  assert(Deno.memoryUsage().rss - before < 150e6, "not expanded as a whole");
});

Deno.test("decodeImage: LZW that refers to itself comes to an end", async () => {
  // utif2 never returns: entry 258 becomes its own prefix.
  const bits = [256, 258, 1, 258, 258, 300, 511].map((code) => code.toString(2).padStart(9, "0"));
  const lzw = Uint8Array.from(`${bits.join("")}0000`.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
  for (let length = 0; length <= lzw.length; length++) {
    assertInstanceOf(await outcome(tiff(8, 8, 5, lzw.slice(0, length))), ImageDecodeError);
  }
});
