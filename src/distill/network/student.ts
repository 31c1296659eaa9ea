// A student network: its layers and what can be done with them.
// One class for all architectures, since they differ in their layers only.

import type { numpy as np } from "npm:@jax-js/jax@0.1.25";
import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import { decodeModel } from "../../onnx/model_proto.ts";
import { runLayers } from "./forward.ts";
import { type Convolution, type Layer, parameterShapes } from "./layers.ts";
import { type Parameters, readParameters } from "./onnx_read.ts";
import { writeOnnx } from "./onnx_write.ts";
import { patchesOf } from "./patches.ts";
import { forStudentPixels, pixelsOf, pixelsOfLevels, STUDENT_PIXELS } from "./pixels.ts";
import type { Node, Tape } from "./tape.ts";

/** Arrays by the names of parameters. */
export type ParameterArrays = Record<string, np.Array>;

/** A network that learns, from aligned 112x112 RGB crops to templates. */
export interface TrainedNetwork {
  /** What it is called in configurations. */
  readonly name: string;
  /** Length of a template. */
  readonly templateSize: number;
  /** Shapes of the parameters, in their order. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The pixels that its ONNX file takes. */
  readonly pixels: TensorSpec;
  /** Shares of the learning rate by name of the parameter, 1 where none is given. */
  readonly rates: Readonly<Record<string, number>>;
  /**
   * The weights of an ONNX file of the same network.
   *
   * @param pixels The form of the pixels that the file wants; by default what it says itself, or the network's.
   * @param anySize Whether its templates may be of another length: its last layer is left out then.
   * @throws {ModelError} If it is no ONNX file, or of another network.
   */
  read(bytes: Uint8Array, pixels?: TensorSpec, anySize?: boolean): Parameters;
  /** An ONNX file with the weights. */
  write(parameters: Parameters): Uint8Array<ArrayBuffer>;
  /** What `run` takes, of `count` crops of grey levels, `count` x 112 x 112 x 3. */
  patches(levels: Uint8Array, count: number): Float32Array<ArrayBuffer>;
  /** Shape of the patches of `count` crops. */
  patchesShape(count: number): number[];
  /** Templates, not normalised, on a tape. To be called inside `jit`. */
  run(
    tape: Tape,
    parameters: ParameterArrays,
    patches: np.Array,
  ): { templates: Node; leaves: Record<string, Node> };
}

/** A network of plain layers: MobileFaceNet or an iResNet. */
export class StudentNetwork implements TrainedNetwork {
  /** See {@linkcode TrainedNetwork}. */
  readonly pixels: TensorSpec = STUDENT_PIXELS;
  /** All parameters move alike. */
  readonly rates: Readonly<Record<string, number>> = {};
  /** Shapes of the parameters, in the order of the layers. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;

  constructor(
    /** What it is called in configurations. */
    readonly name: string,
    /** Length of a template. */
    readonly templateSize: number,
    /** Its layers. */
    readonly layers: readonly Layer[],
  ) {
    this.shapes = parameterShapes(layers);
  }

  /** See {@linkcode TrainedNetwork}: what is read is for a student's pixels. */
  read(bytes: Uint8Array, pixels?: TensorSpec, anySize = false): Parameters {
    const model = decodeModel(bytes, "the weights");
    const parameters = readParameters(this.layers, model, anySize);
    const spec = pixels ?? pixelsOf(model);
    return spec ? forStudentPixels(this.layers[0] as Convolution, parameters, spec) : parameters;
  }

  /** Returns an ONNX file with the weights. */
  write(parameters: Parameters, normalized = true): Uint8Array<ArrayBuffer> {
    const { name, templateSize } = this;
    return writeOnnx(this.layers, parameters, { name, templateSize, normalized });
  }

  /** See {@linkcode TrainedNetwork}. */
  patches(levels: Uint8Array, count: number): Float32Array<ArrayBuffer> {
    const stem = this.layers[0] as Convolution;
    return patchesOf(pixelsOfLevels(levels, this.pixels), count, stem.stride, stem.padding[0]);
  }

  /** Shape of the patches of `count` crops. */
  patchesShape(count: number): number[] {
    const { stride } = this.layers[0] as Convolution;
    return [count, 112 / stride + 1, 112 / stride + 1, 28];
  }

  /** Templates, not normalised, on a tape. To be called inside `jit`. */
  run(
    tape: Tape,
    parameters: ParameterArrays,
    patches: np.Array,
  ): { templates: Node; leaves: Record<string, Node> } {
    const leaves = leavesOf(tape, parameters);
    return { templates: runLayers(tape, this.layers, leaves, tape.leaf(patches, false)), leaves };
  }
}

/** Parameters on a tape, by name. */
export function leavesOf(tape: Tape, parameters: ParameterArrays): Record<string, Node> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, tape.leaf(value, true)]),
  );
}
