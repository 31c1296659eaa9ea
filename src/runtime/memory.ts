// What a runtime's handles look like to those who pass them around: where their content lies is the runtime's business.

/** A picture where the runtime computes: in memory, or uploaded once to the GPU. */
export interface Photo extends Disposable {
  readonly width: number;
  readonly height: number;
}

/** A block of 32-bit numbers where the runtime computes; `Runtime.read` brings it to JavaScript. */
export interface Block extends Disposable {
  readonly shape: readonly number[];
}
