// The overlay kernel: colours worked out by hand, and WebGPU against TypeScript within one grey level.
// Photos come back through warp_affine, one 112x112 crop after the other, as the pipeline reads them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Backend, Photo } from "../../src/kernels/mod.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import type { Image } from "../../src/image/image.ts";
import { type Homography, invertHomography } from "../../src/math/homography.ts";
import type { MaskBlend, MaskLayer, MaskTexture } from "../../src/kernels/mask_overlay/layer.ts";
import { maskOverlay } from "../../src/kernels/mask_overlay/cpu.ts";
import { maskOverlayKernel } from "../../src/kernels/mask_overlay/mod.ts";
import { backendTest, note, random, rgbSpec, texture, webgpuTest } from "./helpers.ts";

const SAME: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const PLAIN: MaskBlend = { kind: "alpha", gain: [1, 1, 1] };
const CROP = 112;

function grey(width: number, height: number, level: number): Image {
  const data = new Uint8ClampedArray(width * height * 4).fill(level);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width, height, data };
}

function texels(width: number, ...rgba: number[]): MaskTexture {
  const data = new Uint8ClampedArray(rgba);
  return { width, height: data.length / 4 / width, data };
}

/** A mask of noise with a hole, a soft rim, and colours under its transparent parts. */
function noisyMask(width: number, height: number, seed: number): MaskTexture {
  const { data } = texture(width, height, seed);
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const radius = Math.hypot(2 * x / width - 1, 2 * y / height - 1);
      data[i] = radius < 0.2 ? 0 : 900 * (1 - radius);
    }
  }
  return { width, height, data };
}

function layerOf(texture: MaskTexture, image: Image, rest: Partial<MaskLayer> = {}): MaskLayer {
  const region = { x: 0, y: 0, width: image.width, height: image.height };
  return { region, texture, pieces: [{ toTexture: SAME }], blend: PLAIN, ...rest };
}

function levels(image: Image, channel = 0): number[] {
  return [...image.data].filter((_, i) => i % 4 === channel);
}

Deno.test("alpha: gain, light, rounding and clamping, by hand", () => {
  const picture = grey(3, 1, 100);
  const mask = texels(3, 10, 10, 10, 255, 200, 200, 200, 51, 90, 90, 90, 0);
  const drawn = maskOverlay(picture, [layerOf(mask, picture)]);
  // 0.2 * 200 + 0.8 * 100 = 120
  assertEquals(levels(drawn), [10, 120, 100]);
  assertEquals(levels(picture), [100, 100, 100], "the picture was changed");
  const light = { size: 2, factors: new Float32Array([1, 2, 1, 2]) };
  const lit = maskOverlay(picture, [
    layerOf(mask, picture, { blend: { kind: "alpha", gain: [1, 0.25, 60], light } }),
  ]);
  // Light 1, 1.5 and 2 over the three texels; 2.5 becomes 3, 600 becomes 255.
  assertEquals(levels(lit), [10, 140, 100]);
  assertEquals(levels(lit, 1), [3, 95, 100]);
  assertEquals(levels(lit, 2), [255, 255, 100]);
  assertEquals(levels(lit, 3), [255, 255, 255]);
});

Deno.test("alpha: half way between two texels, and no fringe of a transparent one", () => {
  const picture = grey(4, 1, 100);
  const half: Homography = [1, 0, -0.5, 0, 1, 0, 0, 0, 1];
  const solid = texels(2, 0, 0, 0, 255, 200, 200, 200, 255);
  const shifted = layerOf(solid, picture, { pieces: [{ toTexture: half }] });
  // Half black over the picture; between the texels; half of the second; outside.
  assertEquals(levels(maskOverlay(picture, [shifted])), [50, 100, 150, 100]);
  const rim = layerOf(texels(2, 0, 0, 0, 0, 200, 200, 200, 255), picture, {
    pieces: [{ toTexture: half }],
  });
  assertEquals(levels(maskOverlay(picture, [rim])), [100, 150, 150, 100]);
});

Deno.test("maskinv: the formula by hand, with its wrap around 256", () => {
  const picture = grey(4, 1, 100);
  const mask = texels(4, 200, 30, 0, 255, 90, 90, 90, 0, 60, 60, 60, 102, 0, 0, 0, 255);
  const blend = { kind: "maskinv", offset: [0, 149, 0] } as const;
  const drawn = maskOverlay(picture, [layerOf(mask, picture, { blend })]);
  // Opaque: 0 - 200 = 56 (mod 256). Transparent: the picture. a = 0.4: 0.4 (153 - 60) + 60 = 97.2. Opaque black: 0.
  assertEquals(levels(drawn), [56, 100, 97, 0]);
  // 149 - 30 = 119; 0.4 (153 - 60 + 149) + 60 = 156.8; 149.
  assertEquals(levels(drawn, 1), [119, 100, 156, 149]);
});

Deno.test("maskinv: colours are not weighed with alpha", () => {
  const picture = grey(3, 1, 0);
  const mask = texels(2, 240, 240, 240, 0, 40, 40, 40, 204);
  const blend = { kind: "maskinv", offset: [0, 0, 0] } as const;
  const pieces = [{ toTexture: [1, 0, -0.5, 0, 1, 0, 0, 0, 1] as const }];
  // At 1: a = 0.4 and v = 140: 0.4 (153 - 140) = 5.2; at 2: a = 0.4, v = 20: 53.2.
  assertEquals(levels(maskOverlay(picture, [layerOf(mask, picture, { blend, pieces })])), [
    0,
    5,
    53,
  ]);
});

Deno.test("triangles: corners and edges are inside, the first piece draws a shared edge", () => {
  const picture = grey(5, 5, 0);
  const dark = texels(1, 100, 100, 100, 255), size = 4;
  const everywhere: Homography = [0, 0, 0, 0, 0, 0, 0, 0, 1];
  const [a, b, c, d] = [[0, 0], [size, 0], [0, size], [size, size]].map(([x, y]) => ({ x, y }));
  for (const triangle of [[a, b, c], [a, c, b]] as const) {
    const half = maskOverlay(picture, [
      layerOf(dark, picture, { pieces: [{ triangle, toTexture: everywhere }] }),
    ]);
    const expected = Array.from({ length: 25 }, (_, i) => i % 5 + Math.floor(i / 5) <= 4 ? 100 : 0);
    assertEquals(levels(half), expected);
  }
  // Half transparent, so that what is drawn twice would show.
  const glass = texels(1, 200, 200, 200, 51);
  const both = maskOverlay(picture, [layerOf(glass, picture, {
    pieces: [{ triangle: [a, b, c], toTexture: everywhere }, {
      triangle: [d, c, b],
      toTexture: everywhere,
    }],
  })]);
  assertEquals(levels(both), Array(25).fill(40));
});

Deno.test("layers are drawn in order, within their regions and the picture", () => {
  const picture = grey(4, 1, 0);
  const glass = texels(1, 200, 200, 200, 51);
  const pieces = [{ toTexture: [0, 0, 0, 0, 0, 0, 0, 0, 1] as const }];
  const first = layerOf(texels(1, 100, 100, 100, 255), picture, {
    pieces,
    region: { x: -7, y: -1, width: 10, height: 9 },
  });
  const second = layerOf(glass, picture, { pieces, region: { x: 2, y: 0, width: 9, height: 1 } });
  assertEquals(levels(maskOverlay(picture, [first, second])), [100, 100, 120, 40]);
  assertEquals(levels(maskOverlay(picture, [second, first])), [100, 100, 100, 40]);
});

Deno.test("what leads nowhere draws nothing; what is malformed is refused", () => {
  const picture = grey(4, 4, 7);
  const mask = texels(1, 100, 100, 100, 255);
  const point = { x: 1, y: 1 };
  const draw = (rest: Partial<MaskLayer>): Image =>
    maskOverlay(picture, [layerOf(mask, picture, rest)]);
  for (
    const pieces of [
      [],
      [{ toTexture: [NaN, 0, 0, 0, 1, 0, 0, 0, 1] }],
      [{ toTexture: [0, 0, 0, 0, 0, 0, 0, 0, 0] }],
      [{ triangle: [point, point, { x: 3, y: 3 }], toTexture: SAME }],
      [{ triangle: [point, { x: NaN, y: 0 }, { x: 3, y: 3 }], toTexture: SAME }],
    ] as const
  ) assertEquals(draw({ pieces }).data, picture.data);
  const region = { x: 0, y: 0, width: 4, height: 4 };
  assertEquals(draw({ region: { ...region, x: 9 } }).data, picture.data);
  assertEquals(draw({ region: { ...region, width: 0 } }).data, picture.data);
  const light = { size: 2, factors: new Float32Array(3) };
  for (
    const rest of [
      { region: { ...region, x: 0.5 } },
      { region: { ...region, width: -1 } },
      { texture: { ...mask, width: 2 } },
      { texture: { ...mask, width: 0, data: new Uint8ClampedArray(0) } },
      { blend: { kind: "alpha", gain: [1, 1, 1], light } },
      { blend: { kind: "maskinv", offset: [0, 0, NaN] } },
    ] as const
  ) assertThrows(() => draw(rest), InvalidArgumentError);
});

/** A photo's pixels in rows of crops. */
async function pixels(backend: Backend, photo: Photo): Promise<Float32Array> {
  const jobs = [];
  for (let y = 0; y < photo.height; y += CROP) {
    for (let x = 0; x < photo.width; x += CROP) {
      jobs.push({ photo, cropToPhoto: [1, 0, x, 0, 1, y] as const });
    }
  }
  using block = backend.warpAffine(
    jobs,
    { ...rgbSpec(CROP), mean: [0, 0, 0], scale: [1, 1, 1] },
    false,
  );
  const [values] = await backend.read(block);
  return values;
}

async function assertDraws(
  backend: Backend,
  name: string,
  image: Image,
  layers: readonly MaskLayer[],
): Promise<void> {
  const overlay = await backend.prepare(maskOverlayKernel);
  using photo = backend.upload(image);
  using drawn = overlay(photo, layers);
  using expected = backend.upload(maskOverlay(image, layers));
  const [actual, wanted, before] = [
    await pixels(backend, drawn),
    await pixels(backend, expected),
    await pixels(backend, photo),
  ];
  let within = 0, changed = 0, worst = 0, exact = 0, touched = 0;
  for (let i = 0; i < actual.length; i += 3) {
    let difference = 0, isMask = false;
    for (let k = i; k < i + 3; k++) {
      difference = Math.max(difference, Math.abs(actual[k] - wanted[k]));
      isMask ||= Math.round(wanted[k]) !== Math.round(before[k]);
    }
    touched++;
    if (isMask) changed++;
    if (difference < 0.01) exact++;
    if (difference < 1.01) within++;
    worst = Math.max(worst, difference);
  }
  note(
    `mask_overlay, ${name}: ${changed} of ${touched} pixels changed, ` +
      `${(100 * exact / touched).toFixed(4)}% same, ${(100 * within / touched).toFixed(4)}% ` +
      `within 1, worst ${Math.round(worst)}`,
  );
  // The share is of the pixels that the masks changed; the others are the same anyway.
  assert(touched - within <= 0.001 * changed, `${name}: ${touched - within} of ${changed} differ`);
}

/** A projective map to the texture from where it lies turned, scaled and tilted around (x, y). */
function lying(mask: MaskTexture, x: number, y: number, size: number, angle: number): Homography {
  const s = size / mask.width, cos = s * Math.cos(angle), sin = s * Math.sin(angle);
  const u = mask.width / 2, v = mask.height / 2;
  const tilt = 0.4 / mask.width;
  const cx = x - cos * u + sin * v, cy = y - sin * u - cos * v;
  // Affine first, then every row gains a part of w, which keeps the middle about where it was.
  return invertHomography([
    ...[cos + tilt * x, -sin, cx - tilt * u * x] as const,
    ...[sin + tilt * y, cos, cy - tilt * u * y] as const,
    ...[tilt, 0, 1 - tilt * u] as const,
  ]);
}

const LIGHT = {
  size: 3,
  factors: new Float32Array([0.6, 1, 1.3, 0.8, 1, 0.7, 1.2, 0.5, 0.9]),
};
const BLENDS: readonly MaskBlend[] = [
  { kind: "alpha", gain: [1, 0.8, 1.2], light: LIGHT },
  { kind: "maskinv", offset: [0, 77, 149] },
  { kind: "alpha", gain: [0.9, 0.9, 0.9] },
  {
    kind: "alpha",
    gain: [1, 1, 1],
    light: { size: 2, factors: new Float32Array([1.1, 0.3, 0.5, 1.4]) },
  },
];

backendTest("mask_overlay is the TypeScript kernel", async (backend) => {
  const image = texture(448, 336);
  const big = noisyMask(301, 200, 1),
    small = noisyMask(40, 64, 2),
    dot = texels(1, 9, 99, 199, 200);
  for (const blend of BLENDS) {
    for (
      const [name, mask, x, y, size, angle] of [
        ["shrunk", big, 200, 150, 180.3, 0.2],
        ["enlarged", small, 200.3, 150.7, 300, -2.5],
        ["over the corner", big, 3, 330, 200, 0.7],
        ["one texel", dot, 100, 100, 90, 0],
      ] as const
    ) {
      const pieces = [{ toTexture: lying(mask, x, y, size, angle) }];
      const layer = layerOf(mask, image, { pieces, blend });
      await assertDraws(backend, `${name}, ${blend.kind}`, image, [layer]);
    }
  }
  await assertDraws(backend, "no layer", image, []);
});

/** A bumpy mesh of triangles over a circle, each with its own map. */
function meshOn(
  mask: MaskTexture,
  x: number,
  y: number,
  size: number,
  seed: number,
): MaskLayer["pieces"] {
  const next = random(seed), cells = 7, step = size / cells;
  const corners = Array.from({ length: (cells + 1) ** 2 }, (_, k) => ({
    x: x - size / 2 + step * (k % (cells + 1)) + step * 0.4 * next(),
    y: y - size / 2 + step * Math.floor(k / (cells + 1)) + step * 0.4 * next(),
  }));
  return Array.from({ length: cells * cells }, (_, k) => {
    const at = k + Math.floor(k / cells);
    const [a, b, c, d] = [at, at + 1, at + cells + 1, at + cells + 2].map((i) => corners[i]);
    const toTexture = lying(mask, x + 3 * next(), y + 3 * next(), size, 0.1 * next());
    return [{ triangle: [a, b, c], toTexture }, { triangle: [b, d, c], toTexture }] as const;
  }).flat();
}

backendTest("mask_overlay draws meshes of triangles, layers over layers", async (backend) => {
  const image = texture(448, 336);
  const masks = [noisyMask(200, 150, 3), noisyMask(90, 90, 4)];
  const layers = Array.from({ length: 9 }, (_, i) =>
    layerOf(masks[i % 2], image, {
      region: { x: 30 * i, y: 20 * i, width: 190, height: 150 },
      pieces: meshOn(masks[i % 2], 30 * i + 90, 20 * i + 70, 160, i),
      blend: BLENDS[i % 4],
    }));
  await assertDraws(backend, "nets", image, layers);
});

backendTest("mask_overlay keeps its precision 8000 pixels out", async (backend) => {
  const image = texture(8064, 112);
  const mask = noisyMask(1000, 600, 5);
  const layers = [7400.3, 7700.1].map((x, i) =>
    layerOf(mask, image, {
      pieces: [{ toTexture: lying(mask, x, 50, 200, 0.3) }],
      blend: BLENDS[i],
    })
  );
  layers.push(layerOf(mask, image, { pieces: meshOn(mask, 7990, 50, 120, 6) }));
  await assertDraws(backend, "8000 wide", image, layers);
});

backendTest("mask_overlay takes a batch of 256 crops as one tall picture", async (backend) => {
  const image = texture(CROP, 256 * CROP);
  const masks = [noisyMask(400, 270, 7), noisyMask(80, 60, 8)];
  const next = random(9);
  const layers = Array.from({ length: 256 }, (_, i) => {
    const region = { x: 0, y: i * CROP, width: CROP, height: CROP };
    const toTexture = lying(masks[i % 2], 56 + 9 * next(), i * CROP + 80, 75, next() - 0.5);
    return { region, texture: masks[i % 2], pieces: [{ toTexture }], blend: BLENDS[i % 4] };
  });
  await assertDraws(backend, "256 crops", image, layers);
});

webgpuTest("mask_overlay leaves no memory behind, also when it fails", async (backend) => {
  const image = texture(200, 100);
  const mask = noisyMask(50, 40, 1);
  const layers = [0, 1].map(() => layerOf(mask, image));
  const bad = layerOf(mask, image, { region: { x: 0.5, y: 0, width: 9, height: 9 } });
  const overlay = await backend.prepare(maskOverlayKernel);
  const cycle = async (): Promise<void> => {
    using photo = backend.upload(image);
    using drawn = overlay(photo, layers);
    assertThrows(() => overlay(drawn, [bad]), InvalidArgumentError);
    await pixels(backend, drawn);
  };
  await cycle();
  const after = backend.memory;
  assertEquals(after.live, 0);
  for (let i = 0; i < 20; i++) await cycle();
  assertEquals(backend.memory, after);
});
