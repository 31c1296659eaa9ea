import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import {
  createGallery,
  createMemoryStore,
  type EnrolOptions,
  fmrForFpir,
  type GalleryOptions,
  openThresholds,
  qualityDefects,
  searchThresholds,
  type TemplateMaker,
} from "../../src/gallery/mod.ts";
import { fpirForFmr } from "../../src/gallery/threshold.ts";
import type { EmbeddedFace } from "../../src/pipeline/embed/mod.ts";
import type { MaskState } from "../../src/mask/mod.ts";
import {
  cosineMatrix,
  type CurvePoint,
  type MaskStates,
  type Template,
} from "../../src/pipeline/score/mod.ts";
import { photo } from "../hosts.ts";
import { KEY, near, people, randomTemplates, SIZE } from "./templates.ts";

const memory = (): GalleryOptions => ({ store: createMemoryStore({ device: "wasm" }) });

const BARE: MaskState = {
  state: "none",
  probability: 0.9,
  probabilities: { none: 0.9, full: 0.05, "nose-out": 0.05 },
};

/** A good frontal face, and what differs from it. */
function faceWith(
  changes: { eyes?: number; residual?: number } & Partial<EmbeddedFace>,
): EmbeddedFace {
  const { eyes = 60, residual = 3, ...rest } = changes;
  const at = (x: number, y: number): { x: number; y: number } => ({ x, y });
  return {
    box: { x: 0, y: 0, width: 100, height: 100 },
    detectionScore: 0.9,
    landmarks: {
      rightEye: at(0, 0),
      leftEye: at(eyes, 0),
      nose: at(30, 30),
      rightMouth: at(10, 60),
      leftMouth: at(50, 60),
    },
    alignment: { cropToPhoto: [1, 0, 0, 0, 1, 0], residual, roll: 0 },
    mask: BARE,
    ...rest,
  };
}

/** Makes the template of the face that a photo's name asks for. */
function fakeVerifier(template: Template, faces: Record<string, EmbeddedFace>): TemplateMaker {
  return {
    embed: (input) => {
      const face = faces[String(input)];
      const model = { name: "student", sha256: template.model };
      return Promise.resolve(
        face ? { kind: "acquired", face, template, device: "wasm", model } : { kind: "no-face" },
      );
    },
  };
}

Deno.test("the gate refuses what makes a bad reference, with the reason and the remedy", async () => {
  const masked: MaskState = { ...BARE, state: "full", probability: 0.97 };
  const faces: Record<string, EmbeddedFace> = {
    good: faceWith({}),
    small: faceWith({ eyes: 23 }),
    masked: faceWith({ mask: masked, detectionScore: 0.6 }),
    turned: faceWith({ residual: 8.5 }),
    unclear: faceWith({ detectionScore: 0.79 }),
    "no network": faceWith({ mask: undefined }),
    "all bad": faceWith({ eyes: 10, residual: 12, mask: masked }),
  };
  const seen = Object.entries(faces).map(([name, face]) => [
    name,
    qualityDefects(face).map(({ kind }) => kind).join(),
  ]);
  assertEquals(seen, [
    ["good", ""],
    ["small", "small"],
    ["masked", "masked"],
    ["turned", "turned"],
    ["unclear", "unclear"],
    ["no network", ""],
    ["all bad", "small,masked,turned"],
  ]);
  const [template] = randomTemplates(51, 1);
  await using gallery = createGallery({ ...memory(), verifier: fakeVerifier(template, faces) });
  const refused = await gallery.enrol("ann", "small");
  assert(refused.kind === "refused");
  assertMatch(refused.defects[0].message, /23 pixels apart and 24 are asked for: come closer/);
  assertEquals((await gallery.enrol("ann", "nobody there")).kind, "no-face");
  assertEquals(await gallery.count(), { identities: 0, templates: 0 });
  const gate: EnrolOptions = { gate: { minInterEye: 20, maskStates: ["none", "full"] } };
  const kinds = await Promise.all([
    gallery.enrol("ann", "good"),
    gallery.enrol("ann", "small", gate),
    gallery.enrol("ann", "masked", gate),
    gallery.enrol("ann", "turned", gate),
  ]);
  assertEquals(kinds.map(({ kind }) => kind), ["enrolled", "enrolled", "refused", "refused"]);
  assertEquals(await gallery.count(), { identities: 1, templates: 2 });
  await assertRejects(
    () => gallery.enrol("ann", "good", { gate: { minDetectionScore: 2 } }),
    InvalidArgumentError,
  );
});

Deno.test("identify: known people are found, strangers are unknown, at the FPIR asked for", async () => {
  const known = people(52, 200), strangers = randomTemplates(53, 400);
  // Random directions: the score has mean 0 and deviation 1/sqrt(192), very nearly normal.
  // The curve reaches down to a FMR of 1e-5.
  const curve = Array.from({ length: 51 }, (_, i): CurvePoint => {
    const fmr = 10 ** (-i / 10);
    return [i === 0 ? -1 : normalQuantile(1 - fmr) / Math.sqrt(SIZE), fmr, 0.8 * fmr, 1.25 * fmr];
  });
  const none = { source: "normal", impostors: 3e6, genuine: 1, points: [], curve };
  await using gallery = createGallery({ ...memory(), thresholds: searchThresholds({ none }) });
  // Of 200 strangers one may look like another.
  for (const { identity, templates: [template] } of known) {
    await gallery.enrol(identity, template, { force: true });
  }
  const first = await gallery.identify(near(known[3].templates[0], 1), { k: 3 });
  assert(first.kind === "identified");
  assertEquals(first.candidates.map(({ decision }) => decision), ["match", "no-match", "no-match"]);
  assertEquals([first.candidates[0].identity, first.templates], ["person 3", 200]);
  assertAlmostEquals(first.rates!.fmr, 5.0e-5, 1e-6);
  let positives = 0;
  for (const stranger of strangers) {
    const { kind } = await gallery.identify(stranger, { fpir: 0.1, k: 1 });
    if (kind === "identified") positives++;
  }
  // 400 strangers at 10%: 40 +- 3 deviations of 6.
  assert(positives > 22 && positives < 58, `${positives} of 400`);
  await assertRejects(
    () => gallery.identify(strangers[0], { fpir: 0 }),
    InvalidArgumentError,
    "FPIR",
  );
  await assertRejects(
    () => gallery.identify(strangers[0], { fpir: 0.1, threshold: 0.3 }),
    InvalidArgumentError,
  );
  const own = await gallery.identify(strangers[0], { threshold: 1 });
  assert(own.kind === "unknown" && own.rates?.bound === "below");
  assertAlmostEquals(own.rates.fpir, 200 * 1e-5, 1e-5);
  // Too rare for the curve in a gallery of this size: ranks, and what the strictest threshold would do.
  const rare = await gallery.identify(near(known[3].templates[0], 1), { fpir: 1e-3, k: 2 });
  assert(rare.kind === "ranked" && rare.strictest);
  assertEquals(rare.candidates.map(({ identity }) => identity)[0], "person 3");
  assertEquals(rare.candidates.some((candidate) => "decision" in candidate), false);
  assertEquals(rare.candidates[0].fpir?.bound, "below");
  assertAlmostEquals(rare.strictest.threshold, curve[50][0], 1e-9);
  assertAlmostEquals(rare.strictest.fpir, 2e-3, 2e-5);
  assertAlmostEquals(rare.strictest.interval[1], 2.5e-3, 2e-5);
  const decided = await gallery.identify(strangers[0], { fpir: rare.strictest.fpir * 1.01 });
  assert(decided.kind === "unknown" && decided.rates);
  assert(decided.rates.interval[0] < decided.rates.fpir);
  assert(decided.rates.interval[1] > decided.rates.fpir);
});

Deno.test("the false match rate of a search grows with the gallery", () => {
  assertAlmostEquals(fmrForFpir(0.01, 1), 0.01, 1e-12);
  assertAlmostEquals(fmrForFpir(0.01, 0), 0.01, 1e-12);
  for (const n of [1, 10, 1e6, 1e9]) {
    assertAlmostEquals(fpirForFmr(fmrForFpir(0.05, n), n), 0.05, 1e-9);
  }
  for (const fpir of [0, 1, -1, NaN]) {
    try {
      fmrForFpir(fpir, 10);
    } catch (error) {
      assert(error instanceof InvalidArgumentError);
      continue;
    }
    assert(false, `${fpir} was taken`);
  }
});

Deno.test("a gallery without verifier or thresholds says what it needs", async () => {
  const [template] = randomTemplates(54, 1);
  await using gallery = createGallery(memory());
  await assertRejects(() => gallery.enrol("ann", "a.jpg"), InvalidArgumentError, "verifier");
  await assertRejects(() => gallery.identify(template), InvalidArgumentError, "openThresholds");
  const found = await gallery.identify(template, { threshold: 0.5 });
  assertEquals(found, {
    kind: "unknown",
    candidates: [],
    threshold: 0.5,
    templates: 0,
    face: undefined,
  });
});

Deno.test("names are one in every Unicode form; update replaces; remove removes", async () => {
  const [a, b] = randomTemplates(55, 2);
  await using gallery = createGallery(memory());
  await gallery.enrol("José", a);
  await gallery.enrol("Jose\u0301", b);
  assertEquals(await Array.fromAsync(gallery.identities()), [{ identity: "José", templates: 2 }]);
  await gallery.update("José", b);
  assertEquals(await gallery.count(), { identities: 1, templates: 1 });
  assertEquals([await gallery.remove("Jose\u0301"), await gallery.remove("José")], [true, false]);
});

Deno.test("a protected gallery stores no template as it is, finds the same, and is revoked by a new key", async () => {
  const known = people(56, 30);
  const plain = memory(), hidden = memory();
  await using one = createGallery(plain);
  await using two = createGallery({ ...hidden, protection: KEY });
  for (const { identity, templates: [template] } of known) {
    await one.enrol(identity, template);
    await two.enrol(identity, template);
  }
  const probe = near(known[9].templates[0], 5);
  const [a, b] = await Promise.all(
    [one, two].map((gallery) => gallery.identify(probe, { threshold: 0.4 })),
  );
  assert(a.kind === "identified" && b.kind === "identified");
  assertEquals(b.candidates.map((one) => one.identity), a.candidates.map((one) => one.identity));
  a.candidates.forEach(({ score }, i) => assertAlmostEquals(b.candidates[i].score, score, 1e-6));
  const [[stored], [original]] = await Promise.all([
    hidden.store.templates("person 9"),
    plain.store.templates("person 9"),
  ]);
  assert(Math.abs(cosineMatrix(stored.embedding, original.embedding, SIZE)[0]) < 0.4);
  const renewed = createGallery({ ...hidden, protection: () => new Uint8Array(32).fill(8) });
  await assertRejects(() => renewed.identify(probe, { threshold: 0.4 }), TemplateMismatchError);
});

Deno.test("photos: enrolled bare, known again behind a mask, ranked where the rate was never measured", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const thresholds = await openThresholds();
  const thresholdAt = (fmr: number, masks: MaskStates): number =>
    thresholds.forFmr(fmr, masks)!.threshold;
  await using gallery = createGallery({ ...memory(), verifier, thresholds });
  assertEquals((await gallery.enrol("Collins", photo("collins"))).kind, "enrolled");
  assertEquals((await gallery.enrol("Hopper", photo("hopper"))).kind, "enrolled");
  const masked = await gallery.enrol("Hopper", photo("hopper_masked"));
  assert(masked.kind === "refused");
  assertEquals(masked.defects.map(({ kind }) => kind), ["masked"]);
  const found = await gallery.identify(photo("hopper_masked"));
  assert(found.kind === "identified" && found.rates);
  assertEquals(found.candidates.map(({ identity }) => identity), ["Hopper", "Collins"]);
  const { fpir, interval, groups } = found.rates;
  // Of groups the upper end of the interval is what was asked for.
  assertAlmostEquals(groups ? interval[1] : fpir, 0.01, 1e-4);
  const fmr = fmrForFpir(0.01, 2);
  assertEquals(found.threshold, thresholdAt(fmr, [found.face?.mask, BARE]));
  // Where references may wear masks as well, the strictest threshold of all that fit counts.
  const store = gallery.store;
  const open = createGallery({
    store,
    verifier,
    thresholds,
    gate: { maskStates: ["none", "full"] },
  });
  const strict = await open.identify(photo("hopper_masked"));
  assert(strict.kind === "identified" || strict.kind === "unknown");
  assertEquals(strict.threshold, thresholdAt(fmr, [found.face?.mask, undefined]));
  assert(strict.threshold >= found.threshold);
  const probe = photo("hopper_masked");
  const ranked = await gallery.identify(probe, { fpir: 1e-12 });
  assert(ranked.kind === "ranked");
  assertEquals(ranked.candidates.map(({ identity }) => identity), ["Hopper", "Collins"]);
});

/** The score below which a share of a standard normal distribution lies, by bisection. */
function normalQuantile(share: number): number {
  let low = -10, high = 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** The share of a standard normal distribution below x, by Simpson's rule. */
function normalShare(x: number): number {
  const steps = 400, from = -10, width = (x - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.exp(-((from + i * width) ** 2) / 2);
  }
  return sum * width / 3 / Math.sqrt(2 * Math.PI);
}
