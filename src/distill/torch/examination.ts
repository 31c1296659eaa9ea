// The validation photos, and what a network of torch makes of them.

import { InvalidArgumentError } from "../../base/errors.ts";
import { openValidationData } from "../data/data.ts";
import { figuresOf, type Validation } from "../train/validate.ts";

/** Computes the figures of a network that makes templates of grey levels `[n, 112, 112, 3]`. */
export type Examination = (
  embed: (pixels: Uint8Array) => Promise<Float32Array>,
) => Promise<Validation>;

/** Crops that are sent at once. */
const PART = 256;
const FRAME = 112 * 112 * 3;

/**
 * Opens the validation photos of a folder of shards.
 *
 * @throws {InvalidArgumentError} If there are none.
 */
export async function openExamination(folder: string, maxPhotos: number): Promise<Examination> {
  const { count, clean, masked, targets, labels } = await openValidationData(folder, {
    maxPhotos,
  });
  if (count === 0) {
    throw new InvalidArgumentError(
      `Cannot train on ${folder} as it has no validation photos to choose by: prepare it with some`,
    );
  }
  const size = targets.length / count;
  return async (embed) => {
    const templates = async (pixels: Uint8Array): Promise<Float32Array[]> => {
      const rows: Float32Array[] = [];
      for (let at = 0; at < pixels.length; at += PART * FRAME) {
        rows.push(...split(await embed(pixels.subarray(at, at + PART * FRAME)), size));
      }
      return rows;
    };
    return figuresOf({
      masked: await templates(masked),
      clean: await templates(clean),
      targets: split(targets, size),
      labels: [...labels],
    });
  };
}

function split(templates: Float32Array, size: number): Float32Array[] {
  return Array.from(
    { length: templates.length / size },
    (_, i) => templates.subarray(i * size, (i + 1) * size),
  );
}
