// Model folders of others: manifests with wrong values, calibrations that cannot be, and networks that are none.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";
import type { Layer } from "../../src/distill/network/layers.ts";
import { StudentNetwork } from "../../src/distill/network/student.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/distill/train/checkpoint.ts";
import { type CachedTemplate, openTemplateCache } from "../../src/evaluate/run/template_cache.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { openModels, packagedModels } from "../../src/model/model.ts";
import { ruleFor, scoreFmr } from "../../src/pipeline/score/decide.ts";
import { breakFile, broken } from "./mutate.ts";
import { jsonMutations, mutateJson } from "./mutate_json.ts";
import { fuzzTarget } from "./target.ts";

const manifestText = Deno.readTextFileSync(new URL("manifest.json", packagedModels()));

/** A manifest with one model and short curves, so that changes hit everything. */
function smallManifest(): Record<string, Record<string, Record<string, unknown>>> {
  const { models: { student, "mask-state": state } } = JSON.parse(manifestText);
  for (const situations of Object.values(student.calibration)) {
    for (const calibration of Object.values(situations as Record<string, { curve: unknown[] }>)) {
      calibration.curve = calibration.curve.slice(0, 5);
    }
  }
  return { models: { student, "mask-state": state } };
}

const manifest = fuzzTarget("manifest", 400, () => {
  return Promise.resolve({ arbitrary: jsonMutations, state: smallManifest() });
}, (mutations, json) => {
  parseManifest(JSON.stringify(mutateJson(json, mutations)) ?? "");
});

const manifestBytes = fuzzTarget("manifest-bytes", 200, () => {
  const bytes = new TextEncoder().encode(JSON.stringify(smallManifest()));
  return Promise.resolve({ arbitrary: broken(1), state: [bytes] });
}, (input, corpus) => {
  parseManifest(new TextDecoder().decode(breakFile(corpus, input)));
});

/** A calibration that is let in must give decisions for every score. */
const calibration = fuzzTarget("calibration", 400, () => {
  const arbitrary = fc.record({
    mutations: jsonMutations,
    score: fc.double({ min: -1, max: 1, noNaN: true }),
    fmr: fc.constantFrom(0.1, 0.01, 0.001, 1e-6),
  });
  return Promise.resolve({ arbitrary, state: smallManifest() });
}, ({ mutations, score, fmr }, json) => {
  const changed = structuredClone(json);
  changed.models.student.calibration = mutateJson(json.models.student.calibration, mutations);
  const { student } = parseManifest(JSON.stringify(changed));
  const { threshold } = ruleFor(student, false, { fmr });
  assertEquals(Number.isFinite(threshold), true);
  const impostors = scoreFmr(student, false, score, [undefined, undefined]);
  if (impostors) assertEquals(impostors.fmr >= 0 && impostors.fmr <= 1, true, `${impostors.fmr}`);
});

/**
 * A network that its own manifest vouches for: what onnxruntime makes of it must stay an error of this network, after
 * which others work as before.
 */
const onnx = fuzzTarget("onnx", 60, async () => {
  const store = await openModels();
  const [model, backend] = [await store.load("mask-state"), new CpuRuntime({ threads: 1 })];
  const shape = tensorShape(model.entry.input, 1);
  const block = backend.write(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const run = async (bytes: Uint8Array<ArrayBuffer>): Promise<Float32Array> => {
    await using network = await backend.load({ entry: model.entry, bytes });
    const [output] = await backend.run(network, block);
    return (await backend.read(output))[0];
  };
  return {
    arbitrary: broken(1),
    state: { run, good: model.bytes, expected: await run(model.bytes) },
  };
}, async (input, { run, good, expected }) => {
  const error = await run(breakFile([good], input)).then(() => undefined, (error) => error);
  assertEquals(await run(good), expected);
  if (error) throw error;
});

/** The same kind of file as the start of a training: of another network, and of a small one that fits. */
const weights = fuzzTarget("weights", 200, async () => {
  const shape = { inputs: 3, outputs: 2, size: 3, stride: 1, padding: [1, 1] as const };
  const small = new StudentNetwork("small", 2, [
    { kind: "convolution", name: "first", depthwise: false, ...shape },
    { kind: "activation", name: "second", channels: 2 },
  ] as Layer[]);
  const filled = Object.entries(small.shapes).map(([name, sizes]) => {
    return [name, new Float32Array(sizes.reduce((a, b) => a * b, 1)).fill(0.5)];
  });
  const own = small.write(Object.fromEntries(filled));
  const other = await Deno.readFile(new URL("mask-state.onnx", packagedModels()));
  return { arbitrary: broken(2), state: { small, corpus: [own, other] } };
}, (input, { small, corpus }) => {
  small.read(breakFile(corpus, input));
});

const checkpoint = fuzzTarget("checkpoint", 150, async () => {
  const path = await Deno.makeTempFile();
  const numbers = (): Float32Array<ArrayBuffer> => new Float32Array([1, 2, 3]);
  const [parameters, mean, optimizer] = [numbers(), numbers(), [numbers()]];
  const best = { score: 0.5, step: 3 };
  writeCheckpoint(path, {
    ...{ step: 3, config: "abc", identities: 5, parameters, mean, optimizer, best },
  });
  return { arbitrary: broken(1), state: { path, corpus: [await Deno.readFile(path)] } };
}, async (input, { path, corpus }) => {
  await Deno.writeFile(path, breakFile(corpus, input));
  readCheckpoint(path);
});

const NO_FACE: CachedTemplate = { maskFailed: true };

const cache = fuzzTarget("template-cache", 130, async () => {
  const folder = await Deno.makeTempDir();
  const entry: CachedTemplate = { embedding: new Float32Array([0.6, 0.8]), maskFailed: false };
  {
    await using cache = await openTemplateCache(folder, "a", 2);
    await cache.add(new Map([["ab".repeat(32), entry], ["cd".repeat(32), NO_FACE]]));
  }
  const path = `${folder}/a.templates`;
  return { arbitrary: broken(1), state: { folder, path, corpus: [await Deno.readFile(path)] } };
}, async (input, { folder, path, corpus }) => {
  await Deno.writeFile(path, breakFile(corpus, input));
  await using cache = await openTemplateCache(folder, "a", 2);
  await cache.add(new Map([["ef".repeat(32), { maskFailed: false }]]));
});

/** The targets of this file. */
export const modelTargets = [
  manifest,
  manifestBytes,
  calibration,
  onnx,
  weights,
  checkpoint,
  cache,
];
