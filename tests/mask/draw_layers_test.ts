// Masks drawn where a runtime computes: the seven kinds on real photos are the same on both backends, and a batch of crops
// is one dispatch.

import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { type Image, loadImage } from "../../src/image/mod.ts";
import { applyMask, maskLayers } from "../../src/mask/apply.ts";
import { drawLayers, type LayeredPicture } from "../../src/mask/draw_layers.ts";
import { COVERAGES, MASK_KINDS } from "../../src/mask/kinds.ts";
import type { FaceWithMesh } from "../../src/pipeline/detect/face.ts";
import { photo, testOnDevices } from "../hosts.ts";
import { backendTest, note, webgpuTest } from "../kernels/helpers.ts";
import { wrap } from "../spies.ts";

const PHOTOS = ["collins", "hopper", "collins_dark", "hopper_mirrored"];

const found = await Promise.all(PHOTOS.map(async (name) => ({
  name,
  image: await loadImage(photo(name)),
})));
const faces = await meshes(found.map(({ image }) => image));

async function meshes(images: readonly Image[]): Promise<FaceWithMesh[]> {
  await using verifier = await createVerifier({ device: "wasm", maxFaces: 1 });
  const out: FaceWithMesh[] = [];
  for (const image of images) {
    const { faces: [face] } = await verifier.detect(image, { mesh: true });
    assert(face.mesh);
    out.push({ ...face, mesh: face.mesh });
  }
  return out;
}

/** How far the pixels that a mask changed are apart: how many by more than a level, and the most. */
function difference(
  actual: Image,
  expected: Image,
  before: Image,
): { changed: number; beyond: number; worst: number } {
  assertEquals([actual.width, actual.height], [expected.width, expected.height]);
  let changed = 0, beyond = 0, worst = 0;
  for (let i = 0; i < expected.data.length; i += 4) {
    let levels = 0, isChanged = false;
    for (let k = i; k < i + 4; k++) {
      levels = Math.max(levels, Math.abs(actual.data[k] - expected.data[k]));
      isChanged ||= expected.data[k] !== before.data[k];
    }
    if (isChanged) changed++;
    if (levels > 1) beyond++;
    worst = Math.max(worst, levels);
  }
  return { changed, beyond, worst };
}

backendTest("every kind of mask on real photos is the one of applyMask", async (backend) => {
  for (const [i, { name, image }] of found.entries()) {
    const options = MASK_KINDS.map((kind, seed) => ({ kind, seed, coverage: COVERAGES[seed % 3] }));
    const drawn = await drawLayers(
      backend,
      options.map((mask) => ({ image, layers: maskLayers(image, [faces[i]], mask) })),
    );
    for (const [k, mask] of options.entries()) {
      const expected = applyMask(image, [faces[i]], mask);
      const { changed, beyond, worst } = difference(drawn[k], expected, image);
      note(
        `${backend.device}, ${name}, ${mask.kind}: ${changed} pixels, ${beyond} beyond 1, worst ${worst}`,
      );
      assert(changed > 1000, `${name}, ${mask.kind}`);
      if (backend.device === "wasm") assertEquals(drawn[k].data, expected.data);
      assertLessOrEqual(beyond, changed / 10_000, `${name}, ${mask.kind}: worst ${worst}`);
    }
  }
});

/** Each photo in each kind of mask. */
function batch(): LayeredPicture[] {
  return found.flatMap(({ image }, i) =>
    MASK_KINDS.map((kind) => ({ image, layers: maskLayers(image, [faces[i]], { kind, seed: i }) }))
  );
}

backendTest("pictures of all sizes come back in their order, each as if alone", async (backend) => {
  const pictures = batch().reverse();
  const [first] = pictures, { image: { width, height }, layers } = first;
  // Over the borders of its picture, where its neighbours are in a tall one.
  const region = { x: -5, y: -5, width: width + 10, height: height + 10 };
  const pieces = [{ toTexture: [0, 0, 9, 0, 0, 9, 0, 0, 1] as const }];
  const everywhere = { ...layers[0], region, pieces };
  pictures.splice(3, 0, { image: first.image, layers: [everywhere] });
  pictures.push({ image: first.image, layers: [] });
  const before = pictures.map(({ image }) => image.data.slice());
  const together = await drawLayers(backend, pictures);
  assertEquals(together.length, pictures.length);
  for (const [i, picture] of pictures.entries()) {
    const [alone] = await drawLayers(backend, [picture]);
    const { beyond } = difference(together[i], alone, picture.image);
    assertEquals(beyond, 0, `picture ${i}`);
    assertEquals(picture.image.data, before[i], "the picture was changed");
  }
  assertEquals(together.at(-1)!.data, first.image.data);
  assertEquals(await drawLayers(backend, []), []);
});

webgpuTest("a batch of crops is one dispatch and one wait", async (backend) => {
  const { image } = found[0];
  const pictures = MASK_KINDS.flatMap((kind) =>
    COVERAGES.map((coverage, seed) => ({
      image,
      layers: maskLayers(image, [faces[0]], { kind, coverage, seed }),
    }))
  );
  await drawLayers(backend, pictures);
  let dispatches = 0;
  using _spy = wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", (_, call) => {
    dispatches++;
    return call();
  });
  const { syncs, memory } = backend;
  await drawLayers(backend, pictures);
  assertEquals([dispatches, backend.syncs - syncs], [1, 1]);
  assertEquals(backend.memory, memory);
});

testOnDevices("Verifier.mask draws what applyMask draws", async (device) => {
  await using verifier = await createVerifier({ device });
  const image = await loadImage(photo("collins"));
  for (const input of [photo("collins"), image]) {
    const result = await verifier.mask(input, { kind: "surgical", seed: 4 });
    assertEquals([result.device, result.masked, result.faces.length], [device, 1, 1]);
    const expected = applyMask(image, result.faces, { kind: "surgical", seed: 4 });
    const { changed, beyond } = difference(result.image, expected, image);
    if (device === "wasm") assertEquals(result.image.data, expected.data);
    assertLessOrEqual(beyond, changed / 10_000);
  }
  const white = { width: 200, height: 100, data: new Uint8ClampedArray(80_000).fill(255) };
  const bare = await verifier.mask(white, { kind: "n95" });
  assertEquals([bare.masked, bare.faces.length], [0, 0]);
  assertEquals(bare.image.data, white.data);
  const veil = { kind: "veil" as "n95" };
  await assertRejects(() => verifier.mask(white, veil), InvalidArgumentError, "veil");
  const aborted = { signal: AbortSignal.abort(new Error("enough")) };
  await assertRejects(() => verifier.mask(white, { kind: "n95" }, aborted), Error, "enough");
});

testOnDevices("Verifier.drawLayers draws batches", async (device) => {
  await using verifier = await createVerifier({ device });
  const pictures = batch().slice(0, 9), drawn = await verifier.drawLayers(pictures);
  for (const [i, { image }] of pictures.entries()) {
    const expected = applyMask(image, [faces[Math.floor(i / 7)]], {
      kind: MASK_KINDS[i % 7],
      seed: Math.floor(i / 7),
    });
    const { changed, beyond } = difference(drawn[i], expected, image);
    assertLessOrEqual(beyond, changed / 10_000, `picture ${i}`);
  }
});
