// Reads size and orientation of a HEIC or AVIF picture from its boxes (ISO/IEC 23008-12, HEIF).
// The transformation boxes say how the picture is turned; its EXIF repeats that and must not be applied again.

import { type Chunk, isoBoxes, uint32, view } from "./chunks.ts";

/** What the boxes say of the primary picture. */
export interface HeifHeader {
  /** Width in pixels before it is turned. */
  readonly width: number;
  /** Height in pixels before it is turned. */
  readonly height: number;
  /** How it is turned and mirrored, as an EXIF orientation, 1 to 8. */
  readonly orientation: number;
}

// EXIF orientations of a picture that is turned by 0, 90, 180, 270 degrees counter-clockwise and then mirrored.
const TURNED = [1, 8, 3, 6], THEN_TOP_TO_BOTTOM = [4, 5, 2, 7], THEN_LEFT_TO_RIGHT = [2, 7, 4, 5];

/** Returns the header of the primary picture; undefined if a box that it needs is missing, cut short or of a wrong size. */
export function heifHeader(bytes: Uint8Array): HeifHeader | undefined {
  const meta = find(bytes, isoBoxes(bytes), "meta");
  if (!meta) return undefined;
  const start = meta.start + 4;
  const primary = find(bytes, isoBoxes(bytes, start, meta.end), "pitm");
  const properties = find(bytes, isoBoxes(bytes, start, meta.end), "iprp");
  if (!primary || !properties || primary.end - primary.start < 6) return undefined;
  const id = bytes[primary.start] === 0
    ? view(bytes).getUint16(primary.start + 4)
    : primary.end - primary.start < 8
    ? -1
    : uint32(bytes, primary.start + 4);
  const container = find(bytes, isoBoxes(bytes, properties.start, properties.end), "ipco");
  if (!container) return undefined;
  const all = [...isoBoxes(bytes, container.start, container.end)];
  for (const box of isoBoxes(bytes, properties.start, properties.end)) {
    if (box.type !== "ipma" || box.end > bytes.length) continue;
    const indices = associations(bytes, box, id);
    if (indices) return fromProperties(bytes, indices.map((index) => all[index - 1]));
  }
  return undefined;
}

/** Returns the first whole box of a type. */
function find(
  bytes: Uint8Array,
  boxes: Iterable<Chunk<string>>,
  type: string,
): Chunk<string> | undefined {
  for (const box of boxes) {
    if (box.type === type) return box.end <= bytes.length ? box : undefined;
  }
  return undefined;
}

/** Returns the indices, from 1, of an item's properties. */
function associations(
  bytes: Uint8Array,
  { start, end }: Chunk<string>,
  id: number,
): number[] | undefined {
  if (end - start < 8) return undefined;
  const data = view(bytes);
  const idBytes = bytes[start] < 1 ? 2 : 4, indexBytes = bytes[start + 3] & 1 ? 2 : 1;
  const entries = uint32(bytes, start + 4);
  let at = start + 8;
  for (let i = 0; i < entries && at + idBytes + 1 <= end; i++) {
    const item = idBytes === 2 ? data.getUint16(at) : data.getUint32(at);
    const count = bytes[at + idBytes];
    at += idBytes + 1;
    if (at + count * indexBytes > end) return undefined;
    if (item === id) {
      return Array.from(
        { length: count },
        (_, k) => indexBytes === 1 ? bytes[at + k] & 0x7f : data.getUint16(at + 2 * k) & 0x7fff,
      );
    }
    at += count * indexBytes;
  }
  return undefined;
}

function fromProperties(
  bytes: Uint8Array,
  properties: readonly (Chunk<string> | undefined)[],
): HeifHeader | undefined {
  let size: { width: number; height: number } | undefined;
  let turns = 0, mirror: number | undefined, mirroredFirst = false;
  for (const property of properties) {
    if (!property || property.end > bytes.length) return undefined;
    const { type, start, end } = property;
    if (type === "ispe" && end - start >= 12) {
      size ??= { width: uint32(bytes, start + 4), height: uint32(bytes, start + 8) };
    } else if (type === "irot" && end > start) {
      turns = bytes[start] & 3;
      mirroredFirst = mirror !== undefined;
    } else if (type === "imir" && end > start) {
      mirror = bytes[start] & 1;
    }
  }
  if (!size) return undefined;
  const table = mirror === undefined ? TURNED : mirror ? THEN_LEFT_TO_RIGHT : THEN_TOP_TO_BOTTOM;
  return { ...size, orientation: table[mirroredFirst ? (4 - turns) % 4 : turns] };
}
