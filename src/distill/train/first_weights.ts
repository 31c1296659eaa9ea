// The numbers that a training starts from: those of an ONNX file, a model of a folder or a checkpoint, or chance.

import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import { ModelError } from "../../base/errors.ts";
import { openModels } from "../../model/model.ts";
import { chanceOf } from "../data/chance.ts";
import type { TrainedNetwork } from "../network/student.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { CENTRES, type FlatLayout, toFlat } from "./flat.ts";

/**
 * The first parameters.
 *
 * @param start An ONNX file of the same network, `folder#name` of a model folder (without a folder, of the package's), a
 * checkpoint (its running mean is taken), or nothing.
 * @throws {ModelError} If the file is of another network.
 */
export async function firstWeights(
  network: TrainedNetwork,
  layout: FlatLayout,
  start: string | undefined,
  seed: number,
): Promise<Float32Array<ArrayBuffer>> {
  const flat = chanceWeights(layout, seed);
  if (start === undefined) return flat;
  if (start.endsWith(".checkpoint")) {
    const { mean, templateSize = network.templateSize } = readCheckpoint(start);
    const shared = layout.slots.find(({ name }) => name === CENTRES)!.start;
    // Class centres go with the data: those of other identities mean nothing here.
    const fits = templateSize === network.templateSize;
    if (fits && mean.length === flat.length) return mean;
    if (!fits || mean.length < shared) {
      throw new ModelError(
        `Cannot start from ${start} as it has ${mean.length} numbers, templates of ${templateSize}, and ` +
          `${network.name} ${shared}, templates of ${network.templateSize}: ` +
          `give a checkpoint of the same network`,
      );
    }
    flat.set(mean.subarray(0, shared));
    return flat;
  }
  const { bytes, pixels } = await readStart(start);
  return toFlat(layout, readWeights(network, start, bytes, pixels), flat);
}

/** What a network of others lacks to be a start is said with what it can be instead. */
function readWeights(
  network: TrainedNetwork,
  start: string,
  bytes: Uint8Array,
  pixels?: TensorSpec,
): ReturnType<TrainedNetwork["read"]> {
  try {
    // A teacher with longer or shorter templates changes the last layer alone: that one begins by chance.
    return network.read(bytes, pixels, true);
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(
      `Cannot start ${network.name} from ${start} (${cause.message}). A start must be of the configuration's ` +
        `"network"; any embedding model can be the teacher: prepare --teacher`,
      { cause },
    );
  }
}

/** The bytes of an ONNX file or a model to start from, with the form of its pixels if that is known. */
export async function readStart(
  start: string,
): Promise<{ bytes: Uint8Array; pixels?: TensorSpec }> {
  const at = start.lastIndexOf("#");
  if (at >= 0) {
    const store = await openModels(start.slice(0, at) || undefined);
    const { bytes, entry } = await store.load(start.slice(at + 1));
    return { bytes, pixels: entry.input };
  }
  try {
    return { bytes: Deno.readFileSync(start) };
  } catch (error) {
    throw new ModelError(
      `Cannot start from ${start} as ${
        (error as Error).message
      }: correct "start" of the configuration`,
      { cause: error },
    );
  }
}

/** Chance weights: He et al. (2015) for weights, zero for biases, 0.25 for the slopes of activations. */
export function chanceWeights(layout: FlatLayout, seed: number): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.length);
  for (const { name, shape, start, length } of layout.slots) {
    const chance = chanceOf(`first weights ${seed} ${name}`);
    const deviation = name === CENTRES ? 0.01 : Math.sqrt(2 / shape[0]);
    for (let i = start; i < start + length; i++) {
      if (name.endsWith(".slope")) flat[i] = 0.25;
      else if (shape.length > 1) flat[i] = deviation * chance.normal();
      else if (name.endsWith(".weight")) flat[i] = 1;
    }
  }
  return flat;
}
