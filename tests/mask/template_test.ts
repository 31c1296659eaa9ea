// Templates from files: alpha survives the loading, masks.cfg is read as it is, and points land on points.
// MaskTheFace's own files are used where ../shared has them.

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "fast-png";
import { ImageDecodeError, ImageReadError, InvalidArgumentError } from "../../src/base/errors.ts";
import { applyHomography } from "../../src/math/homography.ts";
import { maskOverlay } from "../../src/kernels/mask_overlay/cpu.ts";
import {
  loadMaskTemplate,
  parseMaskTheFaceConfig,
  templateLayer,
} from "../../src/mask/template.ts";
import { testWithShared } from "../hosts.ts";

const RGBA = [9, 8, 7, 255, 60, 50, 40, 128, 3, 2, 1, 0, 200, 100, 0, 1];

function png(): Uint8Array {
  return encode({ width: 2, height: 2, channels: 4, data: new Uint8Array(RGBA) });
}

Deno.test("a template keeps its alpha and the colours under it, from bytes, path, URL and pixels", async () => {
  const points = [{ x: 0, y: 0 }];
  const file = await Deno.makeTempFile({ suffix: ".png" });
  await Deno.writeFile(file, png());
  try {
    const pixels = { width: 2, height: 2, data: new Uint8ClampedArray(RGBA) };
    const url = new URL(`file://${file}`);
    for (const input of [png(), file, url, pixels]) {
      const { texture, points: kept } = await loadMaskTemplate(input, points);
      assertEquals([texture.width, texture.height], [2, 2]);
      assertEquals([...texture.data], RGBA);
      assertEquals(kept, points);
    }
  } finally {
    await Deno.remove(file);
  }
  const opaque = encode({ width: 1, height: 1, channels: 3, data: new Uint8Array([1, 2, 3]) });
  assertEquals([...(await loadMaskTemplate(opaque, [])).texture.data], [1, 2, 3, 255]);
});

Deno.test("a template that is none is an error that says so", async () => {
  await assertRejects(() => loadMaskTemplate(new Uint8Array([1, 2, 3]), []), ImageDecodeError);
  await assertRejects(() => loadMaskTemplate("no/such/mask.png", []), ImageReadError, "no/such");
  const secret = loadMaskTemplate("https://me:secret@example.org/mask.png?key=1", []);
  const { message } = await assertRejects(() => secret, InvalidArgumentError, "new URL");
  assert(!/secret|key=1/.test(message), message);
  await assertRejects(
    () => loadMaskTemplate(png(), [{ x: 0, y: Infinity }]),
    InvalidArgumentError,
  );
});

const CONFIG = `; a comment
[left]
template:   masks/left.png
mask_c: 30, 1.5
mask_a: -4, 2
mask_b = 15, 0
mask_d: 1, 20
mask_e: 14, 30
mask_f: 29, 21
;[old]
;template: masks/old.png
# another comment

[empty]
[right]
template: masks/right.png
`;

Deno.test("masks.cfg: six points by letter whatever the order, comments, empty sections", () => {
  const points = ["a", "b", "c", "d", "e", "f"].map((letter, i) => `mask_${letter}: ${i}, 7\r\n`);
  const masks = parseMaskTheFaceConfig(CONFIG + points.join(""));
  assertEquals([...masks.keys()], ["left", "right"]);
  assertEquals(masks.get("left"), {
    file: "masks/left.png",
    points: [
      { x: -4, y: 2 },
      { x: 15, y: 0 },
      { x: 30, y: 1.5 },
      { x: 1, y: 20 },
      { x: 14, y: 30 },
      { x: 29, y: 21 },
    ],
  });
  assertEquals(masks.get("right")?.points[5], { x: 5, y: 7 });
});

Deno.test("masks.cfg that is broken is refused with the place", () => {
  const refused = (text: string, says: string): void =>
    void assertThrows(() => parseMaskTheFaceConfig(text), InvalidArgumentError, says);
  refused(CONFIG, '"right" of the mask config as its mask_a is missing');
  refused("[a]\ntemplate: b.png\nmask_a: 1 2", "mask_a is 1 2");
  refused("[a]\ntemplate: b.png\nmask_a: 1, 2.3.4", "mask_a is 1, 2.3.4");
  refused("mask_a: 1, 2", "line 1");
  refused("[a]\n\nwhat is this", "line 3");
});

Deno.test("a template's points land on the face's", () => {
  const points = [[0, 0], [9, 0], [9, 5], [0, 5]].map(([x, y]) => ({ x, y }));
  const target = [[20, 60], [80, 55], [70, 105], [30, 100]].map(([x, y]) => ({ x, y }));
  const texture = { width: 10, height: 6, data: new Uint8ClampedArray(240).fill(90) };
  for (let i = 3; i < 240; i += 4) texture.data[i] = 255;
  const region = { x: 0, y: 0, width: 112, height: 112 };
  const layer = templateLayer({ texture, points }, target, region);
  target.forEach((point, k) => {
    const { x, y } = applyHomography(layer.pieces[0].toTexture, point);
    assertAlmostEquals(x, points[k].x, 1e-9);
    assertAlmostEquals(y, points[k].y, 1e-9);
  });
  const white = { width: 112, height: 112, data: new Uint8ClampedArray(112 * 112 * 4).fill(255) };
  const { data } = maskOverlay(white, [layer]);
  const at = (x: number, y: number): number => data[(y * 112 + x) * 4];
  assertEquals([at(20, 60), at(79, 57), at(50, 80), at(50, 110), at(10, 80)], [
    90,
    90,
    90,
    255,
    255,
  ]);
  assertThrows(
    () => templateLayer({ texture, points }, target.slice(1), region),
    InvalidArgumentError,
  );
});

testWithShared("MaskTheFace's masks.cfg and pictures", async (data) => {
  const folder = `${data}/mask-templates`;
  const masks = parseMaskTheFaceConfig(await Deno.readTextFile(`${folder}/masks.cfg`));
  assert(masks.size >= 12 && !masks.has("empty"), `${[...masks.keys()]}`);
  assertEquals(masks.get("N95_right")?.points[2], { x: 979, y: 331 });
  for (const name of ["surgical", "surgical_blue", "surgical_left", "N95", "N95_right"]) {
    const { file, points } = masks.get(name)!;
    const template = await loadMaskTemplate(`${folder}/${file.split("/").at(-1)}`, points);
    const { texture } = template;
    const alphas = texture.data.filter((_, i) => i % 4 === 3);
    assert(alphas.includes(0) && alphas.includes(255), `${name} has no alpha`);
    // A face in a crop: hem from ear to ear over the nose bridge, and along the chin.
    const target = [[10, 60], [56, 52], [102, 60], [18, 92], [56, 110], [94, 92]]
      .map(([x, y]) => ({ x, y }));
    const picture = {
      width: 112,
      height: 112,
      data: new Uint8ClampedArray(112 * 112 * 4).fill(255),
    };
    const region = { x: 0, y: 0, width: 112, height: 112 };
    const { data: drawn } = maskOverlay(picture, [templateLayer(template, target, region)]);
    const changed = drawn.filter((level, i) => i % 4 === 0 && level !== 255).length / 112 ** 2;
    assert(changed > 0.2 && changed < 0.55, `${name} covers ${changed}`);
    assertEquals(drawn.slice(0, 30 * 112 * 4).every((level) => level === 255), true, name);
  }
});
