// The paper's mask against its formula: on a tiny texture with numbers worked out by hand, and on the authors' mask
// where ../shared has it.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { decodeRgba } from "../../src/image/decode.ts";
import type { Image } from "../../src/image/image.ts";
import { applyHomography } from "../../src/math/homography.ts";
import type { MaskTexture } from "../../src/kernels/mask_overlay/layer.ts";
import {
  type FivePoints,
  OFFICIAL_LANDMARKS,
  officialLayer,
  type OfficialOptions,
} from "../../src/mask/official.ts";
import { maskOverlay } from "../../src/kernels/mask_overlay/cpu.ts";
import { texture } from "../kernels/helpers.ts";
import { testWithShared } from "../hosts.ts";

const SIZE = 112;
const region = { x: 0, y: 0, width: SIZE, height: SIZE };

Deno.test("a tiny mask that lies mirrored, by hand", () => {
  // Five points that the mirror image x -> 3 - x carries over exactly, and 2 down.
  const templatePoints: FivePoints = [[0, 0], [3, 0], [1, 1], [0, 2], [3, 3]]
    .map(([x, y]) => ({ x, y })) as unknown as FivePoints;
  const landmarks = templatePoints.map(({ x, y }) => ({
    x: 3 - x,
    y: y + 2,
  })) as unknown as FivePoints;
  const row = [[10, 20, 30, 255], [250, 100, 0, 255], [80, 80, 80, 51], [9, 9, 9, 0]];
  const mask = { width: 4, height: 1, data: new Uint8ClampedArray(row.flat()) };
  const picture = { width: 5, height: 4, data: new Uint8ClampedArray(80).fill(200) };
  for (let i = 3; i < 80; i += 4) picture.data[i] = 255;
  const options = { templatePoints, landmarks, offset: [100, 0, 40] } as const;
  const layer = officialLayer(mask, { ...options, region: { ...region, width: 5, height: 4 } });
  const { data } = maskOverlay(picture, [layer]);
  // Only row 2, from the mask's last texel to its first: transparent, a fifth, opaque, opaque, outside.
  // A fifth: 0.2 (204 - 80 + offset) + 160 = 204.8, 184.8, 192.8. Opaque: offset - value, modulo 256.
  const expected = [
    ...[200, 200, 200, 255],
    ...[204, 184, 192, 255],
    ...[106, 156, 40, 255],
    ...[90, 236, 10, 255],
    ...[200, 200, 200, 255],
  ];
  assertEquals([...data.slice(40, 60)], expected);
  assertEquals(data.slice(0, 40), picture.data.slice(0, 40));
  assertEquals(data.slice(60), picture.data.slice(60));
});

Deno.test("rs shifts the template points down, rx to the right", () => {
  const mask = { width: 1627, height: 1085, data: new Uint8ClampedArray(1627 * 1085 * 4) };
  const at = (options: Partial<OfficialOptions>): { x: number; y: number } =>
    applyHomography(officialLayer(mask, { region, ...options }).pieces[0].toTexture, {
      x: 48,
      y: 71,
    });
  const still = at({});
  // The map is the same as before after the shift, so that the picture's points read shifted texels.
  const moved = at({ rs: 30, rx: -7 });
  assertAlmostEquals(moved.x - still.x, -7, 1e-6);
  assertAlmostEquals(moved.y - still.y, 30, 1e-6);
  const lower = officialLayer(mask, { region: { ...region, x: 200, y: 1120 } });
  const there = applyHomography(lower.pieces[0].toTexture, { x: 248, y: 1191 });
  assertAlmostEquals(there.x, still.x, 1e-6);
  assertAlmostEquals(there.y, still.y, 1e-6);
});

Deno.test("the seed chooses what is not given, within the paper's ranges", () => {
  const mask = { width: 1627, height: 1085, data: new Uint8ClampedArray(1627 * 1085 * 4) };
  const make = (options: Partial<OfficialOptions>): ReturnType<typeof officialLayer> =>
    officialLayer(mask, { region, ...options });
  assertEquals(make({ seed: 5 }), make({ seed: 5, rs: undefined }));
  assertNotEquals(make({ seed: 5 }).pieces, make({ seed: 6 }).pieces);
  assertEquals(make({ seed: 5, rs: 0, rx: 0 }).pieces, make({}).pieces);
  assertEquals(make({ seed: 5, offset: [1, 2, 3] }).blend, { kind: "maskinv", offset: [1, 2, 3] });
  assertEquals(make({}).blend, { kind: "maskinv", offset: [0, 0, 0] });
  const [x, y] = [new Set<number>(), new Set<number>()], offsets = new Set<number>();
  const still = applyHomography(make({}).pieces[0].toTexture, { x: 50, y: 70 });
  for (let seed = 0; seed < 1500; seed++) {
    const { pieces: [{ toTexture }], blend } = make({ seed });
    const place = applyHomography(toTexture, { x: 50, y: 70 });
    x.add(Math.round(place.x - still.x));
    y.add(Math.round(place.y - still.y));
    assert(blend.kind === "maskinv");
    blend.offset.forEach((value) => offsets.add(value));
  }
  assertEquals([Math.min(...x), Math.max(...x), x.size], [-10, 9, 20]);
  assertEquals([Math.min(...y), Math.max(...y), y.size], [-40, 39, 80]);
  assertEquals([Math.min(...offsets), Math.max(...offsets), offsets.size], [0, 149, 150]);
});

Deno.test("what the paper's mask cannot be is refused", () => {
  const mask = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  const same = OFFICIAL_LANDMARKS.map(() => ({ x: 1, y: 1 })) as unknown as FivePoints;
  for (
    const options of [
      { rs: NaN },
      { rx: Infinity },
      { offset: [0, 150, 0] },
      { offset: [0, -1, 0] },
      { landmarks: same },
      { templatePoints: same },
    ] as const
  ) {
    assertThrows(() => officialLayer(mask, { region, ...options }), InvalidArgumentError);
  }
});

async function officialMask(data: string): Promise<MaskTexture> {
  return await decodeRgba(await Deno.readFile(`${data}/mask-templates/maskinv-official.png`));
}

/** The formula of ../shared/README.md as it stands there, pixel by pixel; channel 3 has the alpha 0..255. */
function formula(picture: Image, mask: MaskTexture, options: OfficialOptions): Float64Array {
  const { toTexture } = officialLayer(mask, options).pieces[0];
  const out = new Float64Array(picture.data.length);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const { x: u, y: v } = applyHomography(toTexture, { x, y });
      const read = (k: number): number => {
        let sum = 0;
        for (let j = 0; j < mask.height; j++) {
          if (Math.abs(j - v) >= 1) continue;
          for (let i = Math.max(0, Math.floor(u)); i <= Math.min(mask.width - 1, u + 1); i++) {
            const weight = Math.max(0, 1 - Math.abs(i - u)) * (1 - Math.abs(j - v));
            sum += weight * mask.data[(j * mask.width + i) * 4 + k];
          }
        }
        return sum;
      };
      const at = (y * picture.width + x) * 4, a = read(3) / 255;
      out[at + 3] = a * 255;
      for (let k = 0; k < 3; k++) {
        const over = 255 * (1 - a) - read(k) + options.offset![k];
        out[at + k] = ((Math.trunc(a * over + (1 - a) * picture.data[at + k]) % 256) + 256) % 256;
      }
    }
  }
  return out;
}

testWithShared("the authors' mask: coverage, and every pixel by the formula", async (data) => {
  const mask = await officialMask(data);
  assertEquals([mask.width, mask.height], [1627, 1085]);
  const picture = texture(SIZE, SIZE);
  for (
    const [options, covers] of [
      [{ region, offset: [37, 90, 149] }, true],
      [{ region, seed: 3, offset: [0, 1, 148] }, false],
    ] as const
  ) {
    const expected = formula(picture, mask, options);
    const drawn = maskOverlay(picture, [officialLayer(mask, options)]).data;
    let worst = 0, covered = 0, left = SIZE, right = 0, top = SIZE, bottom = 0;
    for (let p = 0; p < SIZE * SIZE; p++) {
      for (let k = 0; k < 3; k++) {
        const difference = Math.abs(drawn[p * 4 + k] - expected[p * 4 + k]);
        // 255 and 0 are neighbours here.
        worst = Math.max(worst, Math.min(difference, 256 - difference));
      }
      // A tenth of the opacity: the file has faint dust around the mask.
      if (expected[p * 4 + 3] >= 25.5) {
        covered++;
        left = Math.min(left, p % SIZE);
        right = Math.max(right, p % SIZE);
        top = Math.min(top, Math.floor(p / SIZE));
        bottom = Math.max(bottom, Math.floor(p / SIZE));
      }
    }
    assert(worst <= 1, `off by ${worst}`);
    if (!covers) continue;
    assertEquals([top, bottom, left, right], [57, 111, 13, 89]);
    assertAlmostEquals(covered / SIZE ** 2, 0.271, 0.002);
  }
});

/** x, y and the mask's grey there, worked out in NumPy from the matrix stated in ../shared/README.md. */
const HAND = [
  [50, 80, 244.75],
  [48, 71, 239.13],
  [30, 95, 235.9],
  [70, 100, 233.5],
  [62, 92, 246.01],
  [40, 108, 218.17],
  [55, 65, 220.58],
  [20, 85, 243],
  [85, 70, 223.22],
  [45, 90, 252.51],
] as const;

testWithShared("the authors' mask: pixels by hand", async (data) => {
  const mask = await officialMask(data);
  const picture = texture(SIZE, SIZE);
  const offset = [20, 60, 100] as const;
  const { data: drawn } = maskOverlay(picture, [officialLayer(mask, { region, offset })]);
  // Inside of the mask, where its alpha is 255, the formula is trunc(offset - grey) mod 256.
  for (const [x, y, grey] of HAND) {
    offset.forEach((added, k) => {
      const level = 256 + Math.trunc(added - grey), seen = drawn[(y * SIZE + x) * 4 + k];
      assert(Math.abs(seen - level) <= 1, `${x}, ${y}: ${seen}, not ${level}`);
    });
  }
  // Above the mask nothing changes.
  assertEquals(drawn.slice(0, 57 * SIZE * 4), picture.data.slice(0, 57 * SIZE * 4));
});
