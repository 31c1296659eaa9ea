// Runs WebAssembly decoders made with Emscripten (libjpeg, libwebp, libavif, libheif) without their console output and
// state. A decoder that met a bad file may be broken for good, so it is thrown away and made anew.

import type { PixelData } from "./image.ts";
import { type CodecName, givenCodec, startError } from "./package_file.ts";

/** What a decoder made of a file: pixels, or none if it failed, and the warnings it gave. */
export interface CodecResult {
  /** The picture, owned by the caller; undefined if the decoder failed. */
  readonly pixels?: PixelData;
  /** What the decoder wrote to its standard error, joined by `"; "`. */
  readonly messages: string;
}

/** What every such decoder has; its `decode` may throw, or write to standard error. */
export interface EmscriptenModule {
  decode(bytes: Uint8Array, ...options: unknown[]): PixelData | null;
  readonly HEAPU8: Uint8Array;
}

/** Starts a decoder; `overrides` are Emscripten's module options. */
export type EmscriptenFactory = (
  overrides: Record<string, unknown>,
) => EmscriptenModule | Promise<EmscriptenModule>;

/** What {@linkcode wasmCodec} needs of a decoder. */
export interface CodecOptions {
  /** Further arguments of its `decode`. */
  readonly arguments?: readonly unknown[];
  /**
   * Reads its WebAssembly file. With it, the memory that it may take is limited; without it, it finds the file itself.
   */
  readonly read?: () => Promise<Uint8Array<ArrayBuffer>>;
}

interface Codec {
  readonly module: EmscriptenModule;
  readonly messages: string[];
  readonly memory: MemoryLimit;
}

interface MemoryLimit {
  bytes: number;
}

/** WebAssembly memory never shrinks, so a decoder that grew beyond this is not kept. */
const KEPT_HEAP_BYTES = 64 * 2 ** 20;

const WASM_PAGE_BYTES = 65536;

/** Makes a decode function of a decoder, which `load` imports; `maxHeapBytes` counts for decoders with `read`. */
export function wasmCodec(
  name: CodecName,
  load: () => Promise<{ default: unknown }>,
  options: CodecOptions = {},
): (bytes: Uint8Array, maxHeapBytes?: number) => Promise<CodecResult> {
  let kept: Promise<Codec> | undefined;
  let compiled: Promise<WebAssembly.Module> | undefined;
  const compile = options.read && ((): Promise<WebAssembly.Module> => {
    return compiled ??= options.read!().then((file) => WebAssembly.compile(file));
  });
  return async (bytes, maxHeapBytes = Infinity) => {
    for (;;) {
      const mine = kept ??= start(name, load, compile).catch((error) => {
        kept = compiled = undefined;
        throw error;
      });
      const { module, messages, memory } = await mine;
      // While this call waited, another one may have broken that decoder.
      if (mine !== kept) continue;
      // Nothing below awaits, so that concurrent calls never see each other's messages.
      messages.length = 0;
      memory.bytes = maxHeapBytes;
      let pixels: PixelData | undefined;
      try {
        pixels = module.decode(bytes, ...options.arguments ?? []) ?? undefined;
      } catch (error) {
        if (messages.length === 0) messages.push(messageOf(error));
      }
      if (!pixels || messages.length > 0 || module.HEAPU8.length > KEPT_HEAP_BYTES) {
        kept = undefined;
      }
      return { pixels, messages: messages.join("; ") };
    }
  };
}

async function start(
  name: CodecName,
  load: () => Promise<{ default: unknown }>,
  compile?: () => Promise<WebAssembly.Module>,
): Promise<Codec> {
  const messages: string[] = [];
  const memory = { bytes: Infinity };
  const say = (line: string): unknown => messages.push(line);
  try {
    const [loaded, compiled, wasmBinary] = await Promise.all([
      load(),
      compile?.(),
      compile ? undefined : givenCodec(name),
    ]);
    const factory = loaded.default as EmscriptenFactory;
    const hadLocation = Reflect.has(globalThis, "location") && globalThis.location !== undefined;
    const starting = factory({
      noInitialRun: true,
      print: say,
      printErr: say,
      ...(compiled ? { instantiateWasm: limited(compiled, memory) } : wasmBinary && { wasmBinary }),
    });
    // Under Deno and Node the factory invents an empty `location`, which misleads other libraries.
    if (!hadLocation) Reflect.set(globalThis, "location", undefined);
    return { module: await starting, messages, memory };
  } catch (error) {
    throw startError(name, error);
  }
}

/**
 * Makes Emscripten's option that instantiates a module so that its memory does not grow beyond a limit: a file whose
 * coded size is larger than its header says would take up to 2 GB otherwise.
 */
function limited(
  module: WebAssembly.Module,
  limit: MemoryLimit,
): (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => unknown) => unknown {
  return (imports, receive) => {
    const instance = new WebAssembly.Instance(module, imports);
    for (const memory of Object.values(instance.exports)) {
      if (!(memory instanceof WebAssembly.Memory)) continue;
      const grow = memory.grow.bind(memory);
      memory.grow = (pages) => {
        const wanted = memory.buffer.byteLength + pages * WASM_PAGE_BYTES;
        if (wanted > limit.bytes) throw new RangeError("memory limit");
        return grow(pages);
      };
    }
    receive(instance);
    return instance.exports;
  };
}

/** C++ exceptions come as numbers or as `WebAssembly.Exception`, which say nothing. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "the decoder failed";
}
