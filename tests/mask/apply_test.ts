// Masks on whole photos: repeatable, only where masks are, on every face with a mesh and on no other.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import type { FaceWithMesh } from "../../src/pipeline/detect/face.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { type Image, loadImage } from "../../src/image/mod.ts";
import { applyMask } from "../../src/mask/apply.ts";
import { COVERAGES, MASK_KINDS, randomMaskOptions } from "../../src/mask/kinds.ts";

const photo = await loadImage("tests/photos/collins.jpg");
const face = await detect();

async function detect(): Promise<FaceWithMesh> {
  await using verifier = await createVerifier({ device: "wasm", maxFaces: 1 });
  const { faces: [found] } = await verifier.detect(photo, { mesh: true });
  assert(found.mesh);
  return { ...found, mesh: found.mesh };
}

function mesh(): Float32Array {
  return face.mesh;
}

/** The pixels that differ: how many, and their borders. */
function difference(
  a: Image,
  b: Image,
): { count: number; top: number; left: number; right: number } {
  let count = 0, top = Infinity, left = Infinity, right = -Infinity;
  for (let i = 0; i < a.data.length; i += 4) {
    if ([0, 1, 2, 3].every((c) => a.data[i + c] === b.data[i + c])) continue;
    const x = i / 4 % a.width;
    count++;
    top = Math.min(top, Math.floor(i / 4 / a.width));
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  return { count, top, left, right };
}

Deno.test("same seed same pixels, another seed others, and the photo stays as it is", () => {
  const before = photo.data.slice();
  for (const seed of [0, 7, 123456789]) {
    const options = randomMaskOptions(seed);
    const first = applyMask(photo, [face], options);
    assertEquals(applyMask(photo, [face], options).data, first.data);
    assertNotEquals(applyMask(photo, [face], { ...options, seed: seed + 1 }).data, first.data);
  }
  assertEquals(photo.data, before);
});

Deno.test("only the lower face changes, and much of it", () => {
  const points = mesh();
  const width = points[3 * 454] - points[3 * 234];
  const eyes = Math.min(points[3 * 159 + 1], points[3 * 386 + 1]);
  for (const kind of MASK_KINDS) {
    for (const coverage of COVERAGES) {
      const { count, top, left, right } = difference(
        photo,
        applyMask(photo, [face], { kind, coverage, seed: 5 }),
      );
      const name = `${kind}, ${coverage}`;
      assert(top > eyes, name);
      assert(left > points[3 * 234] - 0.2 * width && right < points[3 * 454] + 0.2 * width, name);
      assert(count > width * width * { full: 0.4, "nose-out": 0.25, chin: 0.1 }[coverage], name);
    }
  }
});

Deno.test("a red mask is red, a green one green", () => {
  const points = mesh();
  const x = Math.round(points[3 * 205]), y = Math.round(points[3 * 205 + 1]);
  const at = (y * photo.width + x) * 4;
  const pixel = (color: string): number[] => [
    ...applyMask(photo, [face], { kind: "surgical", color }).data.subarray(at, at + 4),
  ];
  const [r, g, b, a] = pixel("#c22");
  assert(r > 90 && g < 60 && b < 60 && a === 255, `${[r, g, b, a]}`);
  const [red, green] = pixel("#2c2");
  assert(green > 90 && red < 60, `${[red, green]}`);
});

Deno.test("faces without a mesh stay bare; without any mesh it is an error", () => {
  const { mesh: _, ...bare }: FaceWithMesh = face;
  const options = { kind: "surgical" } as const;
  assertEquals(
    applyMask(photo, [face, bare], options).data,
    applyMask(photo, [face], options).data,
  );
  assertThrows(() => applyMask(photo, [bare], options), InvalidArgumentError, "1 faces");
  assertThrows(() => applyMask(photo, [], options), InvalidArgumentError, "0 faces");
});
