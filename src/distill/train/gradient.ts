// Loss and gradient of a part of a batch, on jax-js: the one place where a training computes.
// Everything is one `jit`: it is traced at the first batch, and again only if the part's size changes.

import { defaultDevice, init, jit, numpy as np } from "@jax-js/jax";
import { DeviceError, InvalidArgumentError } from "../../base/errors.ts";
import type { TemplateBank, TrainingBatch } from "../data/data.ts";
import type { Bank } from "../loss/contrast.ts";
import { lossAndSlopes, type LossInput, type LossOptions, type LossParts } from "../loss/loss.ts";
import type { ParameterArrays, StudentNetwork } from "../network/student.ts";
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
  readonly slopes: Float32Array<ArrayBuffer>;
}

/** Where jax-js computes. */
export type TrainingDevice = "wasm" | "webgpu";

/** Computes gradients for one network and loss. */
export class GradientMachine {
  readonly #network: StudentNetwork;
  readonly #layout: FlatLayout;
  readonly #identities: number;
  readonly #bank: TemplateBank | undefined;
  #templates: np.Array | undefined;
  readonly #step: ReturnType<typeof traceable>;

  private constructor(
    network: StudentNetwork,
    layout: FlatLayout,
    loss: LossOptions,
    batchSize: number,
    bank: TemplateBank | undefined,
  ) {
    this.#bank = bank;
    this.#network = network;
    this.#layout = layout;
    this.#identities = layout.slots.find(({ name }) => name === CENTRES)!.shape[0];
    this.#step = traceable(network, loss, batchSize);
  }

  /**
   * Starts jax-js on a device.
   *
   * @param bank The teacher's templates of all photos, for a loss with contrast.
   * @throws {DeviceError} If the device does not exist here.
   * @throws {InvalidArgumentError} If the loss has a contrast, and there is no bank.
   */
  static async create(
    network: StudentNetwork,
    layout: FlatLayout,
    loss: LossOptions,
    batchSize: number,
    device: TrainingDevice = "wasm",
    bank?: TemplateBank,
  ): Promise<GradientMachine> {
    if (loss.contrast && !bank) {
      throw new InvalidArgumentError(
        "Cannot compute a loss with contrast as there is no bank of templates: pass the data's bank()",
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

  /** Loss and gradient of a part of a batch. */
  async run(
    parameters: Float32Array<ArrayBuffer>,
    batch: TrainingBatch,
    margins: Float32Array<ArrayBuffer>,
  ): Promise<Gradient> {
    const { count } = batch;
    const arrays = Object.fromEntries(
      this.#layout.slots.map(({ name, shape, start, length }) => [
        name,
        np.array(parameters.subarray(start, start + length)).reshape([...shape]),
      ]),
    );
    const { [CENTRES]: centres, ...weights } = arrays;
    const patches = this.#network.patches(batch.images, count);
    const { stored, parts, slopes } = this.#step(
      weights,
      centres,
      np.array(patches).reshape(this.#network.patchesShape(count)),
      {
        targets: np.array(batch.targets).reshape([count, this.#network.templateSize]),
        classes: np.array(this.#oneHot(batch.labels)).reshape([count, this.#identities]),
        margins: np.array(margins).reshape([count, 1]),
        ...this.#bank && { bank: this.#strangers(this.#bank, batch.labels) },
      },
    );
    for (const array of stored) array.dispose();
    const flat = new Float32Array(this.#layout.length);
    for (const { name, start } of this.#layout.slots) flat.set(await slopes[name].data(), start);
    const value = async (part: np.Array): Promise<number> => (await part.data())[0];
    return {
      losses: {
        total: await value(parts.total),
        templates: await value(parts.templates),
        classes: await value(parts.classes),
        contrast: await value(parts.contrast),
      },
      slopes: flat,
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

  #oneHot(labels: Int32Array): Float32Array<ArrayBuffer> {
    const classes = new Float32Array(labels.length * this.#identities);
    labels.forEach((label, i) => {
      if (label >= 0) classes[i * this.#identities + label] = 1;
    });
    return classes;
  }
}

type StepResult = { stored: np.Array[]; parts: LossParts; slopes: ParameterArrays };

function traceable(
  network: StudentNetwork,
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
    const found = lossAndSlopes(loss, batchSize, templates.value.ref, centres, input);
    tape.backward(templates, found.templates);
    const slopes = Object.fromEntries(
      Object.entries(leaves).map(([name, { slope }]) => [name, slope!]),
    );
    return {
      stored: tape.stored,
      parts: found.parts,
      slopes: { ...slopes, [CENTRES]: found.centres },
    };
  }) as unknown as ReturnType<typeof traceable>;
}
