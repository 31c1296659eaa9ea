// What the TypeScript kernels and the networks of one runtime share: its handles, and its turn in onnxruntime.

import type { InferenceSession } from "npm:onnxruntime-web@1.30.0";
import { DeviceError } from "../../base/errors.ts";
import type { Block, Photo } from "../memory.ts";
import { createSession, inTurn, loadOrt, type Ort, type OrtOptions } from "../ort.ts";
import { owned } from "../owned.ts";
import { CpuBlock, CpuPhoto } from "./memory.ts";

/** A runtime without a GPU, as its kernels see it. */
export class CpuContext implements AsyncDisposable {
  readonly #options: OrtOptions;
  readonly #sessions = new Set<InferenceSession>();

  constructor(options: OrtOptions) {
    this.#options = options;
  }

  /** Returns the picture behind a photo; throws InvalidArgumentError if another kind of runtime made it. */
  photo(photo: Photo): CpuPhoto {
    return owned("photo", CpuPhoto, photo);
  }

  /** Returns the numbers behind a block; throws InvalidArgumentError if another kind of runtime made it. */
  block(block: Block): CpuBlock {
    return owned("block", CpuBlock, block);
  }

  /** onnxruntime's wasm build, imported when first asked for. */
  ort(): Promise<Ort> {
    return loadOrt("wasm", this.#options);
  }

  /** Makes a session that ends with the runtime, unless it is released before. */
  async session(what: string, bytes: Uint8Array): Promise<InferenceSession> {
    const session = await this.inOrt(
      what,
      (ort) => createSession(ort, bytes, { executionProviders: ["wasm"] }),
    );
    this.#sessions.add(session);
    return session;
  }

  /** Ends a session. */
  async release(session: InferenceSession): Promise<void> {
    if (this.#sessions.delete(session)) await inTurn(() => session.release());
  }

  /**
   * Runs one task of onnxruntime, after those that were given before it.
   *
   * @throws {DeviceError} If onnxruntime fails; the text says what was to be done.
   */
  async inOrt<T>(what: string, task: (ort: Ort) => Promise<T>): Promise<T> {
    const ort = await this.ort();
    try {
      return await inTurn(() => task(ort));
    } catch (error) {
      throw new DeviceError(
        `Cannot ${what} on wasm as ${
          (error as Error).message
        }: check that the process may read onnxruntime-web's ` +
          `files (or pass wasmBinary) and has memory left`,
        { cause: error },
      );
    }
  }

  /** Ends all sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => this.release(session)));
  }
}
