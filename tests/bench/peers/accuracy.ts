// How well each peer tells people apart on the same pairs, bare and masked. Templates are kept in the cache, line by line,
// so that a run that was stopped goes on, and a new student costs maskinv's templates only.

import {
  NOT_COMPARED,
  type VerificationMetrics,
  verificationReport,
} from "../../../src/evaluate/mod.ts";
import type { Sample } from "../../../src/evaluate/run/protocol.ts";
import { labelScores, type ScoredComparison } from "../../../src/evaluate/run/scores.ts";
import { install, type PeerSpec } from "./install.ts";
import { drawMasks, keyOf, type PairChoice, pathOf } from "./photos.ts";
import { PeerProcess } from "./processes.ts";

/** What the table needs of one peer. */
export interface PeerAccuracy {
  readonly version: string;
  readonly pairs: number;
  /** Photos without a template, of how many, and the metrics. */
  readonly clean: Measured;
  readonly masked: Measured;
}

/** One situation. */
export interface Measured {
  readonly failures: number;
  readonly photos: number;
  readonly accuracy: Share;
  readonly eer: Share;
  readonly tar: Share;
}

/** A share with its 95% interval. */
export interface Share {
  readonly value: number;
  readonly interval?: readonly [number, number];
}

type Templates = Map<string, Float32Array | undefined>;

/** Measures one peer; `say` hears how far it is. */
export async function measureAccuracy(
  peer: PeerSpec,
  native: PeerSpec,
  pairs: PairChoice,
  cache: string,
  say: (text: string) => void,
): Promise<PeerAccuracy> {
  const ours = peer.name === "maskinv";
  // onnxruntime-node gives maskinv's templates to seven digits, in a fraction of the time.
  const flags = await install(ours ? native : peer, cache);
  const bare = await drawMasks(pairs, cache);
  say(`${bare.length} probes have no mesh for a mask and stay bare`);
  const version = ours ? await versionOfMaskinv() : peer.packages[0];
  const templates = await collect(peer, flags, version, photosOf(pairs), cache, say);
  return {
    version,
    pairs: pairs.count,
    clean: measure(pairs, false, templates, peer),
    masked: measure(pairs, true, templates, peer),
  };
}

/** Every photo of the pairs once, by its key: the bare ones and the masked probes. */
function photosOf({ folds }: PairChoice): string[] {
  const keys = folds.flat().flatMap(({ probe, reference }) => [
    keyOf(probe, false),
    keyOf(reference, false),
    keyOf(probe, true),
  ]);
  return [...new Set(keys)];
}

async function collect(
  peer: PeerSpec,
  flags: readonly string[],
  version: string,
  photos: readonly string[],
  cache: string,
  say: (text: string) => void,
): Promise<Templates> {
  await Deno.mkdir(`${cache}/templates`, { recursive: true });
  const path = `${cache}/templates/${version.replace(/[@/]/g, "_")}.jsonl`;
  const templates: Templates = new Map();
  const lines = (await Deno.readTextFile(path).catch(() => "")).split("\n");
  // What follows the last line break was cut off by a stop.
  for (const line of lines.slice(0, -1)) {
    const { photo, template } = JSON.parse(line);
    templates.set(photo, template ? Float32Array.from(template) : undefined);
  }
  const missing = photos.filter((photo) => !templates.has(photo));
  if (missing.length === 0) return templates;
  await Deno.writeTextFile(path, lines.slice(0, -1).map((line) => `${line}\n`).join(""));
  await using process = await PeerProcess.start(peer.script, flags, cache);
  using file = await Deno.open(path, { append: true });
  for (const [i, photo] of missing.entries()) {
    const reply = await process.ask({ do: "template", photo: pathOf(photo, cache) });
    const template = reply.template as number[] | undefined;
    await file.write(new TextEncoder().encode(`${JSON.stringify({ photo, template })}\n`));
    templates.set(photo, template && Float32Array.from(template));
    if (i % 100 === 99) say(`${i + 1} of ${missing.length} photos`);
  }
  return templates;
}

/** The metrics of one situation; what has no template never matches. */
function measure(
  { folds }: PairChoice,
  masked: boolean,
  templates: Templates,
  peer: PeerSpec,
): Measured {
  const names: string[] = [], images: { identity: number }[] = [];
  /** A photo as the project's evaluation names it: by its place in a list that knows who is on it. */
  const sample = (photo: string): Sample => {
    const name = photo.split("/")[0];
    if (!names.includes(name)) names.push(name);
    return { image: images.push({ identity: names.indexOf(name) }) - 1 };
  };
  const used = new Set<string>();
  const scored = folds.map((fold) =>
    fold.map((pair): ScoredComparison => {
      const keys = [keyOf(pair.probe, masked), keyOf(pair.reference, false)];
      keys.forEach((key) => used.add(key));
      const [probe, reference] = keys.map((key) => templates.get(key));
      const score = probe && reference ? SCORES[peer.compare!](probe, reference) : NOT_COMPARED;
      const { genuine } = pair;
      return { probe: sample(pair.probe), reference: sample(pair.reference), genuine, score };
    })
  );
  const metrics = verificationReport(labelScores(scored, { images }), { rates: [1e-2] });
  return {
    failures: [...used].filter((key) => templates.get(key) === undefined).length,
    photos: used.size,
    ...shares(metrics),
  };
}

function shares({ accuracy, eer, tarAtFmr }: VerificationMetrics): Omit<
  Measured,
  "failures" | "photos"
> {
  const share = ({ value, interval }: Share): Share => ({ value, interval });
  return { accuracy: share(accuracy!), eer: share(eer), tar: share(tarAtFmr[0].tar) };
}

/** Scores above -1, higher for the more alike. Error rates depend on their order only. */
const SCORES = {
  cosine: (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0),
  // human's similarity is this order too, but rounded to hundredths and cut off at both ends.
  euclidean: (a: Float32Array, b: Float32Array): number =>
    1 / (1 + Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0))),
};

/** What maskinv's templates depend on: the models, and the code from pixels to templates. */
async function versionOfMaskinv(): Promise<string> {
  const root = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
  const files = ["models/manifest.json"];
  for (const folder of ["align", "backend", "detect", "embed", "image", "verify"]) {
    for await (const { name } of Deno.readDir(`${root}src/${folder}`)) {
      files.push(`src/${folder}/${name}`);
    }
  }
  const texts = await Promise.all(files.sort().map((file) => Deno.readFile(root + file)));
  const whole = await new Blob(texts).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", whole)).toHex();
  return `maskinv-${hash.slice(0, 12)}`;
}
