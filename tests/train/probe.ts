// What training writes down for the test of its network, and the inputs that both compute.
// Apart from the training code, so that the test needs no jax-js.

/** What the test reads. */
export interface TrainedState {
  /** SHA-256 of the model file that the rest belongs to. */
  readonly sha256: string;
  /** What training's own forward pass gives for `probeInputs`: probabilities, 3 per input. */
  readonly probes: readonly number[];
  /** The photos of `mask-detection` that training has not seen. */
  readonly heldOut: readonly string[];
}

/** Inputs that are the same everywhere: waves of four lengths, `112 * 112 * 3` numbers each. */
export function probeInputs(): Float32Array[] {
  return [3, 17, 40, 90].map((length) =>
    Float32Array.from({ length: 112 * 112 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 112, y = Math.floor(i / 336);
      return 0.4 * Math.sin((x + 2 * y + 20 * (i % 3)) / length);
    })
  );
}
