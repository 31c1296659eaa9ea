// Loss and gradient of a part of a batch, on jax-js: the one place where a training computes.
// Everything is one `jit`: it is traced at the first batch, and again only if the part's size changes.

import { defaultDevice, init, jit, numpy as np } from "npm:@jax-js/jax@0.1.25";
import { DeviceError, InvalidArgumentError } from "../../base/errors.ts";
import type { RawBatch, TemplateBank } from "../data/data.ts";
import { centreTable } from "../loss/centre_table.ts";
import type { Bank } from "../loss/contrast.ts";
import type { FixedCentres } from "../loss/fixed_centres.ts";
import {
  lossAndGradients,
  type LossInput,
  type LossOptions,
  type LossParts,
} from "../loss/loss.ts";
import { normalizeRows } from "../loss/template_loss.ts";
import type { ParameterArrays, TrainedNetwork } from "../network/student.ts";
import { Tape } from "../network/tape.ts";
import { CENTRES, type FlatLayout } from "./flat.ts";

/** The parts of a loss as numbers. */
export interface LossValues {
  /** What is minimised. */
  readonly total: number;
  /** The mean squared error of templates. */
  readonly templates: number;
  /** The cross entropy of identities. */
  readonly classes: number;
  /** The contrast with strangers. */
  readonly contrast: number;
  /** One less the cosine to the teacher's template. */
  readonly kd?: number;
  /** The cross entropy of fixed centres. */
  readonly centres?: number;
  /** The mean squared difference of the batch's similarities. */
  readonly relational?: number;
}

/** What a batch says about the parameters. */
export interface Gradient {
  /** The part's share of the batch's loss: sum over the part, divided by the size of the whole batch. */
  readonly losses: LossValues;
  /** Its gradient, in the layout of the parameters. */
  readonly gradient: Float32Array<ArrayBuffer>;
}

/** Templates of samples: the student's and the teacher's, `[n, templateSize]` of length 1. */
export interface SampleTemplates {
  /** The student's. */
  readonly templates: Float32Array<ArrayBuffer>;
  /** The teacher's. */
  readonly targets: Float32Array<ArrayBuffer>;
}

/** Where jax-js computes. */
export type TrainingDevice = "wasm" | "webgpu";

/** Computes gradients for one network and loss. */
export class GradientMachine {
  readonly #network: TrainedNetwork;
  readonly #layout: FlatLayout;
  readonly #identities: number;
  readonly #bank: TemplateBank | undefined;
  readonly #table: ReturnType<typeof centreTable> | undefined;
  #templates: np.Array | undefined;
  #centres: np.Array | undefined;
  readonly #step: ReturnType<typeof traceable>;
  readonly #embed: ReturnType<typeof embedding>;

  private constructor(
    network: TrainedNetwork,
    layout: FlatLayout,
    loss: LossOptions,
    batchSize: number,
    bank: TemplateBank | undefined,
  ) {
    this.#bank = loss.contrast && bank;
    this.#table = loss.centres && bank && centreTable(bank);
    this.#network = network;
    this.#layout = layout;
    this.#identities = layout.slots.find(({ name }) => name === CENTRES)!.shape[0];
    this.#step = traceable(network, loss, batchSize);
    this.#embed = embedding(network);
  }

  /**
   * Starts jax-js on a device.
   *
   * @param bank The teacher's templates of all photos, for a loss with contrast or centres.
   * @throws {DeviceError} If the device does not exist here.
   * @throws {InvalidArgumentError} If the loss has a contrast or centres, and there is no bank.
   */
  static async create(
    network: TrainedNetwork,
    layout: FlatLayout,
    loss: LossOptions,
    batchSize: number,
    device: TrainingDevice = "wasm",
    bank?: TemplateBank,
  ): Promise<GradientMachine> {
    if ((loss.contrast || loss.centres) && !bank) {
      const part = loss.contrast ? "contrast" : "centres";
      throw new InvalidArgumentError(
        `Cannot compute a loss with ${part} as there is no bank of templates: pass the data's bank()`,
      );
    }
    const devices = await init(device);
    if (!devices.includes(device)) {
      throw new DeviceError(
        `Cannot train on ${device} as jax-js found only ${devices.join(", ")}: pass --device wasm`,
      );
    }
    defaultDevice(device);
    return new GradientMachine(network, layout, loss, batchSize, bank);
  }

  /**
   * Loss and gradient of a part of a batch.
   *
   * @param others The rest of the batch, for a relational loss.
   */
  async run(
    parameters: Float32Array<ArrayBuffer>,
    batch: RawBatch,
    margins: Float32Array<ArrayBuffer>,
    others?: SampleTemplates,
  ): Promise<Gradient> {
    const { count } = batch, { [CENTRES]: centres, ...weights } = this.#arrays(parameters);
    const { stored, parts, gradients } = this.#step(weights, centres, this.#patches(batch), {
      targets: this.#rows(batch.targets),
      classes: np.array(oneHot(batch.labels, this.#identities)).reshape([count, this.#identities]),
      margins: np.array(margins).reshape([count, 1]),
      ...this.#bank && { bank: this.#strangers(this.#bank, batch.labels) },
      ...this.#table && { fixed: this.#fixed(this.#table, batch.classes) },
      ...others && others.targets.length > 0 && {
        others: {
          templates: this.#rows(others.templates),
          targets: this.#rows(others.targets),
        },
      },
    });
    for (const array of stored) array.dispose();
    const flat = new Float32Array(this.#layout.length);
    for (const { name, start } of this.#layout.slots) flat.set(await gradients[name].data(), start);
    const losses: [string, number][] = [];
    for (const [name, part] of Object.entries(parts)) losses.push([name, (await part.data())[0]]);
    return { losses: Object.fromEntries(losses) as unknown as LossValues, gradient: flat };
  }

  /** Templates of a part of a batch, of length 1. */
  async embed(
    parameters: Float32Array<ArrayBuffer>,
    batch: RawBatch,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { [CENTRES]: centres, ...weights } = this.#arrays(parameters);
    centres.dispose();
    const { stored, templates } = this.#embed(weights, this.#patches(batch));
    for (const array of stored) array.dispose();
    return Float32Array.from(await templates.data());
  }

  #arrays(parameters: Float32Array<ArrayBuffer>): ParameterArrays {
    return Object.fromEntries(
      this.#layout.slots.map(({ name, shape, start, length }) => [
        name,
        np.array(parameters.subarray(start, start + length)).reshape([...shape]),
      ]),
    );
  }

  #patches({ levels, count }: RawBatch): np.Array {
    return np.array(this.#network.patches(levels, count))
      .reshape(this.#network.patchesShape(count));
  }

  #rows(values: Float32Array<ArrayBuffer>): np.Array {
    const size = this.#network.templateSize;
    return np.array(values).reshape([values.length / size, size]);
  }

  /** The fixed centres on the device, and those of the samples. */
  #fixed({ shape, values }: ReturnType<typeof centreTable>, samples: Int32Array): FixedCentres {
    const [count, size] = shape, centres = new Float32Array(samples.length * size);
    samples.forEach((at, i) => centres.set(values.subarray(at * size, (at + 1) * size), i * size));
    this.#centres ??= np.array(values).reshape(shape);
    return {
      table: this.#centres.ref,
      centres: this.#rows(centres),
      classes: np.array(oneHot(samples, count)).reshape([samples.length, count]),
    };
  }

  /** The bank on the device, and which of its photos show nobody that these samples show, as far as identities tell. */
  #strangers(bank: TemplateBank, samples: Int32Array): Bank {
    const photos = bank.labels.length;
    this.#templates ??= np.array(bank.templates).reshape([photos, this.#network.templateSize]);
    const others = new Float32Array(samples.length * photos);
    samples.forEach((sample, i) =>
      bank.labels.forEach((label, photo) => {
        others[i * photos + photo] = Number(label < 0 || label !== sample);
      })
    );
    return {
      templates: this.#templates.ref,
      others: np.array(others).reshape([samples.length, photos]),
    };
  }
}

/** Rows with a one at each label; labels that are no class have none. */
function oneHot(labels: Int32Array, count: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(labels.length * count);
  labels.forEach((label, i) => {
    if (label >= 0 && label < count) rows[i * count + label] = 1;
  });
  return rows;
}

type StepResult = { stored: np.Array[]; parts: LossParts; gradients: ParameterArrays };

function traceable(
  network: TrainedNetwork,
  loss: LossOptions,
  batchSize: number,
): (
  weights: ParameterArrays,
  centres: np.Array,
  patches: np.Array,
  input: LossInput,
) => StepResult {
  return jit((weights: ParameterArrays, centres: np.Array, patches: np.Array, input: LossInput) => {
    const tape = new Tape();
    const { templates, leaves } = network.run(tape, weights, patches);
    const found = lossAndGradients(loss, batchSize, templates.value.ref, centres, input);
    tape.backward(templates, found.templates);
    const gradients = Object.fromEntries(
      Object.entries(leaves).map(([name, { gradient }]) => [name, gradient!]),
    );
    return {
      stored: tape.stored,
      parts: found.parts,
      gradients: { ...gradients, [CENTRES]: found.centres },
    };
  }) as unknown as ReturnType<typeof traceable>;
}

function embedding(
  network: TrainedNetwork,
): (weights: ParameterArrays, patches: np.Array) => { stored: np.Array[]; templates: np.Array } {
  return jit((weights: ParameterArrays, patches: np.Array) => {
    const tape = new Tape(), { templates } = network.run(tape, weights, patches);
    return { stored: tape.stored, templates: normalizeRows(templates.value.ref) };
  }) as unknown as ReturnType<typeof embedding>;
}
