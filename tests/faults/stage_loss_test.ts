// A device that is lost in the middle of each stage, from the upload of a photo to the ranking of a gallery: the work is
// done again on a new device, and gives what it gave before.

import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { createMemoryStore } from "../../src/gallery/mod.ts";
import { Template } from "../../src/pipeline/score/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { testWithGpu } from "../hosts.ts";
import { collins, scoreOf } from "./crops.ts";
import { StageLosses } from "./stage_loss.ts";

testWithGpu("a device lost in any stage of a verify costs no verify", async () => {
  using stages = new StageLosses();
  await using verifier = await createVerifier({ device: "webgpu" });
  const score = (): Promise<number> => scoreOf(verifier);
  // The first compiles shaders, and what a warm stage takes is wanted.
  const wanted = await score();
  stages.calls.clear();
  await score();
  const seen = [...stages.calls].filter(([, calls]) => calls > 0).map(([stage]) => stage);
  const named = [
    "upload",
    "letterbox",
    "run yunet",
    "likeliest_crop",
    "warp_affine",
    `run ${verifier.model.name}`,
  ];
  for (const stage of [...named, "cosine_matrix"]) {
    assert(seen.includes(stage), `${stage}: ${seen}`);
  }
  for (const [i, stage] of seen.entries()) {
    const { lost } = stages.losses;
    stages.arm(stage, [0, 0.5, 1][i % 3]);
    assertAlmostEquals(await score(), wanted, 1e-4, stage);
    assertEquals(stages.losses.lost, lost + 1, stage);
  }
  stages.arm(undefined);
  assertAlmostEquals(await score(), wanted, 1e-4);
});

testWithGpu("a device lost while a mask is drawn costs no mask", async () => {
  using stages = new StageLosses();
  await using verifier = await createVerifier({ device: "webgpu" });
  const draw = async (): Promise<Uint8ClampedArray> => {
    const { image, masked } = await verifier.mask(collins, { kind: "ffp2", seed: 1 });
    assertEquals(masked, 1);
    return image.data;
  };
  const wanted = await draw();
  stages.calls.clear();
  await draw();
  for (const share of [0, 0.5, 1]) {
    const { lost } = stages.losses;
    stages.arm("mask_overlay", share);
    const data = await draw();
    assertEquals(stages.losses.lost, lost + 1, `${share}`);
    for (let i = 0; i < data.length; i++) assertLessOrEqual(Math.abs(data[i] - wanted[i]), 1);
  }
});

testWithGpu("a device lost while a gallery is searched costs no search", async () => {
  using stages = new StageLosses();
  await using store = createMemoryStore({ device: "webgpu" });
  const random = randomNumbers(4);
  const template = (): Template =>
    new Template(Array.from({ length: 64 }, () => random() - 0.5), "stages");
  const entries = Array.from({ length: 100 }, (_, i) => ({
    identity: `person ${i}`,
    templates: [template()],
  }));
  await store.put(entries, "add");
  const probe = template();
  const search = async (): Promise<string[]> => {
    const [candidates] = await store.search([probe], 5);
    return candidates.map(({ identity }) => identity);
  };
  const wanted = await search();
  stages.calls.clear();
  await search();
  for (const stage of ["cosine_matrix", "top_k"]) {
    for (const share of [0, 1]) {
      const { lost } = stages.losses;
      stages.arm(stage, share);
      assertEquals(await search(), wanted, stage);
      assertEquals(stages.losses.lost, lost + 1, stage);
    }
  }
});
