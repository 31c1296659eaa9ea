// EdgeNeXt as jax-js trains it. Its parameters are those of the ONNX file, by name, order and shape, so that a training on
// torch has the same numbers.

import type { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { ModelError } from "../../base/errors.ts";
import { EdgeNext } from "./edgenext.ts";
import { runEdgeNext } from "./edgenext_forward.ts";
import type { Parameters } from "./onnx_read.ts";
import { EDGEFACE_PIXELS } from "./pixels.ts";
import { leavesOf, type ParameterArrays, type TrainedNetwork } from "./student.ts";
import type { Node, Tape } from "./tape.ts";

const SIZE = 112, CELL = 4, SIDE = SIZE / CELL, PATCH = CELL * CELL * 3;

/** A network of the family, by the ONNX file that the training starts from. */
export class EdgeNextStudent implements TrainedNetwork {
  /** See {@linkcode TrainedNetwork}. */
  readonly name = "edgenext";
  /** See {@linkcode TrainedNetwork}. */
  readonly pixels = EDGEFACE_PIXELS;
  /** See {@linkcode TrainedNetwork}. */
  readonly templateSize: number;
  /** See {@linkcode TrainedNetwork}. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Layers into which a scale was folded move as slowly as it made them. */
  readonly rates: Readonly<Record<string, number>>;
  readonly #network: EdgeNext;
  readonly #constants: Parameters;

  /**
   * @param bytes The ONNX file.
   * @param label What the file is called in messages.
   * @throws {ModelError} If it is no ONNX file of this family.
   */
  constructor(bytes: Uint8Array, label: string) {
    this.#network = new EdgeNext(bytes, label);
    const numbers = this.#network.read();
    this.#constants = Object.fromEntries(
      Object.keys(this.#network.constants).map((name) => [name, numbers[name]]),
    );
    this.templateSize = this.#network.templateSize;
    this.shapes = this.#network.shapes;
    this.rates = this.#network.rates();
  }

  /** See {@linkcode TrainedNetwork}. */
  read(bytes: Uint8Array): Parameters {
    const network = new EdgeNext(bytes, "the weights"), parameters = network.read();
    for (const [name, shape] of Object.entries(this.shapes)) {
      const theirs = network.shapes[name];
      if (theirs?.join() === shape.join()) continue;
      throw new ModelError(
        `Cannot read ${name} [${shape}] as the ONNX file has ${theirs ? `[${theirs}]` : "none"}: ` +
          `give a file of the same network`,
      );
    }
    return parameters;
  }

  /** See {@linkcode TrainedNetwork}: the file that the training started from, with other numbers. */
  write(parameters: Parameters): Uint8Array<ArrayBuffer> {
    return this.#network.write(parameters);
  }

  /** See {@linkcode TrainedNetwork}. */
  patches(levels: Uint8Array, count: number): Float32Array<ArrayBuffer> {
    const patches = new Float32Array(count * SIZE * SIZE * 3);
    const [mean] = this.pixels.mean, [scale] = this.pixels.scale, strip = CELL * 3;
    for (let n = 0; n < count; n++) {
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const from = ((n * SIZE + y) * SIZE + x * CELL) * 3;
          const cell = (n * SIDE + Math.floor(y / CELL)) * SIDE + x;
          const to = cell * PATCH + y % CELL * strip;
          for (let i = 0; i < strip; i++) patches[to + i] = (levels[from + i] - mean) / scale;
        }
      }
    }
    return patches;
  }

  /** See {@linkcode TrainedNetwork}. */
  patchesShape(count: number): number[] {
    return [count, SIDE, SIDE, PATCH];
  }

  /** See {@linkcode TrainedNetwork}. */
  run(
    tape: Tape,
    parameters: ParameterArrays,
    patches: np.Array,
  ): { templates: Node; leaves: Record<string, Node> } {
    const leaves = leavesOf(tape, parameters);
    const nodes = {
      tape,
      weights: leaves,
      constants: this.#constants,
      epsilon: this.#network.epsilon,
    };
    return { templates: runEdgeNext(nodes, tape.leaf(patches, false)), leaves };
  }
}
