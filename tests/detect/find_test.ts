// When findFaces looks a second time, and what it makes of the looks: with a scripted detector, and on a photo that
// one face fills.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Backend, Block, Engine, Network, Photo } from "../../src/backend/backend.ts";
import { EngineHost } from "../../src/backend/host.ts";
import { findFaces, refineFaces } from "../../src/detect/detect.ts";
import { interEyeDistance } from "../../src/detect/face.ts";
import { fromPixels, type Image } from "../../src/image/image.ts";
import { loadImage } from "../../src/image/load.ts";
import { openModels } from "../../src/model/model.ts";
import { photo as demoPhoto, testOnDevices } from "../hosts.ts";

/** A face of a scripted look: centre and side in pixels of the photo, and the probability. */
type Scripted = readonly [x: number, y: number, side: number, score: number];

/** What each look shows, by model and margin. */
interface Script {
  readonly back: readonly Scripted[];
  readonly roomyBack?: readonly Scripted[];
  readonly roomyShort?: readonly Scripted[];
}

const SIDE = 256;
const photo = { width: SIDE, height: SIDE } as Photo;

/** A backend whose detectors see what the script says. */
function scripted(script: Script): { engine: Engine; looks: string[]; reads: () => number } {
  const looks: string[] = [];
  let reads = 0;
  const block = (data: Float32Array): Block =>
    ({ data, shape: [], [Symbol.dispose]: () => {} }) as unknown as Block;
  const backend = {
    letterbox: (_photo: Photo, _spec: unknown, margin = 0) => ({ margin, ...block([] as never) }),
    run({ model }: Network, { margin }: { margin: number }): Promise<Block[]> {
      const isBack = model.entry.name === "blazeface-back";
      const look = `${isBack ? "back" : "short"} ${margin}`;
      looks.push(look);
      const faces = isBack
        ? margin === 0 ? script.back : script.roomyBack ?? []
        : script.roomyShort ?? [];
      const size = isBack ? 256 : 128;
      const outputs = rows(faces, size, size / (SIDE * (1 + 2 * margin)));
      return Promise.resolve((isBack ? splitGrids(outputs) : [joined(outputs)]).map(block));
    },
    read(...blocks: { data: Float32Array }[]): Promise<Float32Array[]> {
      reads++;
      return Promise.resolve(blocks.map(({ data }) => data));
    },
  } as unknown as Backend;
  const network = (name: string): Promise<Network> =>
    Promise.resolve(
      { model: { entry: { name, input: { size: name === "blazeface-back" ? 256 : 128 } } } } as
        & unknown
        & Network,
    );
  return { engine: { backend, network }, looks, reads: () => reads };
}

interface Rows {
  readonly logits: Float32Array;
  readonly values: Float32Array;
}

/** Raw outputs with each face at an anchor of its own, and its eyes a third of its side apart. */
function rows(faces: readonly Scripted[], size: number, scale: number): Rows {
  const logits = new Float32Array(896).fill(-20), values = new Float32Array(896 * 16);
  const stride = size / 16, middle = size / 2;
  faces.forEach(([x, y, side, score], i) => {
    // Anchors 2i of the first row of the first grid, which has 16 cells a side in both models.
    const anchor = 2 * i, atX = (i + 0.5) * stride, atY = 0.5 * stride;
    const u = (x - SIDE / 2) * scale + middle - atX, v = (y - SIDE / 2) * scale + middle - atY;
    const extent = side * scale, eye = extent / 6;
    logits[anchor] = Math.log(score / (1 - score));
    values.set([u, v, extent, extent, u - eye, v - eye, u + eye, v - eye], anchor * 16);
  });
  return { logits, values };
}

function splitGrids({ logits, values }: Rows): Float32Array[] {
  return [
    logits.subarray(0, 512),
    logits.subarray(512),
    values.subarray(0, 512 * 16),
    values.subarray(512 * 16),
  ];
}

function joined({ logits, values }: Rows): Float32Array {
  const out = new Float32Array(896 * 17);
  logits.forEach((logit, i) => {
    out[i * 17] = logit;
    out.set(values.subarray(i * 16, i * 16 + 16), i * 17 + 1);
  });
  return out;
}

async function sidesOf(script: Script): Promise<{ sides: number[]; looks: string[] }> {
  const { engine, looks, reads } = scripted(script);
  const [faces] = await findFaces(engine, [photo], 10);
  assertEquals(
    reads(),
    looks.length > 1 ? 2 : 1,
    "one wait for the first look, one for the others",
  );
  return { sides: faces.map(({ box }) => Math.round(box.width)), looks };
}

const ALL_LOOKS = ["back 0", "back 0.25", "short 0.25"];

Deno.test("findFaces looks once at a certain face, at small faces, and at faces apart", async () => {
  for (
    const back of [
      [[128, 128, 130, 0.95]],
      [[60, 60, 40, 0.6]],
      [[70, 128, 90, 0.9], [190, 128, 80, 0.6]],
    ] as Scripted[][]
  ) {
    const { sides, looks } = await sidesOf({ back, roomyBack: [[128, 128, 200, 0.9]] });
    assertEquals(sides, back.map(([, , side]) => side));
    assertEquals(looks, ["back 0"]);
  }
});

Deno.test("a large face without certainty gives way to the face that shows with room around it", async () => {
  const { sides, looks } = await sidesOf({
    back: [[80, 90, 110, 0.7]],
    roomyBack: [[128, 128, 250, 0.6]],
    roomyShort: [[128, 128, 240, 0.9]],
  });
  assertEquals(looks, ALL_LOOKS);
  assertEquals(sides, [240], "of the more certain look");
  const filling = await sidesOf({
    back: [[128, 128, 160, 0.95]],
    roomyBack: [[128, 128, 250, 0.6]],
  });
  assertEquals(filling.sides, [250]);
});

Deno.test("it stays if nothing else shows, if the looks agree, or if the other lies beside it", async () => {
  const back: Scripted[] = [[70, 90, 110, 0.7]];
  assertEquals((await sidesOf({ back, roomyBack: [[72, 90, 112, 0.9]] })).sides, [110]);
  assertEquals((await sidesOf({ back })).sides, [110]);
  const beside = await sidesOf({ back, roomyBack: [[200, 190, 100, 0.8]] });
  assertEquals(beside.sides, [110, 100]);
});

Deno.test("pieces of one face are one face, with and without a look that shows it", async () => {
  const back: Scripted[] = [[128, 128, 130, 0.95], [90, 90, 80, 0.7]];
  assertEquals(await sidesOf({ back }), { sides: [130], looks: ALL_LOOKS });
  const { sides } = await sidesOf({ back, roomyShort: [[128, 128, 220, 0.8]] });
  assertEquals(sides, [220]);
});

Deno.test("without a sure face the likeliest of all looks is taken, and no guess is made below 0.15", async () => {
  const { sides } = await sidesOf({
    back: [[60, 60, 50, 0.2], [190, 60, 60, 0.3]],
    roomyBack: [[128, 128, 200, 0.4]],
    roomyShort: [[128, 128, 210, 0.35]],
  });
  assertEquals(sides, [200]);
  assertEquals((await sidesOf({ back: [[60, 60, 50, 0.1]] })).sides, []);
});

Deno.test("an eye that passes for a face, with both of its eyes in one place, does not hide the face", async () => {
  const back: Scripted[] = [[100, 90, 5, 0.7]];
  assertEquals(await sidesOf({ back, roomyBack: [[128, 128, 120, 0.8]] }), {
    sides: [120],
    looks: ALL_LOOKS,
  });
  assertEquals((await sidesOf({ back })).sides, []);
});

/** The part of a picture around its middle. */
function cut(image: Image, x: number, y: number, width: number, height: number): Image {
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * image.width + x) * 4;
    data.set(image.data.subarray(from, from + width * 4), row * width * 4);
  }
  return fromPixels({ width, height, data });
}

testOnDevices(
  "a face that fills its photo is found where it is in the whole photo",
  async (device) => {
    await using host = new EngineHost(device, await openModels(), {});
    await host.use(async (engine) => {
      const image = await loadImage(demoPhoto("hopper_masked"));
      using whole = engine.backend.upload(image);
      const [[{ box, landmarks }]] = await locate(engine, whole);
      const x = Math.round(box.x), y = Math.round(box.y);
      using tight = engine.backend.upload(
        cut(image, x, y, Math.round(box.width), Math.round(box.height)),
      );
      const [faces] = await locate(engine, tight);
      assertEquals(faces.length, 1);
      const [found] = faces;
      const eyes = interEyeDistance(landmarks);
      assert(found.box.width > 0.8 * box.width, `${found.box.width} of ${box.width}`);
      assertAlmostEquals(found.landmarks.rightEye.x + x, landmarks.rightEye.x, 0.15 * eyes);
      assertAlmostEquals(found.landmarks.leftEye.x + x, landmarks.leftEye.x, 0.15 * eyes);
      assertAlmostEquals(found.landmarks.leftEye.y + y, landmarks.leftEye.y, 0.15 * eyes);
    });
  },
);

async function locate(engine: Engine, photo: Photo): ReturnType<typeof refineFaces> {
  return await refineFaces(engine, [photo], await findFaces(engine, [photo], 10));
}
