// EdgeNeXt's positional encoding (Maaz et al. 2022, arXiv 2206.10589): sines and cosines of a place's row and column,
// through a 1x1 convolution. For pictures of one size it is a constant.

const TEMPERATURE = 10_000;
/** Keeps the division defined for maps without places, and is part of what networks were trained with. */
const EPSILON = 1e-6;

/**
 * Sines and cosines `[2 * frequencies, size, size]` in row-major order: first of the row, then of the column; of each
 * pair of channels the first is a sine and the second a cosine of the same angle.
 *
 * @param frequencies Channels for rows, and as many for columns.
 * @param size Rows and columns of the map.
 */
function fourierPositions(frequencies: number, size: number): Float64Array {
  const places = size * size, positions = new Float64Array(2 * frequencies * places);
  for (let channel = 0; channel < frequencies; channel++) {
    const period = TEMPERATURE ** (2 * Math.floor(channel / 2) / frequencies);
    const wave = channel % 2 === 0 ? Math.sin : Math.cos;
    for (let place = 0; place < places; place++) {
      const row = Math.floor(place / size), column = place % size;
      const angle = (at: number): number => (at + 1) / (size + EPSILON) * 2 * Math.PI / period;
      positions[channel * places + place] = wave(angle(row));
      positions[(frequencies + channel) * places + place] = wave(angle(column));
    }
  }
  return positions;
}

/**
 * The encoding `[channels, size, size]`: the positions through a convolution of weights `[channels, 2 * frequencies]`.
 */
export function positionalEncoding(
  weight: Float32Array,
  bias: Float32Array | undefined,
  channels: number,
  size: number,
): Float32Array<ArrayBuffer> {
  const inputs = weight.length / channels, places = size * size;
  const positions = fourierPositions(inputs / 2, size);
  const encoding = new Float32Array(channels * places);
  for (let channel = 0; channel < channels; channel++) {
    for (let place = 0; place < places; place++) {
      let sum = bias?.[channel] ?? 0;
      for (let i = 0; i < inputs; i++) {
        sum += weight[channel * inputs + i] * positions[i * places + place];
      }
      encoding[channel * places + place] = sum;
    }
  }
  return encoding;
}
