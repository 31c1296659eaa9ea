// Reverse-mode differentiation of a network with a hand-written pullback for every operation.
// jax-js's `grad` pads every shifted product, which is several times slower; the tests compare both.

import type { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** An array on the tape, and the gradient of the loss with respect to it. */
export interface Node {
  readonly value: np.Array;
  /** Whether the gradient is needed. */
  readonly trained: boolean;
  /** The sum of what the pullbacks gave so far. */
  gradient?: np.Array;
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

  /** Creates a node for an array that no operation made. */
  leaf(value: np.Array, trained: boolean): Node {
    return { value, trained };
  }

  /** Records an operation: its result, and a pullback that adds to the gradients of its arguments. */
  record(value: np.Array, pullback: (gradient: np.Array) => void): Node {
    const node: Node = { value, trained: true };
    this.#pullbacks.push(() => {
      if (node.gradient) pullback(node.gradient);
    });
    return node;
  }

  /** Marks an array as one to store: jax-js only does this by itself for what several kernels use. */
  store(array: np.Array): np.Array {
    this.stored.push(array.ref);
    return array;
  }

  /** Propagates the gradient of a result back to every node. */
  backward(result: Node, gradient: np.Array): void {
    result.gradient = gradient;
    for (const pullback of this.#pullbacks.reverse()) pullback();
  }
}

/** Adds to the gradient of a node. */
export function addGradient(node: Node, gradient: np.Array): void {
  node.gradient = node.gradient ? node.gradient.ref.add(gradient.ref) : gradient.ref;
}
