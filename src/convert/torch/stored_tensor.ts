// A tensor of a checkpoint: where its numbers lie in the file and in which order; read when they are asked for.
// Everything that a file says of it is checked before: places, sizes and strides come from strangers.

import { CheckpointError } from "../../base/errors.ts";
import type { ByteSource } from "../../pickle/source.ts";
import { decodeNumbers, decodeWholeNumbers, ELEMENT_BYTES, type ElementType } from "./elements.ts";

/** Brings quantised numbers back. */
export interface Quantizer {
  /**
   * What whole numbers, in row-major order, stand for; in place.
   *
   * @throws {CheckpointError} If scales or zero points are no sensible numbers.
   */
  dequantize(
    values: Float32Array<ArrayBuffer>,
    sizes: readonly number[],
  ): Float32Array<ArrayBuffer>;
}

/** Numbers of one kind in a row, somewhere in the file. */
export interface Storage {
  readonly kind: "object";
  readonly type: ElementType;
  /** Number of elements. */
  readonly length: number;
  /** Where the first byte lies; in legacy files known only at their end. */
  start(): number;
}

/** More dimensions than any network's weights have. */
const MAX_DIMENSIONS = 16;
/** A view may be spread over so many times the numbers that it shows; what lies between is read in vain. */
const MAX_SPREAD = 64;
/** More than any layer of a known network takes: the largest, of 4096 x 25088 float64, has 822 MB. */
const MAX_BYTES = 2 ** 30;

/** A view of a storage, as torch has it. */
export class StoredTensor {
  readonly kind = "object";
  /** Sizes of the dimensions. */
  readonly sizes: readonly number[];
  /** Number of elements. */
  readonly length: number;
  readonly #source: ByteSource;
  readonly #storage: Storage;
  readonly #offset: number;
  readonly #strides: readonly number[];
  /** Elements of the storage from the first that is shown to behind the last. */
  readonly #span: number;
  readonly #quantizer: Quantizer | undefined;

  /** @throws {CheckpointError} If the view leaves its storage, shows a number twice, or has no sense. */
  constructor(
    source: ByteSource,
    storage: Storage,
    view: { offset: number; sizes: readonly number[]; strides: readonly number[] },
    quantizer?: Quantizer,
  ) {
    const { offset, sizes, strides } = view;
    if (sizes.length !== strides.length || sizes.length > MAX_DIMENSIONS) {
      throw refused(`has ${sizes.length} sizes and ${strides.length} strides`);
    }
    for (const value of [offset, ...sizes, ...strides]) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw refused(`has an offset, size or stride of ${value}`);
      }
    }
    const length = sizes.reduce((product, size) => product * size, 1);
    // From the densest dimension to the widest: each step must lead past all that lies below it.
    const order = sizes.map((size, i) => ({ size, stride: strides[i] }))
      .filter(({ size }) => size > 1)
      .sort((a, b) => a.stride - b.stride);
    let span = length > 0 ? 1 : 0;
    if (length > 0) {
      for (const { size, stride } of order) {
        if (stride < span) {
          throw refused(`of sizes ${sizes} and strides ${strides} shows numbers more than once`);
        }
        span += (size - 1) * stride;
      }
    }
    if (offset + span > storage.length) {
      throw refused(
        `reaches element ${offset + span} of a storage that has ${storage.length}`,
      );
    }
    this.sizes = [...sizes];
    this.length = length;
    this.#source = source;
    this.#storage = storage;
    this.#offset = offset;
    this.#strides = [...strides];
    this.#span = span;
    this.#quantizer = quantizer;
  }

  /** The type of its numbers. */
  get type(): ElementType {
    return this.#storage.type;
  }

  /**
   * The numbers in row-major order; quantised ones as the numbers that they stand for.
   *
   * @throws {CheckpointError} If they are no floating-point numbers, too many, or spread far over their storage.
   */
  values(): Float32Array<ArrayBuffer> {
    if (this.#quantizer) return this.#quantizer.dequantize(this.wholeNumbers(), this.sizes);
    const numbers = decodeNumbers(this.type, this.#bytes());
    if (!numbers) throw refused(`has numbers of type ${this.type}, and weights are floating-point`);
    return this.#inOrder(numbers);
  }

  /**
   * The numbers of a tensor of whole numbers, in row-major order, as they are stored.
   *
   * @throws {CheckpointError} As {@linkcode StoredTensor.values}; or if they are no whole numbers.
   */
  wholeNumbers(): Float32Array<ArrayBuffer> {
    const numbers = decodeWholeNumbers(this.type, this.#bytes());
    if (!numbers) {
      throw refused(`has numbers of type ${this.type} where whole numbers are expected`);
    }
    return this.#inOrder(numbers);
  }

  #bytes(): Uint8Array {
    if (this.#span > MAX_SPREAD * this.length) {
      throw refused(`has ${this.length} numbers spread over ${this.#span}`);
    }
    const bytesEach = ELEMENT_BYTES[this.type];
    if (this.#span * bytesEach > MAX_BYTES) {
      throw refused(`takes ${this.#span * bytesEach} bytes and the limit is ${MAX_BYTES}`);
    }
    return this.#source.read(
      this.#storage.start() + this.#offset * bytesEach,
      this.#span * bytesEach,
    );
  }

  #inOrder(numbers: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
    return this.#contiguous ? numbers : this.#gather(numbers);
  }

  get #contiguous(): boolean {
    let step = 1;
    for (let i = this.sizes.length - 1; i >= 0; i--) {
      if (this.sizes[i] > 1 && this.#strides[i] !== step) return false;
      step *= this.sizes[i];
    }
    return true;
  }

  #gather(from: Float32Array): Float32Array<ArrayBuffer> {
    const to = new Float32Array(this.length), at = this.sizes.map(() => 0);
    let place = 0;
    for (let i = 0; i < to.length; i++) {
      to[i] = from[place];
      for (let d = at.length - 1; d >= 0; d--) {
        place += this.#strides[d];
        if (++at[d] < this.sizes[d]) break;
        place -= at[d] * this.#strides[d];
        at[d] = 0;
      }
    }
    return to;
  }
}

function refused(why: string): CheckpointError {
  return new CheckpointError(
    `Cannot read a tensor of the checkpoint as it ${why}: write it again with torch.save(model.state_dict(), ...)`,
  );
}
