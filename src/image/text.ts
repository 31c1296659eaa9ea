// Text as pixels, with the font rasteriser of imagescript (fontdue as WebAssembly).
// imagescript 1.3.1's own modules around it cannot be used: its main module wants --allow-ffi for a native library, and
// wasm/node/font.js wants --allow-env and calls Deno.core, which programs do not have. So its .wasm file is run here.

import { codecBytes } from "./package_file.ts";

/** Text as a picture: RGBA, row-major; alpha is how much of a pixel the ink covers. */
export interface RenderedText {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Draws a line of text: its height in pixels from ascender to descender is about 1.2 times `size`. */
export type TextRenderer = (
  text: string,
  size: number,
  color: readonly [number, number, number],
) => RenderedText;

/** What the WebAssembly module exports; numbers are addresses unless their name says otherwise. */
interface FontModule {
  readonly memory: WebAssembly.Memory;
  walloc(bytes: number): number;
  wlen(): number;
  font_new(file: number, bytes: number, size: number): number;
  font_has(font: number, character: number): number;
  layout_new(): number;
  layout_reset(layout: number, json: number, bytes: number): void;
  layout_append(
    layout: number,
    font: number,
    text: number,
    bytes: number,
    size: number,
    hasColor: boolean,
    ...color: number[]
  ): void;
  layout_rasterize(layout: number, red: number, green: number, blue: number): number;
  layout_rasterize_width(raster: number): number;
  layout_rasterize_height(raster: number): number;
  layout_rasterize_buffer(raster: number): number;
  layout_rasterize_free(raster: number): void;
}

/** Letters of a line that are drawn at most. */
const MAX_LETTERS = 200;

let renderer: Promise<TextRenderer> | undefined;

/** Returns the renderer of the built-in font, DejaVu Sans Bold; loaded once. Letters that it lacks are drawn as "?". */
export function textRenderer(): Promise<TextRenderer> {
  return renderer ??= start().catch((error) => {
    renderer = undefined;
    throw error;
  });
}

async function start(): Promise<TextRenderer> {
  const { FONT_BASE64 } = await import("./font_data.ts");
  const location = import.meta.resolve("npm:imagescript@1.3.1/wasm/any/font.wasm");
  const module = await WebAssembly.compile(await codecBytes("imagescript/font", location));
  const wasm = (await WebAssembly.instantiate(module)).exports as unknown as FontModule;
  // The module takes what it is given and frees it.
  const give = (bytes: Uint8Array): [address: number, bytes: number] => {
    const address = wasm.walloc(bytes.length);
    new Uint8Array(wasm.memory.buffer, address, bytes.length).set(bytes);
    return [address, bytes.length];
  };
  const encoder = new TextEncoder();
  const file = Uint8Array.from(atob(FONT_BASE64), (letter) => letter.charCodeAt(0));
  const font = wasm.font_new(...give(file), 32);
  const layout = wasm.layout_new();
  const has = (letter: string): boolean =>
    letter.length === 1 && wasm.font_has(font, letter.charCodeAt(0)) > 0;
  return (text, size, color) => {
    const letters = [...text].slice(0, MAX_LETTERS).map((letter) => has(letter) ? letter : "?");
    wasm.layout_reset(layout, ...give(encoder.encode("{}")));
    wasm.layout_append(
      layout,
      font,
      ...give(encoder.encode(letters.join(""))),
      size,
      false,
      0,
      0,
      0,
    );
    const raster = wasm.layout_rasterize(layout, ...color);
    const width = wasm.layout_rasterize_width(raster);
    const height = wasm.layout_rasterize_height(raster);
    const at = wasm.layout_rasterize_buffer(raster);
    const data = new Uint8Array(wasm.memory.buffer, at, wasm.wlen()).slice();
    wasm.layout_rasterize_free(raster);
    return { width, height, data };
  };
}
