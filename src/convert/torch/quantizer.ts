// How torch's quantised tensors stand for numbers: `(q - zero point) * scale`, for the tensor or for each of its rows.
// Scales come from strangers, so that they are checked where the tensor is made.

import { CheckpointError } from "../../base/errors.ts";
import { isName, type Pickled } from "../../pickle/values.ts";
import { type Quantizer, StoredTensor } from "./stored_tensor.ts";

const PER_TENSOR = "torch.per_tensor_affine";
const PER_CHANNEL = "torch.per_channel_affine";

/** The names by which a pickle says which scheme a tensor has. */
export const SCHEMES: readonly string[] = [PER_TENSOR, PER_CHANNEL];

/**
 * The quantizer of `_rebuild_qtensor`'s parameters: `(scheme, scale, zero point)` or `(scheme, scales, zero points,
 * axis)`; undefined if they are neither, or do not fit a tensor of these sizes.
 */
export function quantizerOf(
  parameters: Pickled | undefined,
  sizes: readonly number[],
): Quantizer | undefined {
  const [scheme, scale, zeroPoint, axis] = Array.isArray(parameters) ? parameters : [];
  const name = scheme !== undefined && isName(scheme) ? scheme.name : undefined;
  if (name === PER_TENSOR && isScale(scale) && isZeroPoint(zeroPoint)) {
    return {
      dequantize: (values) => {
        for (let i = 0; i < values.length; i++) values[i] = (values[i] - zeroPoint) * scale;
        return values;
      },
    };
  }
  const isPerChannel = name === PER_CHANNEL && typeof axis === "number" && axis in sizes &&
    scale instanceof StoredTensor && zeroPoint instanceof StoredTensor &&
    [scale, zeroPoint].every((of) => of.sizes.length === 1 && of.sizes[0] === sizes[axis]);
  if (!isPerChannel) return undefined;
  return {
    dequantize: (values) => {
      const scales = scale.values(), zeroPoints = zeroPoint.wholeNumbers();
      if (!scales.every(isScale) || !zeroPoints.every(isZeroPoint)) {
        throw new CheckpointError(
          "Cannot read a tensor of the checkpoint as it is quantised with scales that are not above 0 or zero points " +
            "out of -128..127: write it again where it was trained",
        );
      }
      const inner = sizes.slice(axis + 1).reduce((product, size) => product * size, 1);
      for (let i = 0; i < values.length; i++) {
        const channel = Math.floor(i / inner) % sizes[axis];
        values[i] = (values[i] - zeroPoints[channel]) * scales[channel];
      }
      return values;
    },
  };
}

function isScale(value: unknown): value is number {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

function isZeroPoint(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -128 && value <= 127;
}
