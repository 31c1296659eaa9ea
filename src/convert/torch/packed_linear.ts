// Linear layers that torch quantised dynamically hold weight and bias as one packed value. Here they get the names
// that the layer had before, so that networks need not know of it. Source: torch/ao/nn/quantized/dynamic/modules/linear.py.

import { CheckpointError } from "../../base/errors.ts";
import type { Pickled } from "../../pickle/values.ts";
import { StoredTensor } from "./stored_tensor.ts";

const PACKED = "._packed_params._packed_params";

/**
 * The tensors of a dictionary by name. A packed layer `name._packed_params._packed_params` becomes `name.weight` and,
 * where it has one, `name.bias`; `name.scale` and `name.zero_point` go, as they are for outputs that dynamically
 * quantised layers do not quantise.
 *
 * @throws {CheckpointError} If a packed layer has anything but a weight and a bias or none.
 */
export function unpackLinears(
  entries: ReadonlyMap<string, Pickled>,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>(), unneeded = new Set<string>();
  for (const [name, entry] of entries) {
    if (entry instanceof StoredTensor) tensors.set(name, entry);
    if (!name.endsWith(PACKED)) continue;
    const layer = name.slice(0, -PACKED.length);
    const [weight, bias] = Array.isArray(entry) ? entry : [];
    const isBias = bias === null || bias instanceof StoredTensor;
    if (!(weight instanceof StoredTensor) || !isBias) {
      throw new CheckpointError(
        `Cannot read the checkpoint as its ${name} is no pair of a quantised tensor and a bias: ` +
          `write it again where it was trained`,
      );
    }
    tensors.set(`${layer}.weight`, weight);
    if (bias) tensors.set(`${layer}.bias`, bias);
    unneeded.add(`${layer}.scale`).add(`${layer}.zero_point`);
  }
  for (const name of unneeded) tensors.delete(name);
  return tensors;
}
