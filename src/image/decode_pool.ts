// Workers that decode pictures while the networks run. Where there are none to be had (a bundle, a host without workers, no
// permission to read the worker's file), pictures are decoded where they are asked for.

import { decodeImage, type DecodeOptions } from "./decode.ts";
import type { Image } from "./image.ts";

/** A picture to decode. */
export interface DecodeRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly options: DecodeOptions;
}

/** The picture, or nothing if the bytes are no good. */
export interface DecodeAnswer {
  readonly id: number;
  readonly image?: Image;
}

/** Decodes as {@linkcode decodeImage} does, with the same pictures and the same errors, but beside the caller. */
export class DecodePool implements Disposable {
  readonly #workers: DecodeWorker[] = [];
  #turn = 0;
  #disposed = false;

  /** Starts the workers; `count` is how many there shall be. */
  constructor(count: number) {
    for (let i = 0; i < count; i++) {
      const worker = DecodeWorker.start();
      if (worker) this.#workers.push(worker);
    }
  }

  /** Decodes a picture; `bytes` stay as they are. */
  async decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
    const usable = this.#workers.filter(({ broken }) => !broken);
    if (usable.length === 0) return await decodeImage(bytes, options);
    const image = await usable[this.#turn++ % usable.length].decode(bytes, options);
    if (this.#disposed) throw new DOMException("The pictures are no longer wanted", "AbortError");
    return image ?? await decodeImage(bytes, options);
  }

  /** Ends the workers; what is being decoded is rejected. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const worker of this.#workers) worker.end();
  }
}

/** One worker. */
class DecodeWorker {
  broken = false;
  readonly #waiting = new Map<number, (image?: Image) => void>();
  #last = 0;

  private constructor(readonly worker: Worker) {
    worker.onmessage = ({ data: { id, image } }: MessageEvent<DecodeAnswer>) => {
      this.#waiting.get(id)?.(image);
      this.#waiting.delete(id);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.end();
    };
  }

  static start(): DecodeWorker | undefined {
    try {
      const file = new URL("./decode_worker.ts", import.meta.url);
      return mayRead(file) ? new DecodeWorker(new Worker(file, { type: "module" })) : undefined;
    } catch {
      return undefined;
    }
  }

  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Image | undefined> {
    const id = ++this.#last, { promise, resolve } = Promise.withResolvers<Image | undefined>();
    this.#waiting.set(id, resolve);
    this.worker.postMessage({ id, bytes, options } satisfies DecodeRequest);
    return promise;
  }

  /** Nothing more comes from it. */
  end(): void {
    this.broken = true;
    this.worker.terminate();
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}

/** Deno asks for the permission to read a worker's file, even for one of the program itself: nobody is to be asked. */
function mayRead(file: URL): boolean {
  const { Deno: deno } = globalThis as { Deno?: typeof Deno };
  if (!deno) return true;
  const descriptor = file.protocol === "file:"
    ? { name: "read", path: file } as const
    : { name: "import", host: file.host } as const;
  return deno.permissions.querySync(descriptor).state === "granted";
}
