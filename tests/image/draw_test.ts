// What encodePng writes, decodeImage reads back; what annotate draws is where it was asked for.
// Raw pixels become opaque RGBA.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { annotate } from "../../src/image/annotate.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encodePng } from "../../src/image/encode.ts";
import { fromPixels, type Image } from "../../src/image/image.ts";
import { fixture } from "./fixtures.ts";

function blank(width: number, height: number, value = 255): Image {
  const data = new Uint8Array(width * height * 3).fill(value);
  return fromPixels({ width, height, data });
}

function pixel({ width, data }: Image, x: number, y: number): number[] {
  return [...data.slice((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

Deno.test("encodePng: reads back without loss, for any size and pixels", async () => {
  const size = fc.integer({ min: 1, max: 12 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.infiniteStream(fc.nat(255)), async (width, height, values) => {
      const data = new Uint8Array(width * height * 3).map(() => values.next().value as number);
      const image = fromPixels({ width, height, data });
      assertEquals(await decodeImage(await encodePng(image)), image);
    }),
    { numRuns: 100 },
  );
  const photo = await decodeImage(fixture("444.jpg"));
  assertEquals(await decodeImage(await encodePng(photo)), photo);
});

Deno.test("encodePng: a picture within a larger buffer", async () => {
  const buffer = new Uint8ClampedArray(4 * 6 + 8).fill(255);
  const image = { width: 2, height: 3, data: buffer.subarray(8) };
  image.data.set([1, 2, 3], 0);
  const { width, height, data } = await decodeImage(await encodePng(image));
  assertEquals([width, height, [...data]], [2, 3, [...image.data]]);
});

Deno.test("fromPixels: alpha is composited over white", () => {
  const data = new Uint8Array([10, 20, 30, 255, 100, 0, 200, 128, 50, 60, 70, 0]);
  const image = fromPixels({ width: 3, height: 1, data });
  assertEquals(pixel(image, 0, 0), [10, 20, 30, 255]);
  assertEquals(pixel(image, 1, 0), [177, 127, 227, 255]);
  assertEquals(pixel(image, 2, 0), [255, 255, 255, 255]);
  assertEquals(data[3 * 4 - 1], 0); // the caller's pixels are left as they are
});

Deno.test("annotate: an outline, a dot and a label, on a copy", () => {
  const image = blank(480, 480);
  const drawn = annotate(image, {
    boxes: [{ x: 100, y: 50, width: 40, height: 30, color: [255, 0, 0] }],
    points: [{ x: 300, y: 200, color: [0, 0, 255] }],
    labels: [{ x: 10, y: 10, text: "I", color: [255, 255, 0] }],
  });
  assertEquals(image.data, blank(480, 480).data);
  const red = [255, 0, 0, 255], white = [255, 255, 255, 255], black = [0, 0, 0, 255];
  // The outline is 2 pixels at this size, within the box; its inside is left as it is.
  for (const [x, y] of [[100, 50], [139, 50], [100, 79], [139, 79], [101, 51], [120, 78]]) {
    assertEquals(pixel(drawn, x, y), red, `${x},${y}`);
  }
  for (const [x, y] of [[99, 50], [140, 50], [100, 80], [102, 52], [120, 65]]) {
    assertEquals(pixel(drawn, x, y), white, `${x},${y}`);
  }
  assertEquals(pixel(drawn, 300, 200), [0, 0, 255, 255]);
  assertEquals(pixel(drawn, 303, 200), [0, 0, 255, 255]);
  assertEquals(pixel(drawn, 303, 203), white); // a disc and no square
  // "I" at scale 2: black ground, a stem in the middle of five columns.
  assertEquals(pixel(drawn, 10, 10), black);
  assertEquals(pixel(drawn, 10 + 2 * 3, 10 + 2 * 4), [255, 255, 0, 255]);
  assertEquals(pixel(drawn, 10 + 2 * 1, 10 + 2 * 4), black);
});

Deno.test("annotate: marks beyond the border are clipped, labels are moved inside", () => {
  const image = blank(60, 40, 9);
  const far = 1e9;
  const drawn = annotate(image, {
    boxes: [{ x: -far, y: -far, width: 2 * far, height: 2 * far }, {
      x: -5,
      y: -5,
      width: 20,
      height: 20,
    }],
    points: [{ x: -1, y: -1 }, { x: far, y: far }, { x: 59.4, y: 39.4 }],
    labels: [{ x: 58, y: 35, text: "8" }],
  });
  assertEquals(drawn.data.length, image.data.length);
  assertEquals(pixel(drawn, 14, 3), [0, 230, 64, 255]); // the right side of the second box
  assertEquals(pixel(drawn, 30, 5), [9, 9, 9, 255]);
  assertEquals(pixel(drawn, 60 - 7, 40 - 9), [0, 0, 0, 255]); // the corner of the label
  for (let i = 3; i < drawn.data.length; i += 4) assertEquals(drawn.data[i], 255);
});

Deno.test("annotate: any marks on any size of picture", () => {
  const number = fc.oneof(
    fc.integer({ min: -20, max: 60 }),
    fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
  );
  const marks = fc.record({
    boxes: fc.array(fc.record({ x: number, y: number, width: fc.nat(1e9), height: fc.nat(90) })),
    points: fc.array(fc.record({ x: number, y: number })),
    labels: fc.array(fc.record({ x: number, y: number, text: fc.string({ unit: "grapheme" }) })),
  });
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(size, size, marks, (width, height, what) => {
      const drawn = annotate(blank(width, height), what);
      assertEquals(drawn.data.length, width * height * 4);
    }),
    { numRuns: 200 },
  );
});

Deno.test("annotate: refuses places that are none", () => {
  const image = blank(4, 4);
  for (const x of [NaN, Infinity]) {
    assertThrows(() => annotate(image, { points: [{ x, y: 0 }] }), InvalidArgumentError, "finite");
  }
  const box = { x: 0, y: 0, width: -1, height: 1 };
  assertThrows(() => annotate(image, { boxes: [box] }), InvalidArgumentError, "width -1");
});
