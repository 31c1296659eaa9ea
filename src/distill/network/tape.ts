// Reverse-mode differentiation of a network with a pullback of our own for every operation.
// jax-js's own transposes pad every shifted product, which is several times slower; its `grad` checks ours in the tests.

import type { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** An array on the tape, and the slope of the loss by it. */
export interface Node {
  readonly value: np.Array;
  /** Whether anybody wants the slope. */
  readonly trained: boolean;
  /** The sum of what the pullbacks gave so far. */
  slope?: np.Array;
}

/**
 * Operations in the order in which they were done.
 *
 * Arrays are never consumed here: everything runs inside `jit`, where a reference that is not given back costs nothing.
 */
export class Tape {
  /** What `jit` must also return, so that it stores these arrays and does not compute them anew in every use. */
  readonly stored: np.Array[] = [];
  readonly #pullbacks: (() => void)[] = [];

  /** An array from outside. */
  leaf(value: np.Array, trained: boolean): Node {
    return { value, trained };
  }

  /** The result of an operation, and what adds to the slopes of its arguments from the slope of the result. */
  record(value: np.Array, pullback: (slope: np.Array) => void): Node {
    const node: Node = { value, trained: true };
    this.#pullbacks.push(() => {
      if (node.slope) pullback(node.slope);
    });
    return node;
  }

  /** Marks an array as one to store: jax-js only does this by itself for what several kernels use. */
  store(array: np.Array): np.Array {
    this.stored.push(array.ref);
    return array;
  }

  /** Goes back from a result with its slope. */
  backward(result: Node, slope: np.Array): void {
    result.slope = slope;
    for (const pullback of this.#pullbacks.reverse()) pullback();
  }
}

/** Adds to the slope of a node. */
export function addSlope(node: Node, slope: np.Array): void {
  node.slope = node.slope ? node.slope.ref.add(slope.ref) : slope.ref;
}
