import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { run } from "../cli/run.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  calibrateModel,
  type Dataset,
  evaluate,
  type EvaluateOptions,
  type Evaluation,
  openDataset,
} from "../../src/evaluate/mod.ts";
import { collectTemplates } from "../../src/evaluate/run/collect.ts";
import { cutPicture } from "../../src/pipeline/align/cut.ts";
import { openModelSet } from "../../src/evaluate/run/models.ts";
import { comparisonsOf } from "../../src/evaluate/run/protocol.ts";
import { applyMask, randomMaskOptions } from "../../src/mask/mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { createVerifier } from "../../src/verify/create.ts";
import { photo, testWithShared } from "../hosts.ts";
import { LFW_LIST, temporaryFolder, writePeople } from "./dataset_fixtures.ts";

const STUDENT = { label: "student", name: "student" };
const WASM: EvaluateOptions = { device: "wasm", replicates: 0 };

async function people(folder: string): Promise<Dataset> {
  await writePeople(`${folder}/lfw`);
  await Deno.writeTextFile(`${folder}/lfw/pairs.txt`, LFW_LIST);
  return await openDataset(`${folder}/lfw`);
}

Deno.test("templates are the verifier's own, clean and masked, single and mirrored", async () => {
  using folder = temporaryFolder();
  using dataset = await people(folder.path);
  const [{ id }] = dataset.images, path = `${folder.path}/lfw/${id}`;
  const mask = { style: "ours", seed: 3, kind: "gaiter" } as const;
  await using set = await openModelSet([STUDENT], WASM);
  const { table } = await collectTemplates(dataset, [{ image: 0 }, { image: 0, mask }], set, {
    kinds: ["single", "mirrored"],
  });
  const image = await loadImage(path);
  for (const mirror of [false, true]) {
    await using verifier = await createVerifier({ device: "wasm", face: "centred", mirror });
    const { faces } = await verifier.detect(image, { mesh: true });
    const masked = applyMask(image, faces, {
      ...randomMaskOptions(3),
      kind: "gaiter",
      coverage: "full",
    });
    for (const [input, sample] of [[image, { image: 0 }], [masked, { image: 0, mask }]] as const) {
      const acquired = await verifier.embed(input);
      assert(acquired.kind === "acquired");
      const row = table.get(0, mirror ? "mirrored" : "single", sample)!;
      row.forEach((value, i) => assertAlmostEquals(value, acquired.template.embedding[i], 1e-6));
    }
  }
});

Deno.test("a run that is stopped goes on where it was, and agrees with one that was not", async () => {
  using folder = temporaryFolder();
  using dataset = await people(folder.path);
  const cache = `${folder.path}/cache`, scenarios = ["uu", "um"] as const;
  const stop = new AbortController();
  const run = (options: EvaluateOptions): Promise<Evaluation> =>
    evaluate(dataset, [STUDENT], { ...WASM, scenarios, batchSize: 1, ...options });
  let done = 0;
  await assertRejects(() =>
    run({
      cache,
      signal: stop.signal,
      onProgress: (progress) => {
        done = progress.done;
        if (done > 0) stop.abort();
      },
    }), DOMException);
  // Four photos; three of them, the probes, also with a mask.
  assert(done > 0 && done < 7, `stopped after ${done}`);
  // A record that was being written when the power went.
  const [{ name }] = [...Deno.readDirSync(cache)];
  await Deno.writeFile(`${cache}/${name}`, new Uint8Array(100), { append: true });
  const rest = await run({ cache });
  assertEquals([rest.run.samples, rest.run.embedded], [7, 7 - done]);
  const again = await run({ cache });
  assertEquals(again.run.embedded, 0);
  assertEquals(again.results.map(({ folds }) => folds), rest.results.map(({ folds }) => folds));
  const fresh = await run({});
  assertEquals(fresh.run.embedded, 7);
  fresh.results.forEach(({ metrics }, i) => {
    assertAlmostEquals(metrics.eerThreshold, again.results[i].metrics.eerThreshold, 1e-5);
  });
  assertEquals(fresh.results[0].metrics.counts, {
    genuine: 2,
    impostor: 2,
    persons: 2,
    genuineNotCompared: 0,
    impostorNotCompared: 0,
  });
  assertEquals(fresh.results[0].metrics.auc.value, 1);
});

Deno.test("aligned crops are embedded as they are; the paper's mask and ours go on them", async () => {
  await using verifier = await createVerifier({ device: "wasm", face: "centred" });
  const crops = await Promise.all(
    ["collins", "collins_dark", "hopper", "hopper_dark"].map(async (name) => {
      const image = await loadImage(photo(name));
      const { faces: [face] } = await verifier.detect(image);
      return { image, crop: cutPicture(image, face.alignment.cropToPhoto, 112) };
    }),
  );
  const dataset: Dataset = {
    name: "crops",
    kind: "bin",
    aligned: true,
    identified: false,
    images: crops.map(({ crop }, i) => ({
      id: `${i}`,
      identity: i >> 1,
      load: () => Promise.resolve(crop),
    })),
    folds: [
      [{ probe: 0, reference: 1, genuine: true }, { probe: 0, reference: 2, genuine: false }],
      [
        { probe: 2, reference: 3, genuine: true },
        { probe: 3, reference: 1, genuine: false },
      ],
    ],
    [Symbol.dispose]: () => {},
  };
  await using set = await openModelSet([STUDENT], WASM);
  const texture = {
    width: 1627,
    height: 1085,
    data: new Uint8ClampedArray(1627 * 1085 * 4).fill(255),
  };
  for (
    const masks of [{ style: "ours", seed: 1 }, { style: "maskinv", texture, seed: 1 }] as const
  ) {
    for (const protocol of ["corrected", "released"] as const) {
      const comparisons = comparisonsOf(dataset, "um", protocol, masks).flat();
      const samples = comparisons.flatMap(({ probe, reference }) => [probe, reference]);
      const { table } = await collectTemplates(dataset, samples, set, { kinds: ["single"], masks });
      assertEquals(table.failures, []);
      const masked = samples.find(({ mask }) => mask)!;
      const template = table.get(0, "single", masked)!;
      const acquired = await verifier.embed(crops[masked.image].image);
      assert(acquired.kind === "acquired");
      const cosine = template.reduce((sum, x, i) => sum + x * acquired.template.embedding[i], 0);
      assert(cosine > 0.1 && cosine < 0.97, `${masks.style} ${protocol}: ${cosine}`);
      const bare = samples.find(({ mask }) => !mask);
      if (bare) {
        const clean = table.get(0, "single", bare)!;
        const whole = await verifier.embed(crops[bare.image].image);
        assert(whole.kind === "acquired");
        const same = clean.reduce((sum, x, i) => sum + x * whole.template.embedding[i], 0);
        assert(same > 0.99, `as from the photo: ${same}`);
      }
    }
  }
});

Deno.test("photos that cannot be read are failures to acquire, and the rest goes on", async () => {
  using folder = temporaryFolder();
  using dataset = await people(folder.path);
  await Deno.writeTextFile(`${folder.path}/lfw/${dataset.images[1].id}`, "no photo at all");
  const { failures, results: [{ metrics }] } = await evaluate(dataset, [STUDENT], WASM);
  assertEquals(failures.map(({ photo, kind }) => [photo, kind]), [[dataset.images[1].id, "error"]]);
  assertStringIncludes(failures[0].message ?? "", "Cannot decode");
  assertEquals([metrics.counts.genuineNotCompared, metrics.counts.impostorNotCompared], [1, 1]);
});

Deno.test("calibration asks for persons that are known, and for enough of them", async () => {
  using folder = temporaryFolder();
  using dataset = await people(folder.path);
  await assertRejects(
    () => calibrateModel({ ...dataset, identified: false }, STUDENT),
    InvalidArgumentError,
    "does not say who",
  );
  await assertRejects(
    () => calibrateModel(dataset, STUDENT, { device: "wasm", kinds: ["single"] }),
    InvalidArgumentError,
    "give two folds or more",
  );
});

Deno.test("the command line evaluates, and says what it does not know", async () => {
  using folder = temporaryFolder();
  using _ = await people(folder.path);
  const data = `${folder.path}/lfw`, report = `${folder.path}/report`;
  const good = await run(
    ...["evaluate", data, "--device", "wasm", "--scenarios", "uu", "--cache", "none", "--json"],
    ...["--report", report, "--models", "student,models/#student"],
  );
  // On a slow machine lines of progress come before it.
  const last = good.err.split("\n").at(-1);
  assertEquals([good.code, last], [0, `Report: ${report}/report.html`]);
  const { results } = JSON.parse(good.out);
  assertEquals(results.map(({ model }: { model: string }) => model), [
    "student",
    "models/#student",
  ]);
  assertEquals(results[0].auc.value, 1);
  assertEquals(results[0].eerThreshold, results[1].eerThreshold);
  const page = await Deno.readTextFile(`${report}/report.md`);
  assertStringIncludes(page, "deno run -A cli.ts evaluate --models 'student,models/#student'");
  assertStringIncludes(page, "--scenarios uu");
  for (
    const [args, message] of [
      [["evaluate", data, "--scenarios", "xx"], '--scenarios is "xx": give one of'],
      [["evaluate", data, "--models", "nobody"], 'Cannot load model "nobody"'],
      [["evaluate", `${data}/none`], "no such file or folder"],
      [["evaluate", data, "--colors", data], "Cannot use --colors with our masks"],
      [["calibrate", data, "--fmr", "2"], "--fmr is 2: give a number between 0 and 1"],
    ] as const
  ) {
    const { code, err } = await run(...args);
    assertEquals(code, 2);
    assertStringIncludes(err, message);
  }
});

testWithShared(
  "a few pairs of LFW, masked by both protocols, and pictures of the worst",
  async (data) => {
    using dataset = await openDataset(`${data}/lfw`);
    assertEquals([dataset.images.length, dataset.folds.flat().length], [7701, 6000]);
    const { results, run } = await evaluate(dataset, [STUDENT], {
      ...WASM,
      scenarios: ["uu", "um"],
      protocols: ["corrected", "released"],
      limit: 6,
      worst: 1,
      pictures: true,
    });
    assertEquals(
      results.map(({ scenario, protocol, mirrored }) => [scenario, protocol, mirrored]),
      [
        ["uu", "corrected", false],
        ["um", "corrected", false],
        ["uu", "released", true],
        ["um", "released", true],
      ],
    );
    assertEquals(results[0].metrics.auc.value, 1);
    assertStringIncludes(
      results[0].worst.genuine[0].pictures?.[0] ?? "",
      "data:image/jpeg;base64,/9j/",
    );
    assert(run.networkShare! > 0.5, `share of time in the networks ${run.networkShare}`);
  },
);
