// Tells the format of a file by its first bytes, never by its name.
// Formats that maskinv does not decode are recognised too, so that the message can name them.

import { ascii, uint32, view } from "./chunks.ts";
import { undecodable } from "./limits.ts";

/** A format that maskinv decodes. */
export type ImageFormat = "jpeg" | "png" | "gif" | "webp" | "heic" | "avif" | "bmp" | "tiff";

/** Names of files that are taken for photos when a folder is listed; their bytes tell the format. */
export const PHOTO_NAME = /\.(jpe?g|png|webp|gif|hei[cf]|avif|tiff?|bmp)$/i;

/** What files of a format start with: texts at an offset. */
type Signature<Name> = readonly [name: Name, offset: number, ...starts: string[]];

const KNOWN: readonly Signature<ImageFormat>[] = [
  ["jpeg", 0, "\xff\xd8"],
  ["png", 0, "\x89PNG\r\n\x1a\n"],
  ["gif", 0, "GIF87a", "GIF89a"],
  ["webp", 8, "WEBP"],
  ["tiff", 0, "II*\0", "MM\0*"],
  ["bmp", 0, "BM"],
];

const FOREIGN: readonly Signature<string>[] = [
  ["a video (MP4 or MOV)", 4, "ftyp"],
  ["a BigTIFF picture", 0, "II+\0", "MM\0+"],
  ["a camera raw picture", 0, "FUJIFILMCCD-RAW", "IIU\0", "IIRO", "\0MRM"],
  ["a JPEG XL picture", 0, "\xff\x0a", "\0\0\0\x0cJXL "],
  ["a JPEG 2000 picture", 0, "\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"],
  ["a Photoshop document", 0, "8BPS"],
  ["a PDF document", 0, "%PDF"],
  ["a ZIP archive", 0, "PK\x03\x04"],
  ["a gzip archive", 0, "\x1f\x8b"],
];

/** Formats that are told by more than a text at one place. */
const SHAPED: readonly (readonly [string, (bytes: Uint8Array) => boolean])[] = [
  ["an icon (ICO)", isIcon],
  ["a TGA picture", isTga],
];

const CONVERT = "convert it to JPEG or PNG first";

/** What text files are, and the remedy. */
const TEXTS: readonly (readonly [seen: string, start: RegExp, remedy: string])[] = [
  [
    "a git-lfs pointer and not the picture that it stands for",
    /^version https:\/\/git-lfs\.github\.com\/spec\//,
    'fetch the picture with "git lfs pull"',
  ],
  ["an SVG drawing", /^\s*(<\?xml[^]*)?<svg/i, CONVERT],
  [
    "a web page (HTML), as servers send for an error or a login",
    /^\s*(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)/i,
    "open the address in a browser and save the picture itself",
  ],
  ["an XML document", /^\s*<\?xml/, "check where it was downloaded from"],
  ["a JSON document", /^\s*\{\s*"/, "check where it was downloaded from"],
];

const HEIC_BRANDS = /^(hei[cxms]|hev[cxms]|mif[12]|msf1)$/, AVIF_BRANDS = /^avi[fs]$/;

/** Returns the format of a file, or ImageDecodeError that says what the bytes look like instead. */
export function imageFormat(bytes: Uint8Array, label: string): ImageFormat {
  if (bytes.length === 0) throw undecodable(label, "it is empty (0 bytes)");
  const head = ascii(bytes, 0, 256);
  const fits = ([, offset, ...starts]: Signature<string>): boolean =>
    starts.some((start) => head.startsWith(start, offset));
  const known = KNOWN.find(fits)?.[0] ?? heifFormat(bytes, head);
  if (known) return known;
  if (bytes.length < 12) throw undecodable(label, `it has only ${bytes.length} bytes`);
  const foreign = FOREIGN.find(fits) ?? SHAPED.find(([, matches]) => matches(bytes));
  if (foreign) throw undecodable(label, `it is ${foreign[0]}`, CONVERT);
  const text = head.replace(/^\xef\xbb\xbf/, "");
  const written = TEXTS.find(([, start]) => start.test(text));
  if (written) throw undecodable(label, `it is ${written[0]}`, written[2]);
  const first = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join(" ");
  throw undecodable(
    label,
    `it starts with the bytes ${first}, which no known picture format does`,
    "pass a JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP file",
  );
}

/** HEIC or AVIF, by the brands in the first box (ISO/IEC 23008-12). */
function heifFormat(bytes: Uint8Array, head: string): ImageFormat | undefined {
  if (!head.startsWith("ftyp", 4) || bytes.length < 16) return undefined;
  const brands = [head.slice(8, 12)];
  for (let at = 16; at + 4 <= Math.min(uint32(bytes, 0), head.length); at += 4) {
    brands.push(head.slice(at, at + 4));
  }
  if (brands.some((brand) => AVIF_BRANDS.test(brand))) return "avif";
  return brands.some((brand) => HEIC_BRANDS.test(brand)) ? "heic" : undefined;
}

/** Returns an icon or cursor: a count that is not 0, and directory entries whose reserved byte is 0. */
function isIcon(bytes: Uint8Array): boolean {
  const [a, b, kind, c, low, high] = bytes;
  return a === 0 && b === 0 && (kind === 1 || kind === 2) && c === 0 && low + high > 0 &&
    bytes[9] === 0 && bytes.length >= 22;
}

/** TGA has no signature: every field of its header must have a value that it can have. */
function isTga(bytes: Uint8Array): boolean {
  if (bytes.length < 18 || bytes[1] > 1 || ![1, 2, 3, 9, 10, 11].includes(bytes[2])) return false;
  const data = view(bytes);
  const noMap = bytes[1] === 0 && data.getUint32(3) === 0 && bytes[7] === 0;
  return (bytes[1] === 1 || noMap) && [8, 15, 16, 24, 32].includes(bytes[16]) &&
    data.getUint16(12, true) > 0 && data.getUint16(14, true) > 0 && (bytes[17] & 0xc0) === 0;
}
