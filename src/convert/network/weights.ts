// The tensors of one network in a checkpoint, by their names behind the prefix; remembers which were used.
// A tensor that no layer asks for belongs to another network than the one that was recognized.

import { CheckpointError } from "../../base/errors.ts";
import type { StoredTensor } from "../torch/stored_tensor.ts";

/** Counters that batch norms keep while they are trained; of no use afterwards. */
const COUNTER = /(^|\.)num_batches_tracked$/;

/** The tensors of a network. */
export class Weights {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #used = new Set<string>();

  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** The sizes of a tensor; empty if there is none. */
  sizes(name: string): readonly number[] {
    return this.#tensors.get(name)?.sizes ?? [];
  }

  /** How many follow each other as `name.0`, `name.1`, ...: those for which `has` finds `name.i` and the end. */
  count(name: string, end: string): number {
    let i = 0;
    while (this.has(`${name}.${i}.${end}`)) i++;
    return i;
  }

  /** The tensor of that name and these sizes. */
  take(name: string, ...sizes: readonly number[]): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as it lacks ${name} [${sizes}]: give one of the whole network`,
      );
    }
    if (tensor.sizes.length !== sizes.length || sizes.some((size, i) => tensor.sizes[i] !== size)) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as its ${name} is [${tensor.sizes}] and the network's [${sizes}]: ` +
          `give one of a network that maskinv knows`,
      );
    }
    this.#used.add(name);
    return tensor;
  }

  /** @throws {CheckpointError} If tensors are left over. */
  checkAllUsed(network: string): void {
    const left = [...this.#tensors.keys()].filter((name) =>
      !this.#used.has(name) && !COUNTER.test(name)
    );
    if (left.length > 0) {
      const some = left.slice(0, 3).join(", ");
      throw new CheckpointError(
        `Cannot convert the checkpoint as it has ${left.length} tensors that ${network} does not have (${some}): ` +
          `give one of a network that maskinv knows`,
      );
    }
  }
}
