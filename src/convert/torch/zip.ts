// The records of a zip file, by its central directory: where each lies, and no byte of them read.
// torch stores its records as they are, so that they can be read in place; a compressed record is refused, and with it
// any zip bomb. Zip64 is read, as checkpoints may have more than 4 GB. Layout: PKWARE's APPNOTE, 4.3 and 4.5.3.

import { CheckpointError } from "../../base/errors.ts";
import type { ByteSource } from "../../pickle/source.ts";

/** Where a record's bytes lie. */
export interface ZipRecord {
  readonly start: number;
  readonly length: number;
}

const END = 0x06054b50, END_64_LOCATOR = 0x07064b50, END_64 = 0x06064b50;
const ENTRY = 0x02014b50, LOCAL = 0x04034b50;
/** A directory of more bytes is no checkpoint's: R100 with its optimizer has some 100 KB. */
const MAX_DIRECTORY = 4 << 20;

/**
 * The records by name.
 *
 * @throws {CheckpointError} If the directory is missing, corrupt or too large, or records are compressed, encrypted,
 * named twice, lie over each other or outside of the file.
 */
export function readZip(source: ByteSource, label: string): ReadonlyMap<string, ZipRecord> {
  const refused = (why: string): CheckpointError =>
    new CheckpointError(`Cannot read ${label} as ${why}: check that it was copied as a whole`);
  const view = (start: number, length: number): DataView => {
    if (!(start >= 0 && start + length <= source.length)) throw refused("its zip is cut short");
    const bytes = source.read(start, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  };
  const { start, length, count } = findDirectory(source, view, refused);
  if (length > MAX_DIRECTORY) throw refused(`its zip directory has ${length} bytes`);
  const directory = view(start, length);
  const bytes = new Uint8Array(directory.buffer, directory.byteOffset, length);
  const records = new Map<string, ZipRecord>(), spans: [number, number][] = [];
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > length || directory.getUint32(at, true) !== ENTRY) {
      throw refused(`its zip directory ends after ${i} of ${count} records`);
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      directory.getUint16(at + field, true)
    );
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > length) throw refused(`its zip directory ends within record ${i}`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (directory.getUint16(at + 8, true) & 1) throw refused(`its record ${name} is encrypted`);
    if (directory.getUint16(at + 10, true) !== 0) {
      throw refused(`its record ${name} is compressed, which torch does not do`);
    }
    const extra = new DataView(bytes.buffer, bytes.byteOffset + at + 46 + nameLength, extraLength);
    const sizes = zip64Sizes(
      [24, 20, 42].map((field) => directory.getUint32(at + field, true)),
      extra,
    );
    if (!sizes || sizes[0] !== sizes[1]) throw refused(`its record ${name} has no sensible size`);
    const [size, , header] = sizes, local = view(header, 30);
    if (local.getUint32(0, true) !== LOCAL) {
      throw refused(`its record ${name} is not where it is said`);
    }
    const data = header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    if (data + size > start) throw refused(`its record ${name} lies outside of the file`);
    if (records.has(name)) throw refused(`it has two records ${name}`);
    records.set(name, { start: data, length: size });
    spans.push([header, data + size]);
    at = end;
  }
  spans.sort(([a], [b]) => a - b);
  if (spans.some(([begin], i) => i > 0 && begin < spans[i - 1][1])) {
    throw refused("records of its zip lie over each other");
  }
  return records;
}

interface Directory {
  readonly start: number;
  readonly length: number;
  readonly count: number;
}

function findDirectory(
  source: ByteSource,
  view: (start: number, length: number) => DataView,
  refused: (why: string) => CheckpointError,
): Directory {
  // The end record has 22 bytes and a comment of at most 65,535.
  const tail = Math.min(source.length, 22 + 65535), from = source.length - tail;
  const last = view(from, tail);
  let at = tail - 22;
  while (at >= 0 && last.getUint32(at, true) !== END) at--;
  if (at < 0) throw refused("its zip has no end");
  const found = {
    count: last.getUint16(at + 10, true),
    length: last.getUint32(at + 12, true),
    start: last.getUint32(at + 16, true),
  };
  const isLarge = found.count === 0xffff || found.length === 0xffffffff ||
    found.start === 0xffffffff;
  if (isLarge) {
    const locator = view(from + at - 20, 20);
    if (locator.getUint32(0, true) !== END_64_LOCATOR) throw refused("its zip64 end is missing");
    const large = view(Number(locator.getBigUint64(8, true)), 56);
    if (large.getUint32(0, true) !== END_64) throw refused("its zip64 end is missing");
    const [count, length, start] = [32, 40, 48].map((field) =>
      Number(large.getBigUint64(field, true))
    );
    return { count, length, start };
  }
  return found;
}

/** Fields of a record that are all ones have their values in the zip64 extra field, in order. */
function zip64Sizes(fields: readonly number[], extra: DataView): number[] | undefined {
  if (!fields.includes(0xffffffff)) return [...fields];
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const id = extra.getUint16(at, true), size = extra.getUint16(at + 2, true);
    if (id === 1) {
      const wanted = fields.filter((field) => field === 0xffffffff).length;
      if (size < 8 * wanted || at + 4 + size > extra.byteLength) return undefined;
      let next = at + 4;
      return fields.map((field) => {
        if (field !== 0xffffffff) return field;
        next += 8;
        return Number(extra.getBigUint64(next - 8, true));
      });
    }
    at += 4 + size;
  }
  return undefined;
}
