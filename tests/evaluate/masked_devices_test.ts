// The masks of an evaluation are drawn where its networks run: templates of masked photos are the same on both devices.

import { assert, assertEquals, assertGreater } from "@std/assert";
import { type EmbedJob, SampleEmbedder } from "../../src/evaluate/run/embedder.ts";
import type { MaskPlan } from "../../src/evaluate/run/masks.ts";
import { openModelSet } from "../../src/evaluate/run/models.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo, testWithGpu } from "../hosts.ts";

/** The paper's mask, plain. */
const TEXTURE = {
  width: 1627,
  height: 1085,
  data: new Uint8ClampedArray(1627 * 1085 * 4).fill(255),
};
const STATES: readonly (MaskPlan | undefined)[] = [
  undefined,
  { style: "ours", seed: 3 },
  { style: "ours", seed: 4, kind: "n95" },
  { style: "maskinv", on: "crop", offset: [9, 90, 120] },
];

testWithGpu("masked templates of an evaluation are those of wasm", async () => {
  const images = await Promise.all(["collins", "hopper"].map((name) => loadImage(photo(name))));
  const jobs = images.map((image): EmbedJob => ({ image, states: STATES }));
  const [wasm, webgpu] = [await embed("wasm", jobs), await embed("webgpu", jobs)];
  assertEquals(webgpu.length, 2 * STATES.length);
  for (const [i, row] of webgpu.entries()) {
    const cosine = row.reduce((sum, value, k) => sum + value * wasm[i][k], 0) /
      (Math.hypot(...row) * Math.hypot(...wasm[i]));
    assertGreater(cosine, 0.9995, `state ${i % STATES.length} of photo ${i}`);
    // A mask that is not drawn would go unnoticed above.
    if (i % STATES.length > 0) {
      const bare = webgpu[i - i % STATES.length];
      assert(row.some((value, k) => Math.abs(value - bare[k]) > 1e-2), `state ${i} is bare`);
    }
  }
});

async function embed(
  device: "wasm" | "webgpu",
  jobs: readonly EmbedJob[],
): Promise<Float32Array[]> {
  await using set = await openModelSet([{ label: "student", name: "student" }], { device });
  const embedder = new SampleEmbedder(set, {
    aligned: false,
    face: "largest",
    maxFaces: 4,
    kinds: ["single"],
    texture: TEXTURE,
  });
  return (await embedder.embed(jobs)).flat().map(({ maskFailed, templates }) => {
    assert(!maskFailed && templates?.[0].single);
    return templates[0].single;
  });
}
