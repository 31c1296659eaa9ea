// How fast a training is.

/** How fast steps are, without validations and checkpoints. */
export class Pace {
  #started = 0;
  #mean = 0;

  /** For steps of so many samples. */
  constructor(readonly batch: number) {}

  /** A step begins. */
  start(): void {
    this.#started = performance.now();
  }

  /** A step ends; images per second of it. */
  stop(): number {
    const seconds = (performance.now() - this.#started) / 1000;
    // The first step traces and compiles: the mean forgets it soon.
    this.#mean = this.#mean === 0 ? seconds : 0.9 * this.#mean + 0.1 * seconds;
    return this.batch / seconds;
  }

  /** The pace, and the time for so many steps more. */
  text(steps: number): string {
    const minutes = Math.ceil(steps * this.#mean / 60);
    return `${(this.batch / this.#mean).toFixed(1)} images/s  ${minutes} min left`;
  }
}
