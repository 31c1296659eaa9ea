// Makes a smaller form of a model and says what it costs: how near its templates are to the float model's, on photos
// that it was not calibrated on. Bare and masked faces alike, as both go through the network.

import type { Backend, Block } from "../kernels/mod.ts";
import { EngineHost } from "../pipeline/engine/host.ts";
import { tensorShape } from "../runtime/tensor_spec.ts";
import { durationText } from "../base/duration.ts";
import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import { encodeCohort } from "../model/cohort.ts";
import type { ModelCalibration, SituationCalibrations } from "../model/calibration.ts";
import type { ModelEntry, Variant } from "../model/manifest.ts";
import { hashHex, type LoadedModel, type ModelSource, openModels } from "../model/model.ts";
import { decodeModel } from "../onnx/model_proto.ts";
import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import { choosePhotos, facesOf } from "./faces.ts";
import { halveWeights } from "./half.ts";
import { activationRanges } from "./ranges.ts";
import { activationNames, quantizeGraph } from "./uint8.ts";

/** How a variant is made. */
export interface QuantizeOptions {
  readonly variant: Variant;
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** Photos of faces, half of them to calibrate and half to measure on. Never those of a test set. */
  readonly photos: string;
  /** How many photos to take; by default 200. */
  readonly count?: number;
  readonly threads?: number;
  readonly progress?: (text: string) => void;
}

/** Cosines of the variant's templates with the float model's, on photos that did not calibrate it. */
export interface Nearness {
  readonly crops: number;
  readonly min: number;
  readonly median: number;
  readonly mean: number;
  /** The most that the comparison score of any two of the crops differs from the float model's. */
  readonly score: number;
}

/** A variant. */
export interface Quantized {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its entry of the manifest; it has the float model's calibration and cohort if its scores are the same. */
  /** The bytes of its cohort file, which the entry names, if its scores are the same. */
  readonly cohortBytes?: Uint8Array<ArrayBuffer>;
  readonly entry: ModelEntry;
  /** Size of the float model's file in bytes. */
  readonly floatBytes: number;
  readonly nearness: Nearness;
}

/** A variant whose templates are farther than this from the float model's is no form of it any more. */
const MIN_NEARNESS = 0.9;
/**
 * Scores that differ by less have the same thresholds: where the student's FMR falls tenfold within 0.1, as it does, a
 * shift of all scores by this much would change it by 5%, half of its interval at FMR 1e-3.
 */
const SAME_SCORE = 2e-3;
/** Crops of a run. */
const BATCH = 8;

/** Makes the variant of a model; throws ModelError if its graph is not one that can be quantised. */
export async function quantizeModel(name: string, options: QuantizeOptions): Promise<Quantized> {
  const { variant, count = 200, progress = () => {} } = options;
  if (!(Number.isInteger(count) && count >= 2)) {
    throw new InvalidArgumentError(`Cannot use ${count} photos: give a whole number of 2 or more`);
  }
  const store = await openModels(options.models);
  const loaded = await store.load(name), { entry } = loaded;
  if (entry.templateSize === undefined || entry.variantOf) {
    throw new ModelError(
      `Cannot quantise "${name}" as it is ${
        entry.variantOf ? "a variant itself" : "no embedding model"
      }: name an embedding model`,
    );
  }
  const cohort = await store.loadCohort(name);
  const model = decodeModel(loaded.bytes, entry.file);
  const photos = choosePhotos(options.photos, count);
  await using host = new EngineHost("wasm", store, options);
  return await host.use(async (engine) => {
    const calibration: Float32Array[] = [], held: Float32Array[] = [];
    const start = performance.now();
    for (const [i, path] of photos.entries()) {
      const left = (performance.now() - start) / 1000 * (photos.length - i) / i;
      progress(
        `${i + 1}/${photos.length} photos${i > 0 ? `, ${durationText(left)} left` : ""}`,
      );
      (i % 2 === 0 ? calibration : held).push(...await facesOf(engine, path, entry.input, i));
    }
    if (calibration.length === 0 || held.length === 0) {
      throw new InvalidArgumentError(
        `Cannot quantise with ${photos.length} photos of ${options.photos} as faces were found in too few of them: ` +
          `give a folder with more photos of faces`,
      );
    }
    progress("ranges of activations ...");
    const { backend } = engine;
    const bytes = variant === "fp16" ? halveWeights(model) : quantizeGraph(
      model,
      await activationRanges(
        backend,
        model,
        entry,
        activationNames(model.graph),
        () => batches(backend, entry, calibration),
      ),
    );
    const made: ModelEntry = {
      ...entry,
      name: `${name}-${variant}`,
      file: `${name}-${variant}.onnx`,
      sha256: await hashHex(bytes),
      origin: `${entry.file} (SHA-256 ${entry.sha256}), made ${variant} by \`quantize\``,
      variantOf: { model: name, variant },
      calibration: undefined,
      cohort: undefined,
    };
    progress("comparing templates ...");
    const float = await templates(backend, loaded, held);
    const small = await templates(backend, { entry: made, bytes }, held);
    const nearness = nearnessOf(float, small, entry.templateSize!);
    if (nearness.min < MIN_NEARNESS) {
      throw new ModelError(
        `Cannot quantise "${name}" to ${variant} as a template of ${nearness.crops} has a cosine of only ` +
          `${nearness.min.toFixed(2)} to the float model's: calibrate on more photos, or take fp16`,
      );
    }
    const same = entry.calibration !== undefined && nearness.score < SAME_SCORE;
    return {
      bytes,
      entry: same ? { ...made, ...promisesOf(entry, made, nearness) } : made,
      ...(same && cohort && { cohortBytes: encodeCohort(cohort.rows) }),
      floatBytes: loaded.bytes.length,
      nearness,
    };
  });
}

function* batches(
  backend: Backend,
  { input }: ModelEntry,
  crops: readonly Float32Array[],
): Generator<Block> {
  for (let from = 0; from < crops.length; from += BATCH) {
    const some = crops.slice(from, from + BATCH);
    const values = new Float32Array(some.length * some[0].length);
    some.forEach((crop, i) => values.set(crop, i * crop.length));
    yield backend.write(values, tensorShape(input, some.length));
  }
}

/** Returns rows of length 1. */
async function templates(
  backend: Backend,
  model: LoadedModel,
  crops: readonly Float32Array[],
): Promise<Float32Array> {
  await using network = await backend.load(model);
  const rows: number[] = [];
  for (const block of batches(backend, model.entry, crops)) {
    using input = block;
    const [made, condition] = await backend.run(network, input);
    using raw = made;
    using _unread = condition;
    using normalised = backend.blendNormalize(raw, false);
    rows.push(...(await backend.read(normalised))[0]);
  }
  return Float32Array.from(rows);
}

/** The float model's calibration and its cohort, whose scores with the variant's templates are the same as well. */
function promisesOf(
  { calibration, cohort }: ModelEntry,
  { name, sha256 }: ModelEntry,
  nearness: Nearness,
): Pick<ModelEntry, "calibration" | "cohort"> {
  const of = (measured?: ModelCalibration): ModelCalibration | undefined =>
    measured && inherited(measured, nearness);
  return {
    calibration: of(calibration),
    cohort: cohort && {
      ...cohort,
      file: `${name}.cohort`,
      network: sha256,
      calibration: of(cohort.calibration),
    },
  };
}

/** Returns the float model's calibration, which says where it comes from. */
function inherited(calibration: ModelCalibration, { crops, score }: Nearness): ModelCalibration {
  const pairs = crops * (crops - 1) / 2;
  const note =
    `; measured with the float model, whose scores differ by ${score.toExponential(1)} ` +
    `at most in ${pairs} pairs`;
  const of = (situations?: SituationCalibrations): SituationCalibrations | undefined =>
    situations && Object.fromEntries(
      Object.entries(situations).map((
        [situation, one],
      ) => [situation, { ...one, source: one.source + note }]),
    );
  return { single: of(calibration.single), mirrored: of(calibration.mirrored) };
}

function nearnessOf(float: Float32Array, small: Float32Array, size: number): Nearness {
  const rows = float.length / size;
  const across = cosineMatrix(float, small, size);
  const cosines = Array.from({ length: rows }, (_, row) => across[row * rows + row])
    .sort((a, b) => a - b);
  const scores = cosineMatrix(float, float, size), made = cosineMatrix(small, small, size);
  const score = scores.reduce((max, value, i) => Math.max(max, Math.abs(value - made[i])), 0);
  const mean = cosines.reduce((sum, value) => sum + value, 0) / rows;
  return { crops: rows, min: cosines[0], median: cosines[Math.floor(rows / 2)], mean, score };
}
