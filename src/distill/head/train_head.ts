// `distill --head`: gives a student a condition head. Draws samples, runs the student's trunk on them, fits the head,
// chooses the floor on the validation split, and writes the student with its second output.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writeWhole, writing } from "../../base/write_error.ts";
import {
  CONDITION_OUTPUT,
  type ConditionLimits,
  manifestJson,
  type ModelEntry,
  parseManifest,
} from "../../model/manifest.ts";
import type { Cohort } from "../../model/cohort.ts";
import { hashHex, openModels } from "../../model/model.ts";
import { chanceOf } from "../data/chance.ts";
import { CROP_SIZE, FRAME_SIZE, MARGIN } from "../data/crop.ts";
import { type IndexedPhoto, readIndex } from "../data/index_file.ts";
import { RecordReader } from "../data/reader.ts";
import { openValidationData } from "../data/validation.ts";
import type { HeadConfig } from "./config.ts";
import { examineHead, type HeadExamination, type HeadFigures } from "./examine.ts";
import { fitHead } from "./fit.ts";
import { withHead } from "./graph.ts";
import { cutRealCrops } from "./photos.ts";
import {
  drawnSamples,
  type FeatureRows,
  isHeldOut,
  realSamples,
  runSamples,
  sampleOf,
} from "./samples.ts";
import { Trunk } from "./trunk.ts";
import { isChild } from "./truth.ts";

/** Options of {@linkcode trainHead}. */
export interface HeadOptions {
  /** Threads of onnxruntime; by default one per core, up to 4. */
  readonly threads?: number;
  /** Told what is done. */
  readonly progress?: (text: string) => void;
}

/** What a training of a head has made. */
export interface HeadResult {
  /** The student's file with the head. */
  readonly file: string;
  /** Its SHA-256. */
  readonly sha256: string;
  /** What was measured of it. */
  readonly figures: HeadFigures;
  /** What the manifest says of the student now: file, hash, outputs and limits. */
  readonly entry: {
    readonly sha256: string;
    readonly outputs: readonly string[];
    readonly condition: ConditionLimits;
  };
}

/** Pixels between the eyes of a good photo: the floor is chosen so that hardly any of these is refused. */
const MIN_EYES = 40;
const VALIDATION_PHOTOS = 3000;

/**
 * Trains the condition head of a student.
 *
 * @param config What `checkHeadConfig` gave.
 * @param options Threads, and who is told of the progress.
 * @returns Where the student with its head is, and what was measured. `<out>/student.onnx` is the student,
 *     `<out>/head.json` the figures and what the manifest is to say.
 * @throws {InvalidArgumentError} If there is no such folder or too few samples.
 * @throws {ModelError} If the student is no EdgeNeXt that `convert` or `distill` made.
 * @throws {WriteError} If a file cannot be written.
 *
 * @example
 * ```ts ignore
 * import { checkHeadConfig, trainHead } from "@maskinv/maskinv/distill";
 *
 * const text = Deno.readTextFileSync("src/distill/configs/head.json");
 * const { figures } = await trainHead(checkHeadConfig(JSON.parse(text), "head.json"));
 * console.log(figures.floor);
 * ```
 */
export async function trainHead(
  config: HeadConfig,
  options: HeadOptions = {},
): Promise<HeadResult> {
  const { data, samples, photos = [], perPhoto = 6, epochs, seed = 1, out } = config;
  const { threads, progress = () => {} } = options;
  const { bytes, entry, cohort } = await openStudent(config.student);
  const index = readIndex(data);
  using reader = new RecordReader(data, index.settings.templateSize);
  await using trunk = await Trunk.open(bytes, entry, threads);
  const tell = (what: string) => (done: number, of: number): void =>
    progress(`${what}: ${done} of ${of}`);
  progress("cutting the real photos ...");
  const crops = await cutRealCrops(photos, threads);
  const training = index.training.filter((photo) => !isHeldOut(photo));
  if (training.length === 0) {
    throw new InvalidArgumentError(`Cannot train a head on ${data} as it has no photo to train on`);
  }
  const draw = drawnSamples(training, reader, `${seed}`);
  const drawn = await runSamples(trunk, samples, draw, tell("drawn samples"));
  const real = await runSamples(
    trunk,
    crops.length * perPhoto,
    realSamples(crops, perPhoto, `${seed}`),
    tell("real photos"),
  );
  const weights = fitHead(
    together(drawn.features, real.features),
    [...drawn.truths, ...real.truths],
    { epochs, seed, progress: (epoch, loss) => progress(`epoch ${epoch}: ${loss.toFixed(4)}`) },
  );
  const examination = await examinationOf(config, index, reader, trunk, tell);
  const figures = examineHead(weights, examination, entry, cohort);
  const student = withHead(bytes, weights, entry.file), file = `${out}/student.onnx`;
  const sha256 = await hashHex(student);
  const { floor, child } = figures;
  const told = {
    sha256,
    outputs: [entry.outputs[0], CONDITION_OUTPUT],
    condition: { floor, child },
  };
  writing(out, () => Deno.mkdirSync(out, { recursive: true }));
  writeWhole(file, student);
  writeWhole(`${out}/head.json`, `${JSON.stringify({ entry: told, figures }, null, 2)}\n`);
  return { file, sha256, figures, entry: told };
}

/** The text of a manifest in which a student has its head: hash, outputs and limits. */
export function withHeadEntry(
  manifestText: string,
  name: string,
  told: HeadResult["entry"],
): string {
  const json = JSON.parse(manifestText), entry = json.models?.[name];
  if (!entry) {
    throw new InvalidArgumentError(
      `Cannot write the head of ${name}: the manifest has no such model`,
    );
  }
  const { calibration, cohort, ...rest } = entry;
  const condition = { ...entry.condition, ...told.condition };
  // The head leaves templates as they were to the bit: what was measured of them holds, and so does their cohort.
  const same = cohort?.network === entry.sha256 ? { ...cohort, network: told.sha256 } : cohort;
  // What is long comes last.
  json.models[name] = {
    ...rest,
    ...told,
    condition,
    ...(calibration && { calibration }),
    ...(same && { cohort: same }),
  };
  const text = manifestJson(json);
  parseManifest(text);
  return text;
}

async function openStudent(
  student: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; entry: ModelEntry; cohort?: Cohort }> {
  const at = student.lastIndexOf("#");
  if (at < 0) {
    throw new InvalidArgumentError(
      `Cannot give "${student}" a head: name a model as folder#name, or #name of the package's folder`,
    );
  }
  const store = await openModels(student.slice(0, at) || undefined), name = student.slice(at + 1);
  return { ...await store.load(name), cohort: await store.loadCohort(name) };
}

/** What the head is judged by: people that training never saw, and ages that it was not shown. */
async function examinationOf(
  { data, validatePhotos = VALIDATION_PHOTOS }: HeadConfig,
  index: ReturnType<typeof readIndex>,
  reader: RecordReader,
  trunk: Trunk,
  tell: (what: string) => (done: number, of: number) => void,
): Promise<HeadExamination> {
  const photos = index.validation.slice(0, validatePhotos), spoilt: boolean[] = [];
  const drawn = await runSamples(
    trunk,
    photos.length,
    (i) =>
      sampleOf(photos[i], reader, chanceOf(`head validation ${i}`), ({ faults }) => {
        spoilt[i] = Object.keys(faults).length > 0;
      }),
    tell("drawn validation samples"),
  );
  const set = await openValidationData(data, { maxPhotos: photos.length });
  const eyes = new Map(index.validation.map(({ file, eyes = Infinity }) => [file, eyes]));
  const large = set.files.flatMap((file, i) => eyes.get(file)! >= MIN_EYES ? [i] : []);
  const length = set.clean.length / set.count;
  const frames = (levels: Uint8Array, what: string): Promise<FeatureRows> =>
    runSamples(trunk, large.length, (k) => (to) => {
      to.set(levels.subarray(large[k] * length, (large[k] + 1) * length));
      return () => ({ faults: {} });
    }, tell(what));
  const bare = await frames(set.clean, "bare validation photos");
  const masked = await frames(set.masked, "masked validation photos");
  const { rows, children } = await agedPhotos(index.training, reader, trunk, tell);
  return {
    drawn,
    people: photos.map(({ identity, file }) => identity ?? file),
    spoilt,
    bare: bare.features,
    masked: masked.features,
    aged: rows.features,
    children,
  };
}

/** The photos of known age that were kept from training, as they are. */
async function agedPhotos(
  training: readonly IndexedPhoto[],
  reader: RecordReader,
  trunk: Trunk,
  tell: (what: string) => (done: number, of: number) => void,
): Promise<{ rows: FeatureRows; children: boolean[] }> {
  const aged = training.filter((photo) => isHeldOut(photo) && isChild(photo) !== undefined);
  const rows = await runSamples(trunk, aged.length, (i) => (levels) => {
    levels.set(frameOf(reader.read(aged[i]).crop));
    return () => ({ faults: {} });
  }, tell("photos of known age"));
  return { rows, children: aged.map((photo) => isChild(photo)!) };
}

/** The frame in the middle of a crop. */
function frameOf(crop: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_SIZE * FRAME_SIZE * 3), row = FRAME_SIZE * 3;
  for (let y = 0; y < FRAME_SIZE; y++) {
    const from = ((y + MARGIN) * CROP_SIZE + MARGIN) * 3;
    frame.set(crop.subarray(from, from + row), y * row);
  }
  return frame;
}

function together(a: Float32Array, b: Float32Array): Float32Array {
  const all = new Float32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
