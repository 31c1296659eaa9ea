// The server on an edge host, which starts it with a request and not before, has no GPU and no workers, and may forbid
// reading files: the models and WebAssembly files can then be given as bytes, or come from a URL.

import { ModelError } from "../base/errors.ts";
import type { VerifierOptions } from "../verify/options.ts";
import { createVerifier } from "../verify/create.ts";
import { createHandler, type Handler, type HandlerOptions } from "./handler.ts";

/** Options of {@linkcode createEdge}. */
export interface EdgeOptions extends Omit<HandlerOptions, "verifier"> {
  /** Options of the verifier; it computes on wasm in one thread. */
  readonly verifier?: Omit<VerifierOptions, "device" | "threads">;
  /**
   * A folder at a URL to load everything from that is not code, for hosts that may not read files: the models, and
   * onnxruntime-web's and the decoders' `.wasm` files, as `deno task page` puts them into out/page.
   */
  readonly base?: URL;
}

/**
 * Makes a server for edge hosts, which loads the models with the first request.
 *
 * @param options Keys, limits, gallery, and where models and WebAssembly files come from.
 * @returns The handler, to be exported as `default` of a module for `deno serve`.
 *
 * @example
 * ```ts
 * import { createEdge } from "@maskinv/maskinv/serve";
 *
 * const edge = createEdge({ keys: ["a-key-that-nobody-guesses"], limits: { maxPixels: 4e6 } });
 * const response = await edge.fetch(new Request("http://localhost/health"));
 * console.log(response.status); // 200
 * ```
 */
export function createEdge(options: EdgeOptions = {}): Handler {
  const { verifier: wanted, base, ...rest } = options;
  let starting: ReturnType<typeof createVerifier> | undefined;
  const start = (): ReturnType<typeof createVerifier> => {
    starting ??= open(wanted, base);
    // A start that failed must not be remembered: the next request tries again.
    starting.catch(() => starting = undefined);
    return starting;
  };
  const handler = createHandler({
    ...rest,
    verifier: {
      verify: async (...args) => (await start()).verify(...args),
      detect: async (...args) => (await start()).detect(...args),
      mask: async (...args) => (await start()).mask(...args),
    },
  });
  const close = async (): Promise<void> => {
    await handler.close();
    await (await starting)?.dispose();
  };
  return { fetch: handler.fetch, close, [Symbol.asyncDispose]: close };
}

async function open(
  wanted: EdgeOptions["verifier"],
  base: URL | undefined,
): ReturnType<typeof createVerifier> {
  const options = { ...wanted, device: "wasm", threads: 1 } as const;
  if (!base) return await createVerifier(options);
  const file = async (name: string): Promise<ArrayBuffer> => {
    const response = await fetch(new URL(name, base));
    if (!response.ok) {
      throw new ModelError(
        `Cannot load ${name} as ${base.host} answered ${response.status}: check the base URL`,
      );
    }
    return await response.arrayBuffer();
  };
  const [wasmBinary, jpeg, webp] = await Promise.all([
    file("ort-wasm-simd-threaded.wasm"),
    file("mozjpeg_dec.wasm"),
    file("webp_dec.wasm"),
  ]);
  const models = new URL("models/", base);
  const decoders = {
    jpeg,
    webp,
    avif: () => file("avif_dec.wasm"),
    gif: () => file("gif.wasm"),
    largeJpeg: () => file("jpeg.wasm"),
    heic: () => file("libheif.wasm"),
  };
  return await createVerifier({ models, wasmBinary, decoders, ...options });
}
