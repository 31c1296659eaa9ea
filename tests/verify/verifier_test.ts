import { assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Acquired,
  type Acquisition,
  type Compared,
  compareTemplates,
  createVerifier,
  DisposedError,
  ImageDecodeError,
  InvalidArgumentError,
  ModelError,
  type Verification,
} from "../../mod.ts";
import { sideBySide } from "../../src/cli/picture.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo, testOnDevices, testWithGpu, testWithGpuAndShared } from "../hosts.ts";

function compared(result: Verification): Compared {
  if (result.kind !== "compared") throw new Error(`not compared: ${JSON.stringify(result)}`);
  return result;
}

function acquired(result: Acquisition): Acquired {
  if (result.kind !== "acquired") throw new Error(`not acquired: ${result.kind}`);
  return result;
}

const blank = { width: 200, height: 150, data: new Uint8Array(200 * 150 * 3).fill(128) };

testOnDevices("verify decides the demo photos", async (device) => {
  await using verifier = await createVerifier({ device });
  const score = async (a: string, b: string): Promise<number> => {
    const result = compared(await verifier.verify(photo(a), photo(b)));
    assertEquals(result.device, device);
    assertEquals(result.decision, result.score >= result.rule.threshold ? "match" : "no-match");
    return result.score;
  };
  const { rule: { threshold, measured } } = compared(
    await verifier.verify(photo("collins"), photo("collins")),
  );
  assertEquals(measured?.fmr, 0.001);
  assertEquals(await score("collins", "collins") > 0.9999, true);
  assertEquals(await score("collins", "collins_crop") > 0.9, true);
  assertEquals(await score("collins", "collins_mirrored") > 0.9, true);
  assertEquals(await score("hopper", "hopper_dark") > 0.8, true);
  assertEquals(await score("collins", "collins_masked") >= threshold, true);
  assertEquals(await score("hopper", "hopper_masked") >= threshold, true);
  const masked = compared(await verifier.verify(photo("hopper"), photo("hopper_masked")));
  assertEquals(masked.faces.map(({ mask }) => mask?.state), ["none", "full"]);
  // One mask: its own threshold, or said not to have one.
  const { basis, measured: rates } = masked.rule;
  assertEquals(
    basis === "seen" ? rates?.situation : basis,
    basis === "seen" ? "one" : "not-measured",
  );
  assertEquals([masked.scoreFmr?.basis, masked.scoreFmr?.situation], [basis, rates?.situation]);
  assertEquals(await score("collins", "hopper") < threshold, true);
  assertEquals(await score("collins_masked", "hopper_masked") < threshold, true);
});

Deno.test("plain pictures have no face, though the detector guesses at one", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  // The detector gives these 0.15 to 0.18, which is as much as it gives some faces behind masks.
  for (const level of [20, 64, 255]) {
    const plain = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(level) };
    assertEquals((await verifier.detect(plain)).faces, [], `grey ${level}`);
    assertEquals(await verifier.embed(plain), { kind: "no-face" });
  }
});

testOnDevices(
  "a photo without a face, and one with two, are results of their own",
  async (device) => {
    await using verifier = await createVerifier({ device });
    const none = await verifier.verify(blank, photo("collins"));
    assertEquals(none.kind, "not-compared");
    if (none.kind === "not-compared") {
      assertEquals(none.findings.map((finding) => finding.kind), ["no-face", "face"]);
      assertEquals(none.timings.compare, 0);
    }
    const both = sideBySide([await loadImage(photo("collins")), await loadImage(photo("hopper"))]);
    assertEquals((await verifier.embed(both)).kind, "several-faces");
    const hopper = acquired(await verifier.embed(photo("hopper")));
    const collins = acquired(await verifier.embed(photo("collins")));
    const largest = acquired(await verifier.embed(both, { face: "largest" }));
    assertEquals(compareTemplates(largest.template, hopper.template) > 0.9, true);
    const listed = await verifier.embed(both, { maxFaces: 1 });
    assertEquals(listed.kind === "several-faces" && [listed.faces.length, listed.omitted], [1, 1]);
    const found = await verifier.detect(both, { maxFaces: 1 });
    assertEquals([found.faces.length, found.omitted], [1, 1]);
    assertEquals(found.faces[0].box, largest.face.box);
    // A strip at the right of Hopper's half moves the centre of the picture away from her.
    const strip = {
      ...blank,
      width: 40,
      height: 600,
      data: new Uint8Array(40 * 600 * 4).fill(255),
    };
    const centred = sideBySide([...Array(12).fill(await loadImage(strip)), both]);
    const middle = acquired(await verifier.embed(centred, { face: "centred" }));
    assertEquals(compareTemplates(middle.template, collins.template) > 0.9, true);
  },
);

testOnDevices("serial, batched and overlapping calls give the same templates", async (device) => {
  await using verifier = await createVerifier({ device });
  const names = ["collins", "hopper", "collins_masked", "hopper_crop", "collins_dark"];
  const serial: Acquired[] = [];
  for (const name of names) serial.push(acquired(await verifier.embed(photo(name))));
  const inputs = [...names.slice(0, 2).map(photo), new Uint8Array([1, 2, 3]), blank];
  inputs.push(...names.slice(2).map(photo));
  const batched = await Array.fromAsync(verifier.embedAll(inputs, { batchSize: 3 }));
  assertEquals(batched.map(({ kind }) => kind), [
    "acquired",
    "acquired",
    "error",
    "no-face",
    "acquired",
    "acquired",
    "acquired",
  ]);
  const [, , broken] = batched;
  assertEquals(broken.kind === "error" && broken.error instanceof ImageDecodeError, true);
  const templates = batched.filter((result) => result.kind === "acquired");
  const overlapping = await Promise.all(names.map((name) => verifier.embed(photo(name))));
  serial.forEach(({ template }, i) => {
    assertAlmostEquals(compareTemplates(template, templates[i].template), 1, 1e-5);
    const same = compareTemplates(template, acquired(overlapping[i]).template);
    assertAlmostEquals(same, 1, 1e-5);
  });
});

testOnDevices(
  "adding the mirror image makes a photo and its mirror image the same",
  async (device) => {
    await using verifier = await createVerifier({ device, mirror: true });
    const both = compared(await verifier.verify(photo("hopper"), photo("hopper_mirrored")));
    await using plain = await createVerifier({ device });
    const one = compared(await plain.verify(photo("hopper"), photo("hopper_mirrored")));
    // Scores of the two kinds are normalised apart: only their cosines compare.
    assertEquals(both.cosine > one.cosine, true);
    const mirrored = acquired(await verifier.embed(photo("hopper")));
    const single = acquired(await plain.embed(photo("hopper")));
    assertStringIncludes(mirrored.template.model, "+mirror");
    assertEquals(single.template.model, plain.model.sha256);
  },
);

Deno.test("detect reports boxes, landmarks and alignment in pixels of the upright photo", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const { width, height, faces } = await verifier.detect(photo("collins"));
  assertEquals([width, height, faces.length], [512, 512, 1]);
  const [{ landmarks, alignment, box }] = faces;
  // Where the eyes are was read off the photo.
  assertAlmostEquals(landmarks.rightEye.x, 204, 3);
  assertAlmostEquals(landmarks.rightEye.y, 102, 3);
  assertAlmostEquals(landmarks.leftEye.x, 247, 3);
  assertAlmostEquals(landmarks.leftEye.y, 104, 3);
  assertEquals(alignment.residual < 5, true);
  assertEquals(box.x < 200 && box.x + box.width > 250, true);
});

Deno.test("options out of range, unknown models and disposed verifiers are refused", async () => {
  const refused = (options: Record<string, unknown>, message: string): Promise<Error> =>
    assertRejects(() => createVerifier(options), InvalidArgumentError, message);
  await refused({ device: "cuda" }, "auto, webgpu, wasm");
  await refused({ face: "left" }, "only, largest, centred");
  await refused({ maxFaces: 0 }, "1 to 256");
  await refused({ maxPixels: -1 }, "maxPixels -1");
  await refused({ threads: 1.5 }, "1.5 threads");
  await refused({ device: "wasm", decision: { fmr: 1e-9 } }, "supports rates from");
  const pooled = { fmr: 1e-9, threshold: "pooled" };
  await refused({ device: "wasm", decision: pooled }, "support rates");
  await assertRejects(() => createVerifier({ device: "wasm", model: "x" }), ModelError, '"x"');
  const verifier = await createVerifier({ device: "wasm" });
  const under = verifier.embed(photo("collins"));
  await verifier.dispose();
  assertEquals((await under).kind, "acquired");
  await verifier.dispose();
  await assertRejects(() => verifier.embed(photo("collins")), DisposedError, "create a new one");
});

Deno.test("a network without a condition head verifies without the mask-state network too", async () => {
  const models = new URL("../../models/", import.meta.url);
  await using verifier = await createVerifier({
    device: "wasm",
    mirror: true,
    models: async (file) => {
      const bytes = await Deno.readFile(new URL(file, models));
      if (file !== "manifest.json") return bytes;
      const manifest = JSON.parse(new TextDecoder().decode(bytes));
      delete manifest.models["mask-state"];
      delete manifest.models.student.condition;
      manifest.models.student.outputs = ["embedding"];
      return new TextEncoder().encode(JSON.stringify(manifest));
    },
  });
  const result = compared(await verifier.verify(photo("hopper"), photo("hopper_masked")));
  assertEquals(result.decision, "match");
  assertEquals(result.faces[0].mask, undefined);
});

testWithGpu("wasm and WebGPU give the same templates for the demo photos", async () => {
  const names = ["collins", "collins_masked", "hopper", "hopper_masked", "hopper_crop"];
  await sameTemplates(names.map(photo));
});

testWithGpuAndShared(
  "wasm and WebGPU give the same templates for 50 photos of LFW",
  async (data) => {
    const people = [...Deno.readDirSync(`${data}lfw/images`)].map(({ name }) => name).sort();
    const photos = people.filter((_, i) => i % 80 === 0).slice(0, 50)
      .map((name) =>
        `${data}lfw/images/${name}/${[...Deno.readDirSync(`${data}lfw/images/${name}`)][0].name}`
      );
    assertEquals(photos.length, 50);
    await sameTemplates(photos);
  },
);

/** Templates of both devices with cosine >= 0.9999. */
async function sameTemplates(photos: readonly string[]): Promise<void> {
  const embed = async (device: "wasm" | "webgpu"): Promise<Acquired[]> => {
    await using verifier = await createVerifier({ device, face: "centred" });
    const results = await Array.fromAsync(verifier.embedAll(photos));
    return results.map((result) => {
      if (result.kind === "error") throw result.error;
      return acquired(result);
    });
  };
  const cpu = await embed("wasm"), gpu = await embed("webgpu");
  cpu.forEach(({ template }, i) => {
    const score = compareTemplates(template, gpu[i].template);
    assertEquals(score >= 0.9999, true, `${photos[i]}: ${score}`);
  });
}
