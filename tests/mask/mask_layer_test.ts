// What a mask takes from the photo: its light, of four numbers, its exposure, and nothing of the face below.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { fromPixels, type Image } from "../../src/image/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import type { MaskLayer } from "../../src/kernels/mask_overlay/layer.ts";
import { maskLayer } from "../../src/mask/mask_layer.ts";

const SIZE = 112;
const WHOLE = { x: 0, y: 0, width: SIZE, height: SIZE };
const OPTIONS = { kind: "cloth", color: "#888888", seed: 4 } as const;
const mesh = await loadMesh();

async function loadMesh(): Promise<Float32Array> {
  await using verifier = await createVerifier({ device: "wasm", maxFaces: 1 });
  const { faces: [{ mesh, box }] } = await verifier.detect("tests/photos/collins.jpg", {
    mesh: true,
  });
  assert(mesh);
  const scale = 80 / box.width;
  return mesh.map((value, i) =>
    [(value - box.x) * scale + 16, (value - box.y) * scale + 16, value * scale][i % 3]
  );
}

function picture(level: (x: number, y: number) => number, tint = [1, 0.8, 0.7]): Image {
  const data = new Uint8ClampedArray(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      data.set(tint.map((share) => share * level(x, y)), (y * SIZE + x) * 3);
    }
  }
  return fromPixels({ width: SIZE, height: SIZE, data });
}

function alphaBlend({ blend }: MaskLayer): {
  readonly gain: readonly number[];
  readonly size: number;
  readonly factors: Float32Array;
} {
  assert(blend.kind === "alpha" && blend.light);
  return { gain: blend.gain, ...blend.light };
}

const layerOf = (image: Image): MaskLayer => maskLayer(mesh, WHOLE, OPTIONS, image);

Deno.test("light from the left makes the mask's left brighter, within the limits", () => {
  const { size, factors } = alphaBlend(layerOf(picture((x) => 210 - 1.5 * x)));
  const middle = Math.floor(size / 2) * size;
  assert(factors[middle + 1] > factors[middle + size - 2] + 0.1, factors.join(" "));
  const mirrored = alphaBlend(layerOf(picture((x) => 40 + 1.5 * x))).factors;
  assert(mirrored[middle + 1] < mirrored[middle + size - 2] - 0.1, mirrored.join(" "));
  const hard = alphaBlend(layerOf(picture((x) => x < SIZE / 2 ? 255 : 5))).factors;
  assert(hard.every((factor) => factor >= 0.6 && factor <= 1.35), hard.join(" "));
});

Deno.test("light has no more than four numbers of the photo in it", () => {
  const rows = Array.from({ length: 12 }, (_, seed) => {
    const random = randomNumbers(seed);
    const noise = Float32Array.from({ length: SIZE * SIZE }, random);
    return [...alphaBlend(layerOf(picture((x, y) => 130 + 30 * noise[y * SIZE + x]))).factors];
  });
  assertEquals(rank(rows), 4);
});

/** The rank by Gram-Schmidt: rows that are not a mixture of those before. */
function rank(rows: readonly number[][]): number {
  const basis: number[][] = [];
  for (const row of rows) {
    let left = row;
    for (const unit of [...basis, ...basis]) {
      const share = left.reduce((sum, value, i) => sum + value * unit[i], 0);
      left = left.map((value, i) => value - share * unit[i]);
    }
    const length = Math.hypot(...left);
    if (length > 1e-5 * Math.hypot(...row)) basis.push(left.map((value) => value / length));
  }
  return basis.length;
}

Deno.test("the mouth below the mask changes nothing of it", () => {
  const plain = picture(() => 130);
  const painted = { ...plain, data: plain.data.slice() };
  const [x, y] = [mesh[3 * 13], mesh[3 * 13 + 1]].map(Math.round);
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -5; dx <= 5; dx++) {
      painted.data.set([255, 0, 0], ((y + dy) * SIZE + x + dx) * 4);
    }
  }
  assertEquals(layerOf(painted), layerOf(plain));
});

Deno.test("dark photos make dark masks, grey photos grey ones", () => {
  const [dark, bright] = [40, 220].map((level) =>
    alphaBlend(layerOf(picture(() => level))).gain[1]
  );
  assert(dark < 0.6 && bright > 0.85, `${dark} ${bright}`);
  const colored = maskLayer(mesh, WHOLE, { ...OPTIONS, color: "#2a6" }, picture(() => 130));
  const grey = maskLayer(mesh, WHOLE, { ...OPTIONS, color: "#2a6" }, picture(() => 130, [1, 1, 1]));
  const spread = ({ texture: { data, width, height } }: MaskLayer): number => {
    const at = (Math.round(height * 0.4) * width + Math.round(width * 0.4)) * 4;
    return Math.max(...data.subarray(at, at + 3)) - Math.min(...data.subarray(at, at + 3));
  };
  assert(spread(colored) > 60);
  assertEquals(spread(grey), 0);
});

Deno.test("strongly coloured light tints the mask, the colour of ordinary skin does not", () => {
  const gains = [[1, 0.8, 0.7], [0.9, 0.6, 0.45], [1, 0.35, 0.1], [0.5, 0.9, 1]]
    .map((tint) => alphaBlend(layerOf(picture(() => 160, tint))).gain);
  for (const [r, g, b] of gains.slice(0, 2)) assertEquals([r, b], [g, g]);
  const [, , orange, blue] = gains;
  assert(orange[0] > 1.4 * orange[1] && orange[2] < 0.8 * orange[1], orange.join(" "));
  assert(blue[0] < 0.8 * blue[2], blue.join(" "));
});

Deno.test("the layer stays in its region, and has no pixels where they do not meet", () => {
  const image = picture(() => 130), region = { x: 10, y: 20, width: 50, height: 60 };
  const { x, y, width, height } = maskLayer(mesh, region, OPTIONS, image).region;
  assert(x >= 10 && y >= 20 && x + width <= 60 && y + height <= 80 && width > 20 && height > 20);
  const corner = maskLayer(mesh, { x: 0, y: 0, width: 5, height: 5 }, OPTIONS, image).region;
  assertEquals([corner.width, corner.height], [0, 0]);
});

Deno.test("a face outside of the picture gets even light", () => {
  const away = mesh.map((value, i) => i % 3 === 0 ? value + 1000 : value);
  const { factors, gain } = alphaBlend(maskLayer(away, WHOLE, OPTIONS, picture(() => 130)));
  assert(factors.every((factor) => Math.abs(factor - 1) < 1e-6));
  assert(gain.every((value) => value > 0.5));
});

Deno.test("a mesh that is none is refused", () => {
  const image = picture(() => 130);
  assertThrows(
    () => maskLayer(mesh.subarray(0, 300), WHOLE, OPTIONS, image),
    InvalidArgumentError,
    "300 numbers",
  );
  const broken = mesh.slice();
  broken[70] = NaN;
  assertThrows(() => maskLayer(broken, WHOLE, OPTIONS, image), InvalidArgumentError, "finite");
  // All points in one place: nothing to draw, and no numbers that are not finite.
  const { pieces, blend } = maskLayer(new Float32Array(468 * 3).fill(50), WHOLE, OPTIONS, image);
  assertEquals(pieces, []);
  assert(blend.kind === "alpha" && blend.light!.factors.every(Number.isFinite));
});
