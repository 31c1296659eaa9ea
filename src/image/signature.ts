// Tells the format of a file by its first bytes, never by its name.
// Formats that maskinv does not decode are recognised too, so that the message can name them.

import { ascii } from "./chunks.ts";
import { undecodable } from "./limits.ts";

/** A format that maskinv decodes. */
export type ImageFormat = "jpeg" | "png" | "gif" | "webp";

/** What files of a format start with: texts at an offset. */
type Signature<Name> = readonly [name: Name, offset: number, ...starts: string[]];

const KNOWN: readonly Signature<ImageFormat>[] = [
  ["jpeg", 0, "\xff\xd8"],
  ["png", 0, "\x89PNG\r\n\x1a\n"],
  ["gif", 0, "GIF87a", "GIF89a"],
  ["webp", 8, "WEBP"],
];

const FOREIGN: readonly Signature<string>[] = [
  ["an AVIF picture", 4, "ftypavif", "ftypavis"],
  ["a HEIC picture", 4, "ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"],
  ["a video (MP4 or MOV)", 4, "ftyp"],
  ["a TIFF or camera raw picture", 0, "II*\0", "MM\0*"],
  ["a JPEG XL picture", 0, "\xff\x0a", "\0\0\0\x0cJXL "],
  ["a JPEG 2000 picture", 0, "\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"],
  ["a BMP picture", 0, "BM"],
  ["an icon (ICO)", 0, "\0\0\x01\0", "\0\0\x02\0"],
  ["a Photoshop document", 0, "8BPS"],
  ["a PDF document", 0, "%PDF"],
  ["a ZIP archive", 0, "PK\x03\x04"],
  ["a gzip archive", 0, "\x1f\x8b"],
];

const TEXTS: readonly (readonly [string, RegExp])[] = [
  ["an SVG drawing", /^\s*(<\?xml[^]*)?<svg/i],
  ["a web page (HTML)", /^\s*<(!doctype html|html|head|body)/i],
  ["an XML document", /^\s*<\?xml/],
];

/** The format of a file, or ImageDecodeError that says what the bytes look like instead. */
export function imageFormat(bytes: Uint8Array, label: string): ImageFormat {
  if (bytes.length === 0) throw undecodable(label, "it is empty (0 bytes)");
  const head = ascii(bytes, 0, 256);
  const fits = ([, offset, ...starts]: Signature<string>): boolean =>
    starts.some((start) => head.startsWith(start, offset));
  const known = KNOWN.find(fits);
  if (known) return known[0];
  if (bytes.length < 12) throw undecodable(label, `it has only ${bytes.length} bytes`);
  const text = head.replace(/^\xef\xbb\xbf/, "");
  const foreign = FOREIGN.find(fits) ?? TEXTS.find(([, pattern]) => pattern.test(text));
  if (foreign) throw undecodable(label, `it is ${foreign[0]}`, "convert it to JPEG or PNG first");
  const first = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join(" ");
  throw undecodable(
    label,
    `it starts with the bytes ${first}, which no known picture format does`,
    "pass a JPEG, PNG, GIF or WebP file",
  );
}
