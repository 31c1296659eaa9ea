// Faces that lie turned, fill their photo, or are many: with the real detector on the demo photos.
import { assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  type Acquired,
  compareTemplates,
  createVerifier,
  InvalidArgumentError,
} from "../../../mod.ts";
import { fromPixels, type Image } from "../../../src/image/image.ts";
import { loadImage } from "../../../src/image/load.ts";
import { rollAngle } from "../../../src/pipeline/detect/face.ts";
import type { Verifier } from "../../../src/verify/verifier.ts";
import { photo as demoPhoto, testOnDevices } from "../../hosts.ts";

/** A picture turned clockwise about its middle, on a black canvas that holds all of it, bilinear. */
function rotated(image: Image, degrees: number): Image {
  const { width, height, data } = image;
  const cos = Math.cos(degrees * Math.PI / 180), sin = Math.sin(degrees * Math.PI / 180);
  const across = Math.ceil(Math.abs(width * cos) + Math.abs(height * sin) - 1e-6);
  const down = Math.ceil(Math.abs(width * sin) + Math.abs(height * cos) - 1e-6);
  const out = new Uint8ClampedArray(across * down * 4);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const u = x + 0.5 - across / 2, v = y + 0.5 - down / 2;
      const left = u * cos + v * sin + width / 2 - 0.5, top = v * cos - u * sin + height / 2 - 0.5;
      const column = Math.floor(left), row = Math.floor(top), at = (y * across + x) * 4;
      for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        const i = column + dx, j = row + dy;
        if (i < 0 || j < 0 || i >= width || j >= height) continue;
        const share = (1 - Math.abs(left - i)) * (1 - Math.abs(top - j));
        for (let c = 0; c < 3; c++) out[at + c] += share * data[(j * width + i) * 4 + c];
      }
      out[at + 3] = 255;
    }
  }
  return fromPixels({ width: across, height: down, data: out });
}

/** Copies a rectangle of one picture into another. */
function paste(
  from: Image,
  [x, y, width, height]: readonly number[],
  into: Image,
  left = 0,
  top = 0,
): Image {
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * from.width + x) * 4;
    const line = from.data.subarray(start, start + width * 4);
    into.data.set(line, ((top + row) * into.width + left) * 4);
  }
  return into;
}

function blank(width: number, height: number): Image {
  return fromPixels({ width, height, data: new Uint8Array(width * height * 3).fill(110) });
}

async function acquire(verifier: Verifier, image: Image): Promise<Acquired> {
  const result = await verifier.embed(image);
  if (result.kind !== "acquired") throw new Error(`not acquired: ${result.kind}`);
  return result;
}

testOnDevices("a turned photo gives the upright one's template, and its roll", async (device) => {
  await using verifier = await createVerifier({ device });
  for (const name of device === "wasm" ? ["hopper", "collins"] : ["hopper"]) {
    const image = await loadImage(demoPhoto(name));
    const upright = await acquire(verifier, image);
    for (const degrees of [90, 180, 270, 45]) {
      const turned = await acquire(verifier, rotated(image, degrees));
      const score = compareTemplates(turned.template, upright.template);
      assertGreater(score, degrees === 45 ? 0.8 : 0.9, `${name} by ${degrees}`);
      const roll = rollAngle(turned.face.landmarks) - rollAngle(upright.face.landmarks);
      const off = roll - degrees * Math.PI / 180;
      const missed = Math.abs(Math.atan2(Math.sin(off), Math.cos(off))) * 180 / Math.PI;
      assertLess(missed, 12, `${name} by ${degrees}`);
    }
  }
});

testOnDevices(
  "a face that fills its photo is found, with the whole photo's template",
  async (device) => {
    await using verifier = await createVerifier({ device });
    for (const name of device === "wasm" ? ["collins", "hopper", "hopper_masked"] : ["hopper"]) {
      const image = await loadImage(demoPhoto(name));
      const whole = await acquire(verifier, image);
      const { x, y, width, height } = whole.face.box;
      const place = [x, y, width, height].map(Math.round);
      const tight = await acquire(verifier, paste(image, place, blank(place[2], place[3])));
      // A mask, glasses and a tight cut together leave little of the face.
      const least = name === "hopper_masked" ? 0.5 : 0.8;
      assertGreater(compareTemplates(tight.template, whole.template), least, name);
      assertGreater(tight.face.box.width, 0.8 * width, name);
    }
  },
);

Deno.test("a crowd is found face by face; what maxFaces leaves out is counted [wasm]", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const faces = await Promise.all(
    ["collins_crop", "hopper_crop"].map((name) => loadImage(demoPhoto(name))),
  );
  const crowd = blank(2000, 1500);
  const middles: number[][] = [];
  for (let i = 0; i < 25; i++) {
    const face = faces[i % 2], left = 400 * (i % 5) + 50, top = 300 * Math.floor(i / 5);
    const height = Math.min(face.height, 300);
    paste(face, [0, 0, face.width, height], crowd, left, top);
    middles.push([left + face.width / 2, top + height / 2]);
  }
  const all = await verifier.detect(crowd);
  assertEquals([all.faces.length, all.omitted], [25, 0]);
  for (const [x, y] of middles) {
    const here = all.faces.filter(({ box }) =>
      x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height
    );
    assertEquals(here.length, 1, `at ${x}, ${y}`);
  }
  const areas = all.faces.map(({ box }) => box.width * box.height);
  const few = await verifier.detect(crowd, { maxFaces: 4 });
  assertEquals([few.faces.length, few.omitted], [4, 21]);
  // Refining may change a box a little, so that the order is that of the first passes.
  const largest = Math.min(...few.faces.map(({ box }) => box.width * box.height));
  assertGreater(largest, areas.toSorted((a, b) => b - a)[12]);
  const several = await verifier.embed(crowd, { maxFaces: 3 });
  assertEquals(several.kind === "several-faces" && [several.faces.length, several.omitted], [
    3,
    22,
  ]);
});

Deno.test("maxFaces is a whole number from 1 to 256 [wasm]", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const image = blank(64, 64);
  for (const maxFaces of [1, 256]) {
    assertEquals((await verifier.detect(image, { maxFaces })).omitted, 0);
  }
  for (const maxFaces of [257, 0, 1.5, NaN]) {
    await assertRejects(
      () => verifier.detect(image, { maxFaces }),
      InvalidArgumentError,
      `maxFaces ${maxFaces}`,
    );
  }
});
