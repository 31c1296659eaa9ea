// Messages between the trainer and the processes of torch (channel.py): a line of JSON, then the arrays that it names.

import { DeviceError } from "../../base/errors.ts";

/** An array of a message: its sizes and its numbers. */
export interface MessageArray {
  /** Sizes. */
  readonly shape: readonly number[];
  /** The numbers, rows first. */
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** A message that was read; what it says besides `kind` and arrays depends on the kind. */
export interface Message {
  /** What it is about. */
  readonly kind: string;
  /** Arrays by name; Python sends floats only. */
  readonly arrays: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
  /** What else was said. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Longest line of JSON of a message, in bytes: what is longer did not come from channel.py. */
const MAX_LINE = 1 << 20;

/** One end of a connection. */
export class MessageStream implements Disposable {
  readonly #connection: Deno.TcpConn;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** Takes a connection over. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    connection.setNoDelay();
  }

  /** Sends a message; waits while the other end does not read. */
  async write(
    kind: string,
    facts: Readonly<Record<string, unknown>> = {},
    arrays: Readonly<Record<string, MessageArray>> = {},
  ): Promise<void> {
    const named = Object.entries(arrays).map(([name, { shape, values }]) => [
      name,
      values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "uint8",
      shape,
    ]);
    await this.#send(
      new TextEncoder().encode(`${JSON.stringify({ kind, ...facts, arrays: named })}\n`),
    );
    for (const { values: { buffer, byteOffset, byteLength } } of Object.values(arrays)) {
      await this.#send(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }

  /**
   * The next message.
   *
   * @throws {DeviceError} If the connection has ended, or the other end says that it cannot go on.
   */
  async read(): Promise<Message> {
    const { kind, arrays: named = [], ...facts } = JSON.parse(await this.#line());
    const arrays: Record<string, Float32Array<ArrayBuffer>> = {};
    for (const [name, , shape] of named as [string, string, number[]][]) {
      const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b, 1));
      await this.#fill(bytes);
      arrays[name] = new Float32Array(bytes.buffer);
    }
    if (kind === "error") throw stopped(String(facts.message));
    return { kind, arrays, facts };
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      try {
        at += await this.#connection.write(bytes.subarray(at));
      } catch (error) {
        throw stopped((error as Error).message, error);
      }
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#rest.subarray(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return new TextDecoder().decode(line);
      }
      if (this.#rest.length > MAX_LINE) throw stopped("its message has no end");
      const more = new Uint8Array(1 << 16), count = await this.#read(more);
      const joined = new Uint8Array(this.#rest.length + count);
      joined.set(this.#rest);
      joined.set(more.subarray(0, count), this.#rest.length);
      this.#rest = joined;
    }
  }

  async #fill(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let at = Math.min(this.#rest.length, bytes.length);
    bytes.set(this.#rest.subarray(0, at));
    this.#rest = this.#rest.slice(at);
    while (at < bytes.length) at += await this.#read(bytes.subarray(at));
  }

  async #read(into: Uint8Array<ArrayBuffer>): Promise<number> {
    let count: number | null;
    try {
      count = await this.#connection.read(into);
    } catch (error) {
      throw stopped((error as Error).message, error);
    }
    if (count === null) throw stopped("its connection ended");
    return count;
  }

  /** Ends the connection; the process at the other end stops. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

function stopped(why: string, cause?: unknown): DeviceError {
  return new DeviceError(`The torch process stopped: ${why}. Go on with --resume`, { cause });
}
