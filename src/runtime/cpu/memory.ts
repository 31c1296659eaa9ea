// The handles of the runtime without a GPU: they hold JavaScript's own memory, so that reading them costs nothing.

import type { Image } from "../../image/image.ts";
import type { Block, Photo } from "../memory.ts";

/** A picture in memory. */
export class CpuPhoto implements Photo {
  constructor(readonly image: Image) {}
  get width(): number {
    return this.image.width;
  }
  get height(): number {
    return this.image.height;
  }
  [Symbol.dispose](): void {}
}

/** Numbers in memory. */
export class CpuBlock implements Block {
  constructor(readonly data: Float32Array, readonly shape: readonly number[]) {}
  [Symbol.dispose](): void {}
}
