// Runs the WebAssembly decoders of @jsquash (JPEG, WebP) without their console output and state.
// A decoder that met a bad file may be broken for good, so it is thrown away and made anew.

import { MaskinvError } from "../base/errors.ts";
import type { PixelData } from "./image.ts";

/** What a decoder made of a file: pixels, or none if it failed, and the warnings it gave. */
export interface CodecResult {
  /** The picture, owned by the caller; undefined if the decoder failed. */
  readonly pixels?: PixelData;
  /** What the decoder wrote to its standard error, joined by `"; "`. */
  readonly messages: string;
}

interface EmscriptenModule {
  decode(bytes: Uint8Array, ...options: unknown[]): PixelData | null;
  readonly HEAPU8: Uint8Array;
}

type EmscriptenFactory = (overrides: Record<string, unknown>) => Promise<EmscriptenModule>;

interface Codec {
  readonly module: EmscriptenModule;
  readonly messages: string[];
}

/** WebAssembly memory never shrinks, so a decoder that grew beyond this is not kept. */
const KEPT_HEAP_BYTES = 64 * 2 ** 20;

/** WebAssembly files that were given as bytes, by the decoder's name. */
const given = new Map<string, ArrayBuffer>();

/** Gives a decoder its WebAssembly file, for hosts that may not read it from the package; counts until it starts. */
export function giveCodec(name: "@jsquash/jpeg" | "@jsquash/webp", bytes: ArrayBuffer): void {
  given.set(name, bytes);
}

/** Makes a decode function of a codec of @jsquash, which `load` imports, with its options. */
export function wasmCodec(
  name: string,
  load: () => Promise<{ default: unknown }>,
  ...options: unknown[]
): (bytes: Uint8Array) => Promise<CodecResult> {
  let kept: Promise<Codec> | undefined;
  return async (bytes) => {
    for (;;) {
      const mine = kept ??= start(name, load).catch((error) => {
        kept = undefined;
        throw error;
      });
      const { module, messages } = await mine;
      // While this call waited, another one may have broken that decoder.
      if (mine !== kept) continue;
      // Nothing below awaits, so that concurrent calls never see each other's messages.
      messages.length = 0;
      let pixels: PixelData | undefined;
      try {
        pixels = module.decode(bytes, ...options) ?? undefined;
      } catch (error) {
        if (messages.length === 0) messages.push(String(error));
      }
      if (!pixels || messages.length > 0 || module.HEAPU8.length > KEPT_HEAP_BYTES) {
        kept = undefined;
      }
      return { pixels, messages: messages.join("; ") };
    }
  };
}

async function start(name: string, load: () => Promise<{ default: unknown }>): Promise<Codec> {
  const messages: string[] = [];
  const say = (line: string): unknown => messages.push(line);
  try {
    const factory = (await load()).default as EmscriptenFactory;
    const hadLocation = Reflect.has(globalThis, "location") && globalThis.location !== undefined;
    const wasmBinary = given.get(name);
    const starting = factory({
      noInitialRun: true,
      print: say,
      printErr: say,
      ...(wasmBinary && { wasmBinary }),
    });
    // Under Deno and Node the factory invents an empty `location`, which misleads other libraries.
    if (!hadLocation) Reflect.set(globalThis, "location", undefined);
    return { module: await starting, messages };
  } catch (error) {
    throw new MaskinvError(
      `Cannot start the decoder ${name} as its WebAssembly file does not load (${error}): ` +
        `make the package readable, under Deno with --allow-read`,
      { cause: error },
    );
  }
}
