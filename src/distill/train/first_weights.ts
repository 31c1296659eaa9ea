// The numbers that a training starts from: those of an ONNX file or a checkpoint, or chance.

import { ModelError } from "../../errors.ts";
import { chanceOf } from "../data/chance.ts";
import type { StudentNetwork } from "../network/student.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { CENTRES, type FlatLayout, toFlat } from "./flat.ts";

/**
 * The first parameters.
 *
 * @param start An ONNX file of the same network, a checkpoint (its running mean is taken), or nothing.
 * @throws {ModelError} If the file is of another network.
 */
export function firstWeights(
  network: StudentNetwork,
  layout: FlatLayout,
  start: string | undefined,
  seed: number,
): Float32Array<ArrayBuffer> {
  const flat = chanceWeights(layout, seed);
  if (start === undefined) return flat;
  if (start.endsWith(".checkpoint")) {
    const { mean } = readCheckpoint(start);
    const shared = layout.slots.find(({ name }) => name === CENTRES)!.start;
    // Class centres go with the data: those of other identities mean nothing here.
    if (mean.length === flat.length) return mean;
    if (mean.length < shared) {
      throw new ModelError(
        `Cannot start from ${start} as it has ${mean.length} numbers and ${network.name} ${shared}: ` +
          `give a checkpoint of the same network`,
      );
    }
    flat.set(mean.subarray(0, shared));
    return flat;
  }
  const given = toFlat(layout, network.read(readStart(start)));
  const { start: centres } = layout.slots.find(({ name }) => name === CENTRES)!;
  given.set(flat.subarray(centres), centres);
  return given;
}

function readStart(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw new ModelError(
      `Cannot start from ${path} as ${
        (error as Error).message
      }: correct "start" of the configuration`,
      { cause: error },
    );
  }
}

/** He et al. (2015) for weights, zero for biases, 0.25 for the slopes of activations. */
function chanceWeights(layout: FlatLayout, seed: number): Float32Array<ArrayBuffer> {
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
