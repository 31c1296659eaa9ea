// docs/photos.md has every format that is read, with the libraries and versions that deno.json pins.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { DEFAULT_MAX_PIXELS } from "../../src/image/mod.ts";
import type { ImageFormat } from "../../src/image/signature.ts";

const NAMES: Record<ImageFormat, string> = {
  jpeg: "JPEG",
  png: "PNG",
  gif: "GIF",
  webp: "WebP",
  heic: "HEIC",
  avif: "AVIF",
  bmp: "BMP",
  tiff: "TIFF",
};

Deno.test("docs/photos.md names each format, its library in the pinned version, and the limit", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/photos.md", import.meta.url));
  const rows = text.split("\n").filter((line) => line.startsWith("| ")).slice(2);
  for (const name of Object.values(NAMES)) {
    assert(rows.some((row) => row.startsWith(`| ${name}`)), name);
  }
  const pinned = Object.values(config.imports).map((at) => at.replace(/^npm:/, ""));
  for (const row of rows) {
    const [, library, version] = row.match(/\| (@?[\w/-]+) (\d+\.\d+\.\d+)/)!;
    assert(pinned.includes(`${library}@${version}`), `${library} ${version}`);
  }
  assertEquals(rows.length, 10);
  assertStringIncludes(text, `${DEFAULT_MAX_PIXELS / 1e6} MP`);
});
