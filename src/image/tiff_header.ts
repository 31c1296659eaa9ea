// Reads the first directory of a TIFF file: size, orientation and how its pixels are stored.
// Says by name which kinds are not decoded; what it lets through can be decoded within the memory of its size.

import { view } from "./chunks.ts";
import { tiffOrientation } from "./exif.ts";
import { undecodable } from "./limits.ts";

/** The tags that decoding needs, and the name of each here. */
const TAGS = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  kind: 262,
  offsets: 273,
  samples: 277,
  rows: 278,
  counts: 279,
  planes: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  extra: 338,
  format: 339,
} as const;

type TagName = keyof typeof TAGS;

/** The values of the tags in a TIFF's first directory; of a missing tag none. */
export type TiffFields = Readonly<Partial<Record<TagName, readonly number[]>>>;

/** Bytes of a value of the types that whole numbers have: BYTE, SHORT, LONG. */
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 };

const COMPRESSIONS: Readonly<Record<number, string>> = {
  2: "fax compression",
  3: "fax compression",
  4: "fax compression",
  6: "JPEG compression",
  7: "JPEG compression",
  32773: "PackBits compression",
};

/** Compressions that are decoded: none, LZW, Deflate. */
const NONE = 1, LZW = 5;
export const DEFLATE: readonly number[] = [8, 32946];

/** Size and orientation; undefined if the directory is cut short or corrupt. */
export function tiffHeader(
  bytes: Uint8Array,
  label: string,
): { width: number; height: number; orientation: number } | undefined {
  const fields = tiffFields(bytes);
  if (!fields) return undefined;
  const [width] = fields.width ?? [], [height] = fields.height ?? [];
  if (width === undefined || height === undefined) return undefined;
  const unusual = unusualKind(fields);
  if (unusual) throw undecodable(label, `it is a TIFF ${unusual}`, "save it as JPEG or PNG");
  return { width, height, orientation: tiffOrientation(bytes) };
}

/** Returns the fields of the first directory; undefined if it, or the values of one, lie beyond the file. */
export function tiffFields(bytes: Uint8Array): TiffFields | undefined {
  const fields: Partial<Record<TagName, number[]>> = {};
  const names = Object.keys(TAGS) as TagName[];
  for (const { tag, type, count, at, little } of tiffEntries(bytes) ?? []) {
    const name = names.find((name) => TAGS[name] === tag);
    const size = TYPE_BYTES[type];
    if (!name || !size || fields[name]) continue;
    if (count < 1 || at + count * size > bytes.length) return undefined;
    const data = view(bytes);
    fields[name] = Array.from({ length: count }, (_, i) => {
      const place = at + i * size;
      return size === 1
        ? bytes[place]
        : size === 2
        ? data.getUint16(place, little)
        : data.getUint32(place, little);
    });
  }
  return fields;
}

/** An entry of a TIFF directory. */
interface TiffEntry {
  /** The tag. */
  readonly tag: number;
  /** The type of its values. */
  readonly type: number;
  /** How many values it has. */
  readonly count: number;
  /** Where the values are; perhaps beyond the end of the file. */
  readonly at: number;
  /** Where the entry itself is. */
  readonly entry: number;
  /** Whether numbers have their low byte first. */
  readonly little: boolean;
}

/** Returns the entries of the first directory, as far as they are there. */
export function* tiffEntries(bytes: Uint8Array): Generator<TiffEntry> {
  if (bytes.length < 8) return;
  const data = view(bytes), little = bytes[0] === 0x49;
  const directory = data.getUint32(4, little);
  if (directory + 2 > bytes.length) return;
  const entries = data.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * 12;
    if (entry + 12 > bytes.length) return;
    const type = data.getUint16(entry + 2, little), count = data.getUint32(entry + 4, little);
    const within = (TYPE_BYTES[type] ?? 8) * count <= 4;
    const at = within ? entry + 8 : data.getUint32(entry + 8, little);
    yield { tag: data.getUint16(entry, little), type, count, at, entry, little };
  }
}

/** Returns whether the tag is needed to decode the pixels. */
export function isPixelTag(tag: number): boolean {
  return tag !== TAGS.subfile && tag !== TAGS.tileWidth &&
    Object.values<number>(TAGS).includes(tag);
}

function unusualKind(fields: TiffFields): string | undefined {
  const { subfile = [0], bits = [1], compression = [1], kind = [-1], samples = [1] } = fields;
  const { planes = [1], format = [1], tileWidth, predictor = [1] } = fields;
  if (subfile[0] & 1) return "whose first picture is a preview, as in camera raw files";
  if (![NONE, LZW, ...DEFLATE].includes(compression[0])) {
    return `with ${COMPRESSIONS[compression[0]] ?? `compression ${compression[0]}`}`;
  }
  if (kind[0] === 5) return "in CMYK";
  if (![0, 1, 2, 3].includes(kind[0])) return `of photometric kind ${kind[0]}`;
  const depths = kind[0] === 3 ? [8] : [8, 16];
  if (!bits.every((depth) => depth === bits[0]) || !depths.includes(bits[0])) {
    return `of ${bits.slice(0, 5).join(", ")} bits a sample`;
  }
  if (format.some((value) => value !== 1)) return "of samples that are not whole numbers";
  if (planes[0] !== 1 && samples[0] > 1) return "with a plane for each colour";
  if (tileWidth) return "in tiles";
  const min = kind[0] === 2 ? 3 : 1;
  if (samples[0] < min || samples[0] > min + 1) return `of ${samples[0]} samples a pixel`;
  return predictor[0] > 2 ? `with predictor ${predictor[0]}` : undefined;
}
