// The ranges of a network's activations on real faces: what 256 steps are spread over.
// Two passes: the extremes, then a histogram, of which the range with the least squared error of rounding is taken.

import type { Backend, Block } from "../kernels/mod.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { encodeModel, FLOAT, type ModelWithGraph } from "../onnx/model_proto.ts";

/** From the value of step 0 to that of step 255; 0 is always within. */
export type Range = readonly [low: number, high: number];

/** Bins of the histograms. */
const BINS = 1024;
/** Shares of the extremes that are tried as ranges. */
const SHARES = Array.from({ length: 24 }, (_, i) => 1 - i / 32);

/**
 * Returns the range of each activation.
 *
 * @param names The activations.
 * @param crops Makes the calibration's batches of the network's input anew for each pass.
 */
export async function activationRanges(
  backend: Backend,
  model: ModelWithGraph,
  entry: ModelEntry,
  names: readonly string[],
  crops: () => Iterable<Block>,
): Promise<Map<string, Range>> {
  const output = names.map((name) => ({ name, type: { tensorType: { elemType: FLOAT } } }));
  const bytes = encodeModel({ ...model, graph: { ...model.graph, output } });
  await using network = await backend.load({ entry: { ...entry, outputs: names }, bytes });
  const each = async (visit: (values: Float32Array, at: number) => void): Promise<void> => {
    for (const block of crops()) {
      using input = block;
      const made = await backend.run(network, input);
      for (const [at, activation] of made.entries()) {
        using one = activation;
        visit((await backend.read(one))[0], at);
      }
    }
  };
  const extremes = names.map(() => [0, 0] as [number, number]);
  await each((values, at) => {
    const range = extremes[at];
    for (const value of values) {
      if (value < range[0]) range[0] = value;
      else if (value > range[1]) range[1] = value;
    }
  });
  const histograms = names.map(() => new Float64Array(BINS));
  await each((values, at) => {
    const [low, high] = extremes[at], gain = BINS / (high - low || 1), histogram = histograms[at];
    for (const value of values) histogram[Math.min(BINS - 1, Math.floor((value - low) * gain))]++;
  });
  return new Map(names.map((name, at) => [name, bestRange(histograms[at], extremes[at])]));
}

/** Returns the range with the least squared error over a histogram, cut on both sides independently. */
export function bestRange(histogram: Float64Array, [low, high]: Range): Range {
  let best: Range = [low, high], minError = Infinity;
  for (const below of low < 0 ? SHARES : [1]) {
    for (const above of high > 0 ? SHARES : [1]) {
      const range: Range = [low * below, high * above];
      const error = squaredError(histogram, [low, high], range);
      if (error < minError) [best, minError] = [range, error];
    }
  }
  return best;
}

function squaredError(histogram: Float64Array, [low, high]: Range, [from, to]: Range): number {
  const width = (high - low) / BINS, rounding = ((to - from) / 255) ** 2 / 12;
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const value = low + (bin + 0.5) * width;
    const cut = value < from ? from - value : value > to ? value - to : 0;
    error += histogram[bin] * (cut > 0 ? cut * cut : rounding);
  }
  return error;
}
