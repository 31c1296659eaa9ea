// How masks lie on faces: what each coverage covers on real and turned meshes, no cracks, nothing of the hidden side.

import { assert, assertEquals } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import type { Point } from "../../src/math/affine.ts";
import { fromPixels } from "../../src/image/mod.ts";
import { MASK_KINDS, type MaskOptions } from "../../src/mask/kinds.ts";
import type { MaskLayer, MaskPiece } from "../../src/kernels/mask_overlay/layer.ts";
import { maskLayer } from "../../src/mask/mask_layer.ts";

const SIZE = 160;
const WHOLE = { x: 0, y: 0, width: SIZE, height: SIZE };
const GREY = fromPixels({
  width: SIZE,
  height: SIZE,
  data: new Uint8Array(SIZE * SIZE * 3).fill(120),
});
const NOSE = 4, MOUTH_CORNERS = [61, 291], LIPS = [0, 17], CHIN = 152, EYES = [33, 133, 362, 263];

const meshes = await loadMeshes();

/** The faces of the test photos, 80 pixels wide in the middle of a small picture. */
async function loadMeshes(): Promise<Float32Array[]> {
  await using verifier = await createVerifier({ device: "wasm", maxFaces: 1 });
  const found = [];
  for (const name of ["collins", "hopper"]) {
    const { faces: [{ mesh }] } = await verifier.detect(`tests/photos/${name}.jpg`, { mesh: true });
    assert(mesh);
    found.push(turned(mesh, 0));
  }
  return found;
}

/** The mesh turned around its vertical by degrees (positive: to the picture's left), centred. */
function turned(mesh: Float32Array, degrees: number): Float32Array {
  const span = (i: number): number => mesh[3 * 454 + i] - mesh[3 * 234 + i];
  const scale = 80 / Math.hypot(span(0), span(1), span(2));
  const middle = [0, 1, 2].map((i) => (mesh[3 * 454 + i] + mesh[3 * 234 + i]) / 2);
  const cos = Math.cos(degrees * Math.PI / 180), sin = Math.sin(degrees * Math.PI / 180);
  const out = new Float32Array(mesh.length);
  for (let i = 0; i < mesh.length; i += 3) {
    const [x, y, z] = [0, 1, 2].map((k) => (mesh[i + k] - middle[k]) * scale);
    out.set([80 + cos * x + sin * z, 60 + y, cos * z - sin * x], i);
  }
  return out;
}

const at = (mesh: Float32Array, i: number): Point => ({ x: mesh[3 * i], y: mesh[3 * i + 1] });

function layerOf(mesh: Float32Array, options: MaskOptions): MaskLayer {
  return maskLayer(mesh, WHOLE, options, GREY);
}

/** How opaque the mask is at a point, 0..1, by the contract of layer.ts and nothing of the code under test. */
function coverage(
  { pieces, texture: { width, height, data } }: MaskLayer,
  { x, y }: Point,
): number {
  for (const { triangle, toTexture: [a, b, c, d, e, f] } of pieces) {
    const [p, q, r] = triangle!;
    const side = (from: Point, to: Point): number =>
      (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x);
    const sides = [side(p, q), side(q, r), side(r, p)];
    if (!sides.every((s) => s >= 0) && !sides.every((s) => s <= 0)) continue;
    const u = a * x + b * y + c, v = d * x + e * y + f, left = Math.floor(u), top = Math.floor(v);
    let alpha = 0;
    for (let k = 0; k < 4; k++) {
      const px = left + (k & 1), py = top + (k >> 1);
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      alpha += (1 - Math.abs(u - px)) * (1 - Math.abs(v - py)) * data[(py * width + px) * 4 + 3];
    }
    return alpha / 255;
  }
  return 0;
}

/** Whether a piece is of the mask itself; straps and rims are read from the last rows of the texture. */
function isCloth(
  { texture }: MaskLayer,
  { triangle, toTexture: [, , , d, e, f] }: MaskPiece,
): boolean {
  const rows = triangle!.map(({ x, y }) => d * x + e * y + f);
  return (rows[0] + rows[1] + rows[2]) / 3 < texture.height - Math.max(6, texture.width / 16);
}

const SEEDS = [0, 1, 2, 3, 4, 5];
/** A little above the chin's last point, which is the jaw's outline itself. */
const chinOf = (mesh: Float32Array): Point => {
  const { x, y } = at(mesh, CHIN);
  return { x, y: y - 1 };
};

for (const kind of MASK_KINDS) {
  Deno.test(`${kind}: full covers nose, mouth and chin, also turned by 45 degrees`, () => {
    for (const mesh of meshes) {
      for (const degrees of [0, -25, 25, -45, 45]) {
        const turnedMesh = turned(mesh, degrees);
        for (const seed of SEEDS) {
          const layer = layerOf(turnedMesh, { kind, seed });
          const covered = [NOSE, ...MOUTH_CORNERS, ...LIPS].map((i) => at(turnedMesh, i));
          // Of a turned face the far corner of the mouth may be at the outline itself.
          const points = [...covered, chinOf(turnedMesh)];
          const near = degrees === 0
            ? points
            : points.filter((_, i) => i !== (degrees > 0 ? 1 : 2));
          for (const point of near) {
            assert(
              coverage(layer, point) > 0.99,
              `${degrees} degrees, seed ${seed}: ${JSON.stringify(point)}`,
            );
          }
        }
      }
    }
  });

  Deno.test(`${kind}: nose-out shows the nose and hides the mouth; on the chin it shows both`, () => {
    for (const mesh of meshes) {
      for (const seed of SEEDS) {
        const slipped = layerOf(mesh, { kind, seed, coverage: "nose-out" });
        assertEquals(coverage(slipped, at(mesh, NOSE)), 0, `seed ${seed}: nose`);
        for (const i of [...MOUTH_CORNERS, ...LIPS]) {
          assert(coverage(slipped, at(mesh, i)) > 0.99, `seed ${seed}: point ${i}`);
        }
        const down = layerOf(mesh, { kind, seed, coverage: "chin" });
        for (const i of [NOSE, ...MOUTH_CORNERS, ...LIPS]) {
          assertEquals(coverage(down, at(mesh, i)), 0, `chin, seed ${seed}: point ${i}`);
        }
        assert(coverage(down, at(mesh, CHIN)) > 0.99, `chin, seed ${seed}`);
      }
    }
  });

  Deno.test(`${kind}: no cracks, and nothing as high as the eyes`, () => {
    for (const degrees of [0, 30, -45]) {
      const mesh = turned(meshes[0], degrees), layer = layerOf(mesh, { kind, seed: 2 });
      const cloth = { ...layer, pieces: layer.pieces.filter((piece) => isCloth(layer, piece)) };
      // Below the cheeks, where a row is cut by the top edge.
      const top = at(mesh, NOSE).y + 8, bottom = at(mesh, CHIN).y - 4;
      for (let y = Math.ceil(top); y < bottom; y++) {
        const row = Array.from({ length: SIZE }, (_, x) => coverage(cloth, { x, y }));
        const first = row.findIndex((alpha) => alpha > 0.99);
        const last = row.findLastIndex((alpha) => alpha > 0.99);
        assert(last - first > 20, `row ${y}`);
        const hole = row.slice(first, last).findIndex((alpha) => alpha < 0.99);
        assertEquals(hole, -1, `${degrees} degrees: a hole ${hole} from ${first}, ${y}`);
      }
      const eyes = Math.min(...EYES.map((i) => at(mesh, i).y));
      assert(layer.region.y >= eyes, `${layer.region.y} is above the eyes at ${eyes}`);
    }
  });
}

Deno.test("of a turned head the hidden cheek is not drawn, and what is drawn faces the camera", () => {
  const reached = (degrees: number, side: number): boolean => {
    const { pieces, texture } = layerOf(turned(meshes[0], degrees), { kind: "gaiter" });
    // The part of the texture behind the jaw, at the height of the cheek.
    return pieces.some(({ triangle, toTexture: [a, b, c, d, e, f] }) => {
      const x = triangle!.reduce((sum, p) => sum + a * p.x + b * p.y + c, 0) / 3;
      const y = triangle!.reduce((sum, p) => sum + d * p.x + e * p.y + f, 0) / 3;
      const u = x / (texture.width - 1) * 2 - 1, v = y / texture.height;
      return u * side > 0.75 && v > 0.1 && v < 0.4;
    });
  };
  assertEquals([reached(45, -1), reached(45, 1)], [false, true]);
  assertEquals([reached(-45, -1), reached(-45, 1)], [true, false]);
});

Deno.test("seeds shift the fit a little and by no more", () => {
  const { x } = at(meshes[0], NOSE);
  const tops = Array.from({ length: 30 }, (_, seed) => {
    const layer = layerOf(meshes[0], { kind: "surgical", color: "#333", seed });
    let y = 40;
    while (y < SIZE && coverage(layer, { x, y }) < 0.5) y += 0.25;
    return y;
  });
  assert(new Set(tops).size > 3, tops.join(" "));
  assert(Math.max(...tops) - Math.min(...tops) <= 5, tops.join(" "));
});
