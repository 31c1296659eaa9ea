// A training on torch from its configuration to the student's ONNX file. The same files as train/trainer.ts, which has
// the numbers itself; here they are in the torch processes and come over for checkpoints.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writeWhole, writing } from "../../base/write_error.ts";
import { openTrainingData } from "../data/data.ts";
import { readIndex } from "../data/index_file.ts";
import { EdgeNext } from "../network/edgenext.ts";
import { type Checkpoint, writeCheckpoint } from "../train/checkpoint.ts";
import { configHash, type DistillConfig } from "../train/config.ts";
import { drawCurve } from "../train/curve.ts";
import { chanceWeights, readStart } from "../train/first_weights.ts";
import { type FlatLayout, flatLayout, fromFlat, toFlat } from "../train/flat.ts";
import { lossText } from "../train/loss_text.ts";
import { readLog, TrainingLog } from "../train/log.ts";
import { firstState } from "../train/optimizer.ts";
import { Pace } from "../train/pace.ts";
import { checkpointToResume } from "../train/resume.ts";
import { rateAt } from "../train/schedule.ts";
import type { TrainOptions, TrainResult } from "../train/trainer.ts";
import { validationScore } from "../train/validate.ts";
import { centreTable } from "../loss/centre_table.ts";
import { type EngineOptions, TorchEngine, type TrainingState } from "./engine.ts";
import { Samplers } from "./samplers.ts";
import { type Examination, openExamination } from "./examination.ts";

/** How a training on torch is run; nothing here changes what it computes, but processes and threads round differently. */
export interface TorchOptions
  extends Omit<TrainOptions, "device" | "workers">, Omit<EngineOptions, "double"> {
  /** Workers that draw samples; by default one for each core but one. */
  readonly samplers?: number;
}

/** Steps that torch has at hand while it computes one. */
const IN_FLIGHT = 2;

/**
 * Trains a student of the EdgeNeXt family on torch. In the folder `out` it writes the files that `train` writes; the
 * checkpoints are the same.
 *
 * @param config What to train and how; `start` must be an ONNX file of the family, or `folder#name` of one.
 * @param options How to run it.
 * @returns How far it came.
 * @throws {InvalidArgumentError} If the configuration is not for this engine, there is a training in `out` already, or the
 * one to resume has another configuration.
 * @throws {ModelError} If the start is of another family.
 * @throws {DeviceError} If torch cannot be started, or stops.
 *
 * @example
 * ```ts ignore
 * import { checkConfig, trainOnTorch } from "@maskinv/maskinv/distill";
 *
 * const config = checkConfig(JSON.parse(Deno.readTextFileSync("config.json")), "config.json");
 * const { best } = await trainOnTorch(config, { progress: (text) => console.error(text) });
 * console.log(best.step);
 * ```
 */
export async function trainOnTorch(
  config: DistillConfig,
  options: TorchOptions = {},
): Promise<TrainResult> {
  refuse(config, options);
  const hash = await configHash(config);
  const resumed = checkpointToResume(config, hash, options.resume ?? false);
  const network = new EdgeNext((await readStart(config.start!)).bytes, config.start!);
  checkTemplates(config, network.templateSize);
  const examination = await openExamination(config.data, config.validatePhotos);
  const { loss, batch, steps, samples = {} } = config;
  using data = await openTrainingData(config.data, samples);
  const identities = resumed?.identities ?? (loss.classes > 0 ? data.identities : 0);
  const layout = flatLayout(network, identities, network.rates());
  const state = resumed ?? firstNumbers(config, network, layout);
  const weights = network.read();
  const constants = Object.fromEntries(
    Object.entries(network.constants).map((
      [name, shape],
    ) => [name, { shape, values: weights[name] }]),
  );
  const count = options.samplers ?? Math.max(1, navigator.hardwareConcurrency - 1);
  using samplers = await Samplers.start(
    { kind: "samples", data: config.data, samples, batch },
    count,
    steps,
  );
  await using engine = await TorchEngine.start({
    config,
    layout,
    constants,
    state,
    templateSize: network.templateSize,
    epsilon: network.epsilon,
    ...loss.centres && { table: centreTable(data.bank()) },
  }, options);
  const facts = { config: hash, identities, templateSize: network.templateSize };
  const run = new TorchRun(config, facts, network, layout, engine, examination, resumed);
  if (!resumed) await run.validate(options);
  await run.steps(samplers, options);
  return { step: run.step, best: run.best };
}

/** The numbers that a training begins with. */
function firstNumbers(
  { optimizer, samples }: DistillConfig,
  network: EdgeNext,
  layout: FlatLayout,
): TrainingState {
  // The class centres alone begin by chance.
  const parameters = toFlat(layout, network.read(), chanceWeights(layout, samples?.seed ?? 1));
  return {
    parameters,
    mean: parameters.slice(),
    optimizer: firstState(optimizer, layout.length),
  };
}

function refuse(
  { network, start, loss, batch }: DistillConfig,
  { processes = 1 }: TorchOptions,
): void {
  const because = (why: string, remedy: string): never => {
    throw new InvalidArgumentError(`Cannot train on torch as ${why}: ${remedy}`);
  };
  if (network !== "edgenext") {
    because(`"network" is ${network}`, `say "edgenext", or pass --engine jax`);
  }
  if (start === undefined || start.endsWith(".checkpoint")) {
    because(
      `"start" is ${start ?? "missing"}`,
      `give an ONNX file of EdgeFace's family; best.onnx lies beside a best.checkpoint`,
    );
  }
  if (loss.contrast) because(`"loss.contrast" is for jax-js`, `use "loss.centres"`);
  if (batch % processes !== 0) {
    because(
      `a batch of ${batch} cannot be shared by ${processes} processes evenly`,
      `change "batch" or --processes`,
    );
  }
}

function checkTemplates(config: DistillConfig, templateSize: number): void {
  const { settings } = readIndex(config.data);
  if (settings.templateSize === templateSize) return;
  throw new InvalidArgumentError(
    `Cannot train ${config.start} on ${config.data} as its templates have ${templateSize} numbers and those of the ` +
      `teacher "${settings.teacher.name}" ${settings.templateSize}: give it a head of that size`,
  );
}

/** The state of a training and what happens to it. */
class TorchRun {
  step: number;
  best: Checkpoint["best"];
  readonly #log: TrainingLog;

  constructor(
    readonly config: DistillConfig,
    readonly facts: Pick<Checkpoint, "config" | "identities" | "templateSize">,
    readonly network: EdgeNext,
    readonly layout: FlatLayout,
    readonly engine: TorchEngine,
    readonly examination: Examination,
    resumed: Checkpoint | undefined,
  ) {
    this.step = resumed?.step ?? 0;
    this.best = resumed?.best ?? { score: -Infinity, step: 0 };
    this.#log = new TrainingLog(`${config.out}/log.jsonl`, this.step);
  }

  /** Makes the steps that are left, or as many as are made before it is told to stop. */
  async steps(samplers: Samplers, options: TorchOptions): Promise<void> {
    const { steps, validateEvery, checkpointEvery } = this.config;
    const pace = new Pace(this.config.batch);
    while (this.step < steps && !options.signal?.aborted) {
      const last = Math.min(
        steps,
        ...[validateEvery, checkpointEvery].map((every) =>
          (Math.floor(this.step / every) + 1) * every
        ),
      );
      await this.#stepsUntil(last, samplers, pace, options);
      if (this.step === steps || this.step % validateEvery === 0) await this.validate(options);
      if (this.step % checkpointEvery === 0) await this.save();
    }
    await this.save();
  }

  async #stepsUntil(
    last: number,
    samplers: Samplers,
    pace: Pace,
    { signal, progress }: TorchOptions,
  ): Promise<void> {
    const { optimizer, schedule, steps } = this.config;
    let sent = this.step, loading = 0;
    pace.start();
    for (;;) {
      while (sent < Math.min(last, this.step + IN_FLIGHT) && !signal?.aborted) {
        const start = performance.now(), samples = await samplers.batch(sent);
        loading = performance.now() - start;
        await this.engine.send(sent, optimizer.rate * rateAt(schedule, sent, steps), samples);
        sent++;
      }
      if (sent === this.step) return;
      const start = performance.now();
      const { losses, gradient } = await this.engine.result();
      const rate = optimizer.rate * rateAt(schedule, this.step, steps);
      const speed = pace.stop(), computing = performance.now() - start;
      this.#log.add({ step: this.step, loss: losses, rate, gradient, speed, loading, computing });
      this.step++;
      pace.start();
      progress?.(
        `step ${this.step}/${steps}  ${lossText(losses)}  ${pace.text(steps - this.step)}`,
      );
    }
  }

  /** Looks at the running mean of the weights; the best one is kept. */
  async validate(options: TorchOptions): Promise<void> {
    const { step, config: { loss, out } } = this;
    const validation = await this.examination((pixels) => this.engine.embed(pixels));
    this.#log.add({ step, validation });
    options.found?.(step, validation);
    const score = validationScore(validation, loss);
    if (score <= this.best.score) return;
    this.best = { score, step };
    const checkpoint = await this.#checkpoint();
    writeWhole(`${out}/best.onnx`, this.network.write(fromFlat(this.layout, checkpoint.mean)));
    writeCheckpoint(`${out}/best.checkpoint`, checkpoint);
  }

  /** Writes the checkpoint and the curve. */
  async save(): Promise<void> {
    const { out } = this.config;
    writeCheckpoint(`${out}/last.checkpoint`, await this.#checkpoint());
    const curve = drawCurve(readLog(`${out}/log.jsonl`));
    writing(`${out}/curve.svg`, () => Deno.writeTextFileSync(`${out}/curve.svg`, curve));
  }

  async #checkpoint(): Promise<Checkpoint> {
    return { ...this.facts, step: this.step, best: this.best, ...await this.engine.state() };
  }
}
