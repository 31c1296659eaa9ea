// Models of the families' forms at work: templates are those of an independent preparation of the pixels, and every
// command takes them by --model.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadImage } from "../../src/image/mod.ts";
import { addModel } from "../../src/model/add/add.ts";
import { familyOf } from "../../src/model/families.ts";
import { compareTemplates, createVerifier, TemplateMismatchError } from "../../mod.ts";
import { run, WASM } from "../cli/run.ts";
import { photo } from "../hosts.ts";
import { FEATURES, matrixOf, tinyModel } from "./tiny_models.ts";

/** The families whose forms differ, each with the pixel values that its own code would feed for R, G and B. */
const FORMS: readonly [like: string, bgr: boolean, (value: number) => number][] = [
  ["insightface", false, (value) => (value - 127.5) / 127.5],
  ["elasticface", false, (value) => (value / 255 - 0.5) / 0.5],
  ["magface", true, (value) => value / 255],
  ["sface", false, (value) => value],
];

const folder = await Deno.makeTempDir();
for (const [i, [like]] of FORMS.entries()) {
  await Deno.writeFile(`${folder}/${like}.bytes`, tinyModel(like, i, { fixed: i % 2 === 0 }));
  await addModel(`${folder}/${like}.bytes`, folder, { like, name: like });
}
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The template of a crop, computed with nothing of the module but its alignment. */
async function expected(
  path: string,
  crop: readonly number[],
  at: number,
): Promise<number[]> {
  const [like, bgr, value] = FORMS[at];
  const { width, height, data } = await loadImage(path);
  const [a, b, c, d, e, f] = crop;
  const pixel = (x: number, y: number, channel: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * 4 + channel];
  const features = new Float64Array(FEATURES);
  for (let y = 0; y < 112; y++) {
    for (let x = 0; x < 112; x++) {
      const u = a * x + b * y + c, v = d * x + e * y + f;
      const [x0, y0] = [Math.floor(u), Math.floor(v)], [s, t] = [u - x0, v - y0];
      for (let plane = 0; plane < 3; plane++) {
        const channel = bgr ? 2 - plane : plane;
        const grey = (1 - t) * ((1 - s) * pixel(x0, y0, channel) + s * pixel(x0 + 1, y0, channel)) +
          t * ((1 - s) * pixel(x0, y0 + 1, channel) + s * pixel(x0 + 1, y0 + 1, channel));
        features[plane * 49 + (y >> 4) * 7 + (x >> 4)] += value(grey) / 256;
      }
    }
  }
  const size = familyOf(like).templateSize, matrix = matrixOf(size, at);
  const raw = Array.from(
    { length: size },
    (_, j) => features.reduce((sum, feature, i) => sum + feature * matrix[i * size + j], 0),
  );
  const length = Math.hypot(...raw);
  return raw.map((number) => number / length);
}

Deno.test("templates of each form are those of an independent preparation of the pixels", async () => {
  const made = [];
  for (const [i, [like]] of FORMS.entries()) {
    await using verifier = await createVerifier({ models: folder, model: like, device: "wasm" });
    const acquired = await verifier.embed(photo("collins_crop"));
    if (acquired.kind !== "acquired") throw new Error(acquired.kind);
    const { template, face } = acquired;
    const wanted = await expected(photo("collins_crop"), face.alignment.cropToPhoto, i);
    assertEquals(template.embedding.length, wanted.length);
    const worst = Math.max(...wanted.map((value, j) => Math.abs(value - template.embedding[j])));
    assertEquals(worst < 1e-5, true, `${like}: off by ${worst}`);
    assertEquals(face.mask?.state, "none"); // told by the package's network, whatever the model's form
    made.push(template);
  }
  let error: unknown;
  try {
    compareTemplates(made[0], made[1]);
  } catch (thrown) {
    error = thrown;
  }
  assertEquals(error instanceof TemplateMismatchError, true);
});

Deno.test("verify of a model that was never calibrated gives a score and no decision", async () => {
  const args = [...WASM, "--models", folder, "--model", "magface"];
  const photos = [photo("collins"), photo("collins_crop")];
  const { code, out } = await run("verify", ...args, ...photos);
  assertEquals(code, 2);
  assertStringIncludes(out, "no threshold, as model magface was never calibrated");
  assertEquals(/match/.test(out), false);
  const json = JSON.parse((await run("verify", ...args, "--json", ...photos)).out);
  assertEquals([json.kind, json.decision, json.threshold], ["scored", undefined, undefined]);
  const own = await run("verify", ...args, "--threshold", "-1", ...photos);
  assertEquals([own.code, own.out.startsWith("match")], [0, true]);
  const rate = await run("verify", ...args, "--fmr", "0.01", ...photos);
  assertEquals(rate.code, 2);
  assertStringIncludes(rate.err, "calibrate it, or give a threshold");
});

Deno.test("enrol and identify take another model, with a threshold of the user's", async () => {
  const gallery = ["--gallery", `${folder}/gallery`, "--plain"];
  const args = [...gallery, ...WASM, "--models", folder, "--model", "insightface"];
  assertEquals((await run("enrol", ...args, "Eileen", photo("collins"))).code, 0);
  const none = await run("identify", ...args, photo("collins"));
  assertEquals(none.code, 1);
  assertStringIncludes(none.out, "not measured");
  const found = await run("identify", ...args, "--threshold", "0.9", photo("collins"));
  assertEquals(found.code, 0, found.err);
  assertStringIncludes(found.out, "Eileen");
  const other = [...gallery, ...WASM, "--models", folder, "--model", "magface"];
  const mixed = await run("identify", ...other, "--threshold", "0.9", photo("collins"));
  assertEquals(mixed.code, 2);
});

Deno.test("evaluate, calibrate and prepare take another model", async () => {
  const people = `${folder}/people`;
  const files = { Eileen: ["collins", "collins_dark"], Grace: ["hopper", "hopper_dark"] };
  for (const [name, photos] of Object.entries(files)) {
    await Deno.mkdir(`${people}/${name}`, { recursive: true });
    for (const file of photos) await Deno.copyFile(photo(file), `${people}/${name}/${file}.jpg`);
  }
  const cache = ["--cache", `${folder}/cache`];
  const evaluated = await run(
    "evaluate",
    ...WASM,
    ...cache,
    "--json",
    "--scenarios",
    "uu",
    ...["--models", folder, "--model", "magface"],
    people,
  );
  assertEquals(evaluated.code, 0, evaluated.err);
  assertEquals(JSON.parse(evaluated.out).results[0].model, `${folder}#magface`);
  const calibrate = ["calibrate", ...WASM, ...cache, "--models", folder, "--model", "magface"];
  const calibrated = await run(...calibrate, people);
  assertEquals(calibrated.code, 2);
  assertStringIncludes(calibrated.err, "Cannot calibrate"); // four photos are too few for a rate
  const shards = `${folder}/shards`;
  const prepare = ["prepare", "--models", folder, "--teacher", "insightface", "--out", shards];
  const prepared = await run(...prepare, people);
  assertEquals(prepared.err, "");
  const { settings } = JSON.parse(await Deno.readTextFile(`${shards}/index.json`));
  assertEquals([settings.teacher.name, settings.templateSize], ["insightface", 512]);
});
