// Adam with decoupled weight decay and a learning rate that warms up and falls as a cosine.
// On typed arrays: the networks trained here are so small that the update costs nothing beside the gradient.

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Float32Array>>;

/** What is fixed for a training. */
export interface AdamOptions {
  /** The highest learning rate. */
  readonly rate: number;
  /** Share of a parameter that is taken away per step, times the learning rate. */
  readonly decay: number;
  /** Number of steps of the whole training. */
  readonly steps: number;
  /** Steps in which the learning rate rises. */
  readonly warmUp: number;
}

/** AdamW after Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019); betas 0.9 and 0.999. */
export class Adam {
  readonly #options: AdamOptions;
  readonly #first: Record<string, Float32Array> = {};
  readonly #second: Record<string, Float32Array> = {};
  #step = 0;

  constructor(options: AdamOptions) {
    this.#options = options;
  }

  /** Changes the parameters by one step against the gradient. */
  update(parameters: Parameters, gradient: Parameters): void {
    const { rate: highest, decay, steps, warmUp } = this.#options;
    const step = ++this.#step;
    const rate = highest * Math.min(1, step / warmUp) * 0.5 *
      (1 + Math.cos(Math.PI * Math.min(1, step / steps)));
    const fix1 = 1 - 0.9 ** step, fix2 = 1 - 0.999 ** step;
    for (const [name, values] of Object.entries(parameters)) {
      const slope = gradient[name];
      const first = this.#first[name] ??= new Float32Array(values.length);
      const second = this.#second[name] ??= new Float32Array(values.length);
      for (let i = 0; i < values.length; i++) {
        first[i] += 0.1 * (slope[i] - first[i]);
        second[i] += 0.001 * (slope[i] ** 2 - second[i]);
        const move = first[i] / fix1 / (Math.sqrt(second[i] / fix2) + 1e-8);
        values[i] -= rate * (move + decay * values[i]);
      }
    }
  }
}
