// From the inflated bytes of a PNG to RGBA pixels: passes, row filters and sample formats.
// The file reader (png.ts) feeds it row by row.

/** How the samples of a PNG are laid out. */
export interface PngLayout {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** Samples a pixel: 1 grey or palette index, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
  /** Whether the rows come in the seven passes of Adam7. */
  readonly interlaced: boolean;
}

/** A sparse picture within the picture: pixels x, x + stepX, ... of rows y, y + stepY, ... */
export interface PngPass {
  /** Column of the first pixel. */
  readonly x: number;
  /** Row of the first pixel. */
  readonly y: number;
  /** Columns from one pixel to the next. */
  readonly stepX: number;
  /** Rows from one row to the next. */
  readonly stepY: number;
  /** Pixels a row. */
  readonly columns: number;
  /** Number of rows. */
  readonly rows: number;
  /** Bytes a row, without the filter byte. */
  readonly rowBytes: number;
}

const WHOLE = [[0, 0, 1, 1]];
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The passes that have any pixels, in the order of the file. */
export function pngPasses(layout: PngLayout): PngPass[] {
  return (layout.interlaced ? ADAM7 : WHOLE).map(([x, y, stepX, stepY]) => {
    const columns = Math.ceil((layout.width - x) / stepX);
    const rows = Math.ceil((layout.height - y) / stepY);
    const rowBytes = Math.ceil((columns * layout.channels * layout.bitDepth) / 8);
    return { x, y, stepX, stepY, columns, rows, rowBytes };
  }).filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Undoes the filter of a row in place, given the row above; false if there is no such filter. */
export function readRow(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  pixelBytes: number,
): boolean {
  const n = row.length, p = pixelBytes;
  if (filter === 1) {
    for (let i = p; i < n; i++) row[i] += row[i - p];
  } else if (filter === 2) {
    for (let i = 0; i < n; i++) row[i] += above[i];
  } else if (filter === 3) {
    for (let i = 0; i < n; i++) row[i] += ((i < p ? 0 : row[i - p]) + above[i]) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < Math.min(p, n); i++) row[i] += above[i];
    for (let i = p; i < n; i++) row[i] += paeth(row[i - p], above[i], above[i - p]);
  }
  return filter <= 4;
}

/** The prediction of PNG from the bytes to the left, above, and above to the left. */
export function paeth(left: number, above: number, corner: number): number {
  const a = Math.abs(above - corner), b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** Makes the function that puts an unfiltered row of a pass into the RGBA picture `data`. */
export function rowReader(
  layout: PngLayout,
  data: Uint8ClampedArray<ArrayBuffer>,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): (row: Uint8Array, pass: PngPass, index: number) => void {
  const { width, bitDepth, channels } = layout;
  if (channels === 1 && bitDepth <= 8) {
    const colors = colorTable(bitDepth, palette, transparency);
    const pixels = new Uint32Array(data.buffer);
    const mask = (1 << bitDepth) - 1;
    return (row, pass, index) => {
      let to = (pass.y + index * pass.stepY) * width + pass.x;
      for (let i = 0, bit = 0; i < pass.columns; i++, bit += bitDepth, to += pass.stepX) {
        pixels[to] = colors[(row[bit >> 3] >> (8 - bitDepth - (bit & 7))) & mask];
      }
    };
  }
  const bytes = bitDepth >> 3; // of 16-bit samples the high byte is taken
  const [green, blue] = channels >= 3 ? [bytes, 2 * bytes] : [0, 0];
  const alpha = channels % 2 === 0 ? (channels - 1) * bytes : -1;
  const key = alpha < 0 ? transparentKey(channels, bytes, transparency) : undefined;
  return (row, pass, index) => {
    let to = ((pass.y + index * pass.stepY) * width + pass.x) * 4;
    for (let from = 0; from < row.length; from += channels * bytes, to += pass.stepX * 4) {
      data[to] = row[from];
      data[to + 1] = row[from + green];
      data[to + 2] = row[from + blue];
      if (alpha >= 0) data[to + 3] = row[from + alpha];
      else data[to + 3] = key?.every((value, i) => row[from + i] === value) ? 0 : 255;
    }
  };
}

/** The RGBA word of every value of a palette index or of a grey sample of up to 8 bits. */
function colorTable(
  bitDepth: number,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): Uint32Array {
  const rgba = new Uint8Array(256 * 4);
  const highest = (1 << bitDepth) - 1;
  for (let i = 0; i <= highest; i++) {
    const grey = Math.round((i * 255) / highest);
    const clear = palette ? transparency?.[i] : transparency?.[1] === i ? 0 : 255;
    rgba.set(palette ? palette.subarray(i * 3, i * 3 + 3) : [grey, grey, grey], i * 4);
    rgba[i * 4 + 3] = clear ?? 255;
  }
  return new Uint32Array(rgba.buffer);
}

/** The bytes of the one colour that is transparent, if there is one; tRNS has 16 bits a sample. */
function transparentKey(
  channels: number,
  bytes: number,
  transparency: Uint8Array | undefined,
): Uint8Array | undefined {
  if (!transparency || transparency.length < channels * 2) return undefined;
  return transparency.slice(0, channels * 2).filter((_, i) => bytes === 2 || i % 2 === 1);
}
