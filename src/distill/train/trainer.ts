// A training from its configuration to the student's ONNX file: steps, checkpoints, validations, log.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writeWhole, writing } from "../../base/write_error.ts";
import { openValidationData, type ValidationData } from "../data/data.ts";
import { identitiesOf, readIndex } from "../data/index_file.ts";
import type { TrainedNetwork } from "../network/student.ts";
import { studentNetwork } from "../networks.ts";
import { type Checkpoint, writeCheckpoint } from "./checkpoint.ts";
import { configHash, type DistillConfig } from "./config.ts";
import { drawCurve } from "./curve.ts";
import { firstWeights, readStart } from "./first_weights.ts";
import { type FlatLayout, flatLayout, fromFlat } from "./flat.ts";
import type { LossValues, TrainingDevice } from "./gradient.ts";
import { lossText } from "./loss_text.ts";
import { readLog, TrainingLog } from "./log.ts";
import { average, firstState, update } from "./optimizer.ts";
import { Pace } from "./pace.ts";
import { WorkerPool } from "./pool.ts";
import { checkpointToResume } from "./resume.ts";
import { rateAt } from "./schedule.ts";
import { validate, type Validation, validationScore } from "./validate.ts";

/** How a training is run; nothing here changes what it computes, but the number of workers rounds sums differently. */
export interface TrainOptions {
  /** Go on from the last checkpoint of the configuration's `out`. */
  readonly resume?: boolean;
  /** Workers; by default one per core on wasm and one on WebGPU. */
  readonly workers?: number;
  /** Where to compute; by default wasm. */
  readonly device?: TrainingDevice;
  /** Is told after every step. */
  readonly progress?: (text: string) => void;
  /** Is told what was found by every validation. */
  readonly found?: (step: number, validation: Validation) => void;
  /** Stops after the step that is being made, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** How a training ended. */
export interface TrainResult {
  /** Steps that were made in all; fewer than configured if it was stopped. */
  readonly step: number;
  /** The best validation: its step, and what it was chosen by: the sum of its mean cosines, with a contrast its TAR. */
  readonly best: { readonly step: number; readonly score: number };
}

/**
 * Trains a student. In the folder `out` it writes `log.jsonl`, `curve.svg`, `last.checkpoint`, and of the best
 * validation `best.checkpoint` and `best.onnx`.
 *
 * @param config What to train and how.
 * @param options How to run it.
 * @returns How far it came.
 * @throws {InvalidArgumentError} If there is a training in `out` already, or the one to resume has another configuration.
 * @throws {ModelError} If the weights to start from cannot be read or are of another network.
 * @throws {DeviceError} If the device is missing or a worker stops.
 *
 * @example
 * ```ts ignore
 * import { checkConfig, train } from "@maskinv/maskinv/distill";
 *
 * const config = checkConfig(JSON.parse(Deno.readTextFileSync("config.json")), "config.json");
 * const { best } = await train(config, { progress: (text) => console.error(text) });
 * console.log(best.step);
 * ```
 */
export async function train(
  config: DistillConfig,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const device = options.device ?? "wasm";
  const workers = options.workers ?? (device === "wasm" ? navigator.hardwareConcurrency : 1);
  const hash = await configHash(config);
  const resumed = checkpointToResume(config, hash, options.resume ?? false);
  const graph = await graphOf(config);
  const network = studentNetwork(config.network, config.templateSize, graph);
  checkTemplates(config, network);
  const validation = await openValidationData(config.data, { maxPhotos: config.validatePhotos });
  if (validation.count === 0) {
    throw new InvalidArgumentError(
      `Cannot train on ${config.data} as it has no validation photos to choose by: prepare it with some`,
    );
  }
  const identities = resumed?.identities ?? learntCentres(config);
  using pool = await WorkerPool.start(config, workers, device, identities, graph);
  const layout = flatLayout(network, identities, network.rates);
  const { start, samples } = config;
  const first = resumed?.parameters ??
    await firstWeights(network, layout, start, samples?.seed ?? 1);
  const run = new TrainingRun(config, hash, network, layout, identities, validation, {
    resumed,
    first,
  });
  if (!resumed) await run.validate(options);
  const pace = new Pace(config.batch);
  while (run.step < config.steps && !options.signal?.aborted) {
    pace.start();
    const { losses, gradient, loading, computing } = await pool.gradient(run.step, run.parameters);
    run.move(gradient, losses, { speed: pace.stop(), loading, computing });
    options.progress?.(
      `step ${run.step}/${config.steps}  ${lossText(losses)}  ${
        pace.text(config.steps - run.step)
      }`,
    );
    if (run.step % config.validateEvery === 0) await run.validate(options);
    if (run.step % config.checkpointEvery === 0) run.save();
  }
  if (run.step === config.steps && run.step % config.validateEvery !== 0) {
    await run.validate(options);
  }
  run.save();
  return { step: run.step, best: run.best };
}

/** The ONNX file that says what the layers of an `edgenext` are: its start. */
async function graphOf(
  { network, start }: DistillConfig,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (network !== "edgenext") return undefined;
  if (start !== undefined && !start.endsWith(".checkpoint")) {
    return new Uint8Array((await readStart(start)).bytes);
  }
  throw new InvalidArgumentError(
    `Cannot train an edgenext as "start" is ${start ?? "missing"}: ` +
      `give an ONNX file of EdgeFace's family; best.onnx lies beside a best.checkpoint`,
  );
}

/** A centre for each identity, if they are learnt. */
function learntCentres({ data, loss }: DistillConfig): number {
  return loss.classes > 0 ? identitiesOf(readIndex(data).training).length : 0;
}

/** A student learns the teacher's templates, number by number. */
function checkTemplates(config: DistillConfig, { name, templateSize }: TrainedNetwork): void {
  const { settings } = readIndex(config.data);
  if (settings.templateSize === templateSize) return;
  throw new InvalidArgumentError(
    `Cannot train ${name} on ${config.data} as its templates have ${templateSize} numbers and those of the teacher ` +
      `"${settings.teacher.name}" ${settings.templateSize}: say "templateSize": ${settings.templateSize}`,
  );
}

/** The state of a training and what happens to it. */
class TrainingRun {
  step = 0;
  readonly parameters: Float32Array<ArrayBuffer>;
  best: Checkpoint["best"] = { score: -Infinity, step: 0 };
  readonly #mean: Float32Array<ArrayBuffer>;
  readonly #optimizer: readonly Float32Array<ArrayBuffer>[];
  readonly #log: TrainingLog;

  constructor(
    readonly config: DistillConfig,
    readonly hash: string,
    readonly network: TrainedNetwork,
    readonly layout: FlatLayout,
    readonly identities: number,
    readonly validation: ValidationData,
    { resumed, first }: { resumed?: Checkpoint; first: Float32Array<ArrayBuffer> },
  ) {
    const { out, optimizer } = config;
    if (resumed) {
      this.step = resumed.step;
      this.best = resumed.best;
    }
    this.parameters = first;
    this.#mean = resumed?.mean ?? this.parameters.slice();
    this.#optimizer = resumed?.optimizer ?? firstState(optimizer, layout.length);
    this.#log = new TrainingLog(`${out}/log.jsonl`, this.step);
  }

  /** Makes one step by a gradient. */
  move(
    gradient: Float32Array,
    loss: LossValues,
    speeds: { speed: number; loading: number; computing: number },
  ): void {
    const { optimizer, schedule, steps, average: keep } = this.config;
    const rate = optimizer.rate * rateAt(schedule, this.step, steps);
    const { parameters, layout, step } = this;
    const length = update(optimizer, layout, parameters, gradient, this.#optimizer, rate, step);
    average(this.#mean, parameters, keep, step);
    this.#log.add({ step, loss, rate, gradient: length, ...speeds });
    this.step++;
  }

  /** Looks at the running mean of the weights; the best one is kept. */
  async validate(options: TrainOptions): Promise<void> {
    const onnx = this.network.write(fromFlat(this.layout, this.#mean));
    const validation = await validate(
      onnx,
      this.network.pixels,
      this.validation,
      this.config.validatePhotos,
    );
    this.#log.add({ step: this.step, validation });
    options.found?.(this.step, validation);
    const score = validationScore(validation, this.config.loss);
    if (score <= this.best.score) return;
    this.best = { score, step: this.step };
    writeWhole(`${this.config.out}/best.onnx`, onnx);
    writeCheckpoint(`${this.config.out}/best.checkpoint`, this.#checkpoint());
  }

  /** Writes the checkpoint and the curve. */
  save(): void {
    const { out } = this.config;
    writeCheckpoint(`${out}/last.checkpoint`, this.#checkpoint());
    const curve = drawCurve(readLog(`${out}/log.jsonl`));
    writing(`${out}/curve.svg`, () => Deno.writeTextFileSync(`${out}/curve.svg`, curve));
  }

  #checkpoint(): Checkpoint {
    const { step, hash: config, identities, parameters, best, network: { templateSize } } = this;
    return {
      step,
      config,
      identities,
      templateSize,
      parameters,
      mean: this.#mean,
      optimizer: this.#optimizer,
      best,
    };
  }
}
