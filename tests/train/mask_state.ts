// Trains the mask-state network and writes models/mask-state.onnx, its manifest entry and tests/train/mask_state.json:
//   deno run -A tests/train/mask_state.ts [--data ../shared/data] [--cache /tmp/maskinv-train] [--epochs 18] [--write]
// deno-lint-ignore-file no-console

import { defaultDevice, init } from "@jax-js/jax";
import { parseArgs } from "@std/cli";
import { EngineHost } from "../../src/pipeline/engine/host.ts";
import { MASK_STATES } from "../../src/pipeline/embed/mask_state.ts";
import { openModels } from "../../src/model/model.ts";
import { Adam } from "./adam.ts";
import { plainCrop, SMALL_LENGTH, variedCrop } from "./augment.ts";
import { confusionLines, report } from "./confusion.ts";
import { drawnMasks } from "./drawn_masks.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { probeInputs } from "./probe.ts";
import { realPhotos } from "./real_photos.ts";
import { cached, type Sample } from "./samples.ts";
import { CLASSES, firstWeights, gradient, PATCHES_LENGTH, patchesOf } from "./state_network.ts";
import { predict, type Weights } from "./state_network.ts";
import { writeState } from "./write_state.ts";

const BATCH = 64;
/** How often a real photo is seen in an epoch, each time in another variation; a drawn mask is seen once. */
const REAL_REPEATS = 4;
/** What the wrong classes get of a target, together. */
const SMOOTHING = 0.03;
/** With eyes closer than this share of the picture's width, detection took something else for the face. */
const LEAST_EYES = 0.2;

const args = parseArgs(Deno.args, {
  string: ["data", "cache", "epochs", "labelled", "unlabelled"],
  boolean: ["write"],
});
const { data = "../shared/data", cache = "/tmp/maskinv-train" } = args;
const { epochs: epochCount = "18", labelled = "350", unlabelled = "850" } = args;

const { real, drawn } = await samples();
await init("wasm");
defaultDevice("wasm");
const start = performance.now();
const weights = await train();
console.log(`trained in ${((performance.now() - start) / 1000).toFixed(0)} s`);

const heldOut = real.filter((sample) => sample.heldOut);
console.log("real photos, held out:");
console.log(report(heldOut, await states(heldOut)));
const located = heldOut.filter(({ eyes }) => eyes >= LEAST_EYES);
console.log(`of these, the ${located.length} whose face was located:`);
console.log(report(located, await states(located)));
const drawnOut = drawn.filter((sample) => sample.heldOut);
console.log("drawn masks, held out:");
console.log(confusionLines(drawnOut, await states(drawnOut)));

if (args.write) {
  const inputs = probeInputs();
  await writeState(weights, await predict(weights, inputs.map(averaged)), heldOut);
}
// The threads of jax-js would keep the process alive.
Deno.exit(0);

async function samples(): Promise<{ real: Sample[]; drawn: Sample[] }> {
  await using host = new EngineHost("wasm", await openModels(), {});
  return await host.use(async (engine) => {
    const real = await cached(cache, "real", () => realPhotos(engine, data));
    const counts = { labelled: Number(labelled), unlabelled: Number(unlabelled) };
    const name = `drawn_${counts.labelled}_${counts.unlabelled}`;
    const drawn = await cached(cache, name, () => drawnMasks(engine, data, counts));
    return { real, drawn };
  });
}

async function train(): Promise<Weights> {
  const usable = [...real, ...drawn].filter(({ heldOut, eyes }) => !heldOut && eyes >= LEAST_EYES);
  const pool = usable.flatMap((sample) =>
    sample.group === "real" ? Array<Sample>(REAL_REPEATS).fill(sample) : [sample]
  );
  const counts = MASK_STATES.map((state) => pool.filter((sample) => sample.state === state).length);
  const epochs = Number(epochCount), perEpoch = Math.floor(pool.length / BATCH);
  console.log(
    `${usable.length} samples, ${pool.length} an epoch (${MASK_STATES.join(", ")}: ${
      counts.join(", ")
    }), ${epochs * perEpoch} steps of ${BATCH}`,
  );
  const random = randomNumbers(20);
  const weights = firstWeights(4);
  const adam = new Adam({ rate: 2e-3, decay: 0.02, steps: epochs * perEpoch, warmUp: 100 });
  const small = new Float32Array(SMALL_LENGTH);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(pool, random);
    let sum = 0;
    for (let step = 0; step < perEpoch; step++) {
      const patches = new Float32Array(BATCH * PATCHES_LENGTH);
      const targets = new Float32Array(BATCH * CLASSES).fill(SMOOTHING / CLASSES);
      pool.slice(step * BATCH, (step + 1) * BATCH).forEach((sample, i) => {
        variedCrop(sample.crop, random, small);
        patchesOf(small, patches.subarray(i * PATCHES_LENGTH, (i + 1) * PATCHES_LENGTH));
        targets[i * CLASSES + MASK_STATES.indexOf(sample.state)] += 1 - SMOOTHING;
      });
      const result = await gradient(weights, patches, targets);
      adam.update(weights, result.gradient);
      sum += result.loss;
    }
    const seconds = (performance.now() - start) / 1000;
    console.log(`epoch ${epoch + 1}: loss ${(sum / perEpoch).toFixed(4)}, ${seconds.toFixed(0)} s`);
  }
  return weights;
}

function shuffle<T>(list: T[], random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}

/** The index of the most probable state of each sample. */
async function states(samples: readonly Sample[]): Promise<number[]> {
  const smalls = samples.map(({ crop }) => {
    const small = new Float32Array(SMALL_LENGTH);
    plainCrop(crop, small);
    return small;
  });
  const values = await predict(weights, smalls);
  return samples.map((_, i) => {
    const row = values.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row));
  });
}

/** The network's first step on an input of 112x112 pixels. */
function averaged(input: Float32Array): Float32Array {
  const out = new Float32Array(SMALL_LENGTH);
  for (let i = 0; i < input.length; i++) {
    const channel = i % 3, x = Math.floor(i / 3) % 112, y = Math.floor(i / 3 / 112);
    out[(Math.floor(y / 4) * 28 + Math.floor(x / 4)) * 3 + channel] += input[i] / 16;
  }
  return out;
}
