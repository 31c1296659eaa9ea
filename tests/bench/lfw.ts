// Measures the verifier on LFW's 6,000 pairs from the raw photos, and thresholds for its false match rates:
//   deno run -A tests/bench/lfw.ts [--data ../shared/data/lfw] [--device auto] [--mirror] [--limit 600]
// and what masks cost: --masked probe (one of each pair) or both draws masks on the photos, by the seed of each, and
// everything after that sees the masked photo only.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { createVerifier, type DeviceChoice, type Image } from "../../mod.ts";
import { chooseFace } from "../../src/detect/mod.ts";
import {
  type ComparisonScores,
  falseMatchRate,
  falseNonMatchRate,
  foldAccuracy,
  type LfwPair,
  parseLfwPairs,
  thresholdAtFmr,
  trueMatchRateAtFmr,
} from "../../src/evaluate/mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { applyMask } from "../../src/mask/apply.ts";
import { randomMaskOptions } from "../../src/mask/kinds.ts";
import type { Calibration, OperatingPoint } from "../../src/embed/mod.ts";
import { cosineMatrix } from "../../src/score/mod.ts";

const RATES = [1e-2, 1e-3, 1e-4];
/** 97.5% quantile of Student's t with 9 degrees of freedom: the interval over ten folds. */
const T9 = 2.262;

const args = parseArgs(Deno.args, {
  string: ["data", "device", "limit", "masked"],
  boolean: ["mirror"],
  default: { data: "../shared/data/lfw", device: "auto" },
});
const folds = parseLfwPairs(await Deno.readTextFile(`${args.data}/pairs.txt`));
const wanted = folds.flat().slice(0, args.limit ? Number(args.limit) : undefined);
const photos = [...new Set(wanted.flatMap(({ probe, reference }) => [probe, reference]))].sort();

await using verifier = await createVerifier({
  device: args.device as DeviceChoice,
  mirror: args.mirror,
  face: "centred",
});
const masked = args.masked ? await embedPhotos("masked", maskedPhotos()) : undefined;
const references = args.masked === "both" ? masked! : await embedPhotos("clean", paths());
const probes = masked ?? references;
report(
  folds.map((fold) => fold.filter((pair) => wanted.includes(pair))).filter((fold) =>
    fold.length > 0
  ),
);

function paths(): string[] {
  return photos.map((photo) => `${args.data}/images/${photo}`);
}

/** The photos with a mask on the face that is meant; a face without a mesh cannot wear one and stays bare. */
async function* maskedPhotos(): AsyncGenerator<Image> {
  let bare = 0;
  for (const [seed, path] of paths().entries()) {
    const image = await loadImage(path);
    const { faces } = await verifier.detect(image);
    const chosen = chooseFace(faces, image, "centred");
    if (chosen.kind === "face" && chosen.face.landmarks.source === "mesh") {
      yield applyMask(image, [chosen.face], { ...randomMaskOptions(seed), wearing: "full" });
    } else {
      bare++;
      yield image;
    }
  }
  console.log(`${bare} photos could not be given a mask`);
}

async function embedPhotos(
  what: string,
  inputs: Iterable<string> | AsyncIterable<Image>,
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  const start = performance.now();
  let done = 0, mesh = 0;
  for await (const result of verifier.embedAll(inputs)) {
    const photo = photos[done++];
    if (result.kind === "acquired") {
      found.set(photo, result.template.embedding);
      if (result.face.landmarks.source === "mesh") mesh++;
    } else console.log(`failure to acquire: ${photo} (${result.kind})`);
    if (done % 500 === 0) {
      const rate = 1000 * done / (performance.now() - start);
      console.error(`${done}/${photos.length} ${what} photos, ${rate.toFixed(1)} a second`);
    }
  }
  const failures = photos.length - found.size;
  const rate = 1000 * done / (performance.now() - start);
  const percent = (count: number): string => `${(100 * count / photos.length).toFixed(3)}%`;
  console.log(
    `${photos.length} ${what} photos on ${await verifier.device()}, ${rate.toFixed(1)} a second, ` +
      `failures to acquire ${failures} (${percent(failures)}), aligned by mesh ${percent(mesh)}`,
  );
  return found;
}

function report(folds: LfwPair[][]): void {
  const listed = folds.map(scorePairs);
  const all = join(listed);
  console.log(`${all.genuine.length} genuine and ${all.impostor.length} impostor pairs`);
  const { accuracy, deviation, thresholds } = foldAccuracy(listed);
  const mean = thresholds.reduce((sum, value) => sum + value, 0) / thresholds.length;
  console.log(
    `${listed.length}-fold accuracy ${accuracy.toFixed(4)} +- ${deviation.toFixed(4)} (threshold ${
      mean.toFixed(3)
    })`,
  );
  for (const fmr of [1e-2, 1e-3]) {
    console.log(`TAR@FMR${fmr} on the listed pairs ${trueMatchRateAtFmr(all, fmr).toFixed(4)}`);
  }
  if (args.masked || args.limit) return; // thresholds are of clean faces, and take all folds
  const calibration = calibrate(listed, folds.map(crossImpostors));
  console.log(JSON.stringify(calibration, null, 2));
}

/** A pair with a failure to acquire cannot match: its score is -1, genuine or not. */
function scorePairs(pairs: LfwPair[]): ComparisonScores {
  const score = ({ probe, reference }: LfwPair): number => {
    const a = probes.get(probe), b = references.get(reference);
    return a && b ? cosineMatrix(a, b, a.length)[0] : -1;
  };
  const scores = (genuine: boolean): Float32Array =>
    Float32Array.from(pairs.filter((pair) => pair.genuine === genuine).map(score));
  return { genuine: scores(true), impostor: scores(false) };
}

/** The scores of all photos of a fold with all photos of other people in it; no person is in two folds. */
function crossImpostors(pairs: LfwPair[]): Float32Array {
  const names = [...new Set(pairs.flatMap(({ probe, reference }) => [probe, reference]))]
    .filter((photo) => references.has(photo));
  const person = names.map((name) => name.split("/")[0]);
  const dim = references.get(names[0])!.length;
  const rows = new Float32Array(names.length * dim);
  names.forEach((name, i) => rows.set(references.get(name)!, i * dim));
  const matrix = cosineMatrix(rows, rows, dim);
  const scores: number[] = [];
  for (let i = 0; i < names.length; i++) {
    for (let j = 0; j < i; j++) {
      if (person[i] !== person[j]) scores.push(matrix[i * names.length + j]);
    }
  }
  return Float32Array.from(scores);
}

function join(folds: readonly ComparisonScores[]): ComparisonScores {
  return {
    genuine: Float32Array.from(folds.flatMap(({ genuine }) => [...genuine])),
    impostor: concat(folds.map(({ impostor }) => impostor)),
  };
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * The threshold of each rate on all folds, and the error rates that a threshold from nine folds has on the tenth:
 * what a user may expect of people that the threshold has never seen.
 */
function calibrate(
  listed: ComparisonScores[],
  impostors: Float32Array[],
): Omit<Calibration, "curve"> {
  const points = RATES.map((fmr): OperatingPoint => {
    const rates = impostors.map((held, fold) => {
      const threshold = thresholdAtFmr(concat(impostors.filter((_, i) => i !== fold)), fmr);
      return {
        fmr: falseMatchRate(held, threshold),
        fnmr: falseNonMatchRate(listed[fold].genuine, threshold),
      };
    });
    const mean = (values: number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const measuredFmr = mean(rates.map((rate) => rate.fmr));
    const variance = mean(rates.map((rate) => (rate.fmr - measuredFmr) ** 2)) * 10 / 9;
    const half = T9 * Math.sqrt(variance / 10);
    return {
      fmr,
      threshold: rounded(thresholdAtFmr(concat(impostors), fmr)),
      measuredFmr: rounded(measuredFmr),
      interval: [rounded(Math.max(0, measuredFmr - half)), rounded(measuredFmr + half)],
      fnmr: rounded(mean(rates.map((rate) => rate.fnmr))),
    };
  });
  return {
    source:
      "LFW view 2, unmasked faces, tests/bench/lfw.ts: impostors are all pairs of different people within a " +
      "fold; rates are means over ten folds at thresholds from the other nine, intervals are Student's t over folds",
    impostors: impostors.reduce((sum, scores) => sum + scores.length, 0),
    genuine: listed.reduce((sum, { genuine }) => sum + genuine.length, 0),
    points,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
