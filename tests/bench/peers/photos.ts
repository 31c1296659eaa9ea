// The pairs that all peers compare, and their masked probes: drawn once by maskinv, kept as PNG outside the project, so
// that every peer gets the same pixels and finds the face in them by itself.

import { createVerifier } from "../../../mod.ts";
import { chooseFace } from "../../../src/pipeline/detect/choose.ts";
import { type LfwPair, parseLfwPairs } from "../../../src/evaluate/mod.ts";
import { maskPhoto } from "../../../src/evaluate/run/apply_plan.ts";
import { chancePlan } from "../../../src/evaluate/run/masks.ts";
import { encodePng, loadImage } from "../../../src/image/mod.ts";

/** The folder of LFW beside the project. */
export const LFW = decodeURIComponent(
  new URL("../../../../shared/data/lfw/", import.meta.url).pathname,
);

/** Which pairs are compared. */
export interface PairChoice {
  /** Pairs of each fold, the folds in the order of pairs.txt. */
  readonly folds: readonly (readonly LfwPair[])[];
  readonly count: number;
}

/** One pair of every `step` of LFW's official 6,000: as many of each kind from each of the ten folds. */
export async function choosePairs(step: number): Promise<PairChoice> {
  const folds = parseLfwPairs(await Deno.readTextFile(`${LFW}pairs.txt`))
    .map((fold) => fold.filter((_, i) => i % step === 0));
  const count = folds.reduce((sum, fold) => sum + fold.length, 0);
  if (count < 200) {
    throw new Error(`Cannot measure TAR@FMR 1e-2 with ${count} pairs: give a --step of at most 30`);
  }
  return { folds, count };
}

/** What a photo or its masked twin is called, wherever the folders are. */
export function keyOf(photo: string, masked: boolean): string {
  return masked ? `masked/${photo.replace(/\.jpg$/, ".png")}` : photo;
}

/** Where the photo of a key lies. */
export function pathOf(key: string, cache: string): string {
  return key.startsWith("masked/") ? `${cache}/${key}` : `${LFW}images/${key}`;
}

/** Draws the masks that are not there yet; gives the photos that none could be applied to, which stay as they are. */
export async function drawMasks({ folds }: PairChoice, cache: string): Promise<string[]> {
  const list = `${cache}/masked/bare.json`;
  const bare = new Set<string>(JSON.parse(await Deno.readTextFile(list).catch(() => "[]")));
  const probes = [...new Set(folds.flat().map(({ probe }) => probe))];
  const there = await Promise.all(
    probes.map((probe) =>
      Deno.stat(pathOf(keyOf(probe, true), cache)).then(() => true, () => false)
    ),
  );
  const missing = probes.filter((_, i) => !there[i]);
  await using verifier = missing.length > 0 ? await createVerifier({ device: "wasm" }) : undefined;
  for (const probe of missing) {
    const out = pathOf(keyOf(probe, true), cache);
    await Deno.mkdir(out.slice(0, out.lastIndexOf("/")), { recursive: true });
    const photo = await loadImage(pathOf(probe, cache));
    const { faces } = await verifier!.detect(photo, { mesh: true });
    const chosen = chooseFace(faces, photo, "centred");
    const face = chosen.kind === "face" ? chosen.face : undefined;
    const plan = chancePlan({ style: "ours" }, probe, "photo");
    const planned = maskPhoto(photo, face, plan, undefined);
    if (!planned) {
      bare.add(probe);
      await Deno.writeTextFile(list, JSON.stringify([...bare]));
    }
    const [masked] = planned ? await verifier!.drawLayers([planned]) : [photo];
    await Deno.writeFile(`${out}.part`, await encodePng(masked));
    await Deno.rename(`${out}.part`, out);
  }
  return probes.filter((probe) => bare.has(probe));
}
