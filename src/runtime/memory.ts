// The handles of a runtime's memory. Where the content lies is known to the runtime alone.

/** A picture where the runtime computes: in memory, or uploaded once to the GPU. */
export interface Photo extends Disposable {
  readonly width: number;
  readonly height: number;
}

/** A block of 32-bit numbers where the runtime computes; `Runtime.read` brings it to JavaScript. */
export interface Block extends Disposable {
  readonly shape: readonly number[];
}
