// Identification on LFW, open set, from raw photos: people with two photos or more are enrolled with the first, their
// other photos (at most three) are mated probes; people with one photo are strangers. Clean probes, then masked ones:
//   deno run -A tests/bench/identify.ts [--data ../shared/data/lfw] [--device auto] [--mirror] [--limit 100]
// --limit takes so many enrolled people, and as many strangers. Thresholds are those of the probes' masks, as the gallery
// chooses them, with bare references. Terms of ISO/IEC 19795-1: FPIR is the share of searches
// of strangers that find someone, FNIR the share of mated searches that do not find the right person.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { createVerifier, type DeviceChoice, type Image, type Template } from "../../mod.ts";
import { chooseFace } from "../../src/pipeline/detect/mod.ts";
import {
  type Candidate,
  createGallery,
  createMemoryStore,
  fmrForFpir,
  openThresholds,
  qualityDefects,
} from "../../src/gallery/mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { applyMask } from "../../src/mask/apply.ts";
import { randomMaskOptions } from "../../src/mask/kinds.ts";
import type { MaskState } from "../../src/pipeline/embed/mask_state.ts";

/** Mated probes of a person at most, so that a few much photographed people do not decide. */
const MAX_PROBES = 3;
const FPIR = 0.01;
/** References wear no mask, as the gallery's gate sees to. */
const BARE: MaskState = {
  state: "none",
  probability: 1,
  probabilities: { none: 1, full: 0, "nose-out": 0 },
};

const args = parseArgs(Deno.args, {
  string: ["data", "device", "limit"],
  boolean: ["mirror"],
  default: { data: "../shared/data/lfw", device: "auto" },
});
const limit = args.limit ? Number(args.limit) : Infinity;
const people = [...Deno.readDirSync(`${args.data}/images`)].map(({ name }) => ({
  name,
  photos: [...Deno.readDirSync(`${args.data}/images/${name}`)]
    .map((file) => `${args.data}/images/${name}/${file.name}`).sort(),
})).sort((a, b) => a.name < b.name ? -1 : 1);
const known = people.filter(({ photos }) => photos.length > 1).slice(0, limit);
const strangers = people.filter(({ photos }) => photos.length === 1).slice(0, limit);
const mated = known.flatMap(({ name, photos }) =>
  photos.slice(1, 1 + MAX_PROBES).map((photo) => ({ name, photo }))
);

const options = { device: args.device as DeviceChoice, mirror: args.mirror };
await using verifier = await createVerifier({ ...options, face: "centred" });
const thresholds = await openThresholds(options);
const store = createMemoryStore(options);
await using gallery = createGallery({ store });

let defective = 0;
const references = await embed("references", known.map(({ photos: [photo] }) => photo), (face) => {
  if (qualityDefects(face).length > 0) defective++;
});
for (const [i, { name }] of known.entries()) {
  if (references[i]) await gallery.enrol(name, references[i].template);
}
const { identities } = await gallery.count();
console.log(
  `${identities} of ${known.length} people enrolled with one photo each; the quality gate would refuse ${defective}`,
);
await search("clean probes", (photos) => photos);
await search("masked probes", masked);

/** What was made of a photo. */
interface Probe {
  readonly template: Template;
  readonly mask: MaskState | undefined;
}
type Photos = readonly string[];
type Face = Parameters<typeof qualityDefects>[0];

/** The photos with a mask on the face that is meant; where no single face is meant it stays as it is. */
async function* masked(photos: Photos): AsyncGenerator<Image> {
  let bare = 0;
  for (const [seed, photo] of photos.entries()) {
    const image = await loadImage(photo);
    const { faces } = await verifier.detect(image, { mesh: true });
    const chosen = chooseFace(faces, image, "centred");
    if (chosen.kind === "face") {
      yield applyMask(image, [chosen.face], { ...randomMaskOptions(seed), coverage: "full" });
    } else {
      bare++;
      yield image;
    }
  }
  if (bare > 0) console.log(`  ${bare} photos could not be given a mask`);
}

async function embed(
  what: string,
  inputs: Iterable<string> | AsyncIterable<Image>,
  look: (face: Face) => void = () => {},
): Promise<(Probe | undefined)[]> {
  const probes: (Probe | undefined)[] = [];
  for await (const result of verifier.embedAll(inputs)) {
    const acquired = result.kind === "acquired";
    probes.push(acquired ? { template: result.template, mask: result.face.mask } : undefined);
    if (acquired) look(result.face);
    if (probes.length % 500 === 0) console.error(`${probes.length} ${what}`);
  }
  return probes;
}

async function search(
  what: string,
  prepare: (photos: Photos) => Iterable<string> | AsyncIterable<Image>,
): Promise<void> {
  const probes = await embed(what, prepare(mated.map(({ photo }) => photo)));
  const others = await embed(what, prepare(strangers.map(({ photos: [photo] }) => photo)));
  const found = await best(probes), positives = await best(others);
  const right = found.map((candidate, i) => candidate?.identity === mated[i].name);
  const share = (count: number, total: number): string => `${(100 * count / total).toFixed(2)}%`;
  const rank1 = right.filter(Boolean).length;
  console.log(
    `${what}: ${mated.length} mated searches, rank-1 ${share(rank1, mated.length)}; ` +
      `failures to acquire ${[...probes, ...others].filter((probe) => !probe).length}`,
  );
  const rates = (threshold: (probe: Probe) => number): string => {
    const passes = (one: Candidate | undefined, probe: Probe | undefined): boolean =>
      one !== undefined && one.score >= threshold(probe!);
    const hits = found.filter((one, i) => right[i] && passes(one, probes[i])).length;
    const false_ = positives.filter((one, i) => passes(one, others[i])).length;
    const used = new Set([...probes, ...others].flatMap((probe) => probe ? threshold(probe) : []));
    return `FNIR ${share(mated.length - hits, mated.length)} at FPIR ${
      share(false_, strangers.length)
    } (threshold ${[...used].sort().map((one) => one.toFixed(4)).join(", ")})`;
  };
  // The lowest threshold that at most 1% of the strangers reach.
  const scores = positives.map((one) => one?.score ?? -1).sort((a, b) => b - a);
  const allowed = Math.floor(FPIR * scores.length);
  const next = scores.find((score, i) => i >= allowed && score < scores[allowed - 1]) ??
    scores[allowed];
  console.log(`  chosen on these ${strangers.length} strangers: ${rates(() => next + 1e-6)}`);
  const fmr = fmrForFpir(FPIR, identities);
  try {
    const said = rates(({ mask }) => thresholds.forFmr(fmr, [mask, BARE])!.threshold);
    console.log(`  by the model's calibration, FMR ${fmr.toPrecision(2)}: ${said}`);
  } catch (error) {
    console.log(`  by the model's calibration: ${(error as Error).message}`);
  }
}

/** The best candidate of each probe; none where no face was found. */
async function best(probes: readonly (Probe | undefined)[]): Promise<(Candidate | undefined)[]> {
  const given = probes.flatMap((probe) => probe ? [probe.template] : []);
  const found = await store.search(given, 1);
  let at = 0;
  return probes.map((probe) => probe && found[at++][0]);
}
