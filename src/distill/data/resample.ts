// Square RGB pictures at another size and back, and blurred: separable passes over rows and columns.
// Weights are planned once per pass, so that the inner loops only multiply and add.

/** For each of `target` new pixels, which `taps` old ones count how much. */
interface Plan {
  readonly taps: number;
  readonly at: Int32Array;
  readonly weight: Float32Array;
}

/** Returns the picture at `target` pixels a side: bilinear on the way up, a tent as wide as the new pixel on the way down. */
export function resample(from: Float32Array, size: number, target: number): Float32Array {
  const plan = resizePlan(size, target);
  const rows = pass(from, size, plan, target, size * 3, 3, size * 3, 3);
  return pass(rows, size, plan, target, 3, size * 3, 3, target * 3, target);
}

/** Blurs by a Gaussian of `sigma` pixels, in place. */
export function blur(pixels: Float32Array, size: number, sigma: number): void {
  const reach = Math.ceil(2.5 * sigma);
  const plan = planOf(
    size,
    2 * reach + 1,
    (i) => i - reach,
    (i, at) => Math.exp(-((at - i) ** 2) / (2 * sigma ** 2)),
    size,
  );
  const rows = pass(pixels, size, plan, size, size * 3, 3, size * 3, 3);
  pixels.set(pass(rows, size, plan, size, 3, size * 3, 3, size * 3, size));
}

function resizePlan(size: number, target: number): Plan {
  const step = size / target, reach = Math.max(1, step);
  const middle = (i: number): number => (i + 0.5) * step - 0.5;
  return planOf(
    target,
    Math.floor(2 * reach) + 1,
    (i) => Math.ceil(middle(i) - reach),
    (i, at) => Math.max(0, 1 - Math.abs(at - middle(i)) / reach),
    size,
  );
}

/** Returns weights that sum to one; beyond the border the border's pixel counts. */
function planOf(
  target: number,
  taps: number,
  first: (i: number) => number,
  weigh: (i: number, at: number) => number,
  size: number,
): Plan {
  const at = new Int32Array(target * taps), weight = new Float32Array(target * taps);
  for (let i = 0; i < target; i++) {
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const place = first(i) + t, share = weigh(i, place);
      at[i * taps + t] = Math.min(size - 1, Math.max(0, place));
      weight[i * taps + t] = share;
      sum += share;
    }
    for (let t = 0; t < taps; t++) weight[i * taps + t] /= sum;
  }
  return { taps, at, weight };
}

/** One pass: `along` is the step between pixels of a line, `across` that between lines; the new lines likewise. */
function pass(
  from: Float32Array,
  size: number,
  { taps, at, weight }: Plan,
  target: number,
  along: number,
  across: number,
  newAlong: number,
  newAcross: number,
  lines = size,
): Float32Array {
  const out = new Float32Array(target * lines * 3);
  for (let i = 0; i < target; i++) {
    for (let t = 0; t < taps; t++) {
      const share = weight[i * taps + t];
      if (share === 0) continue;
      const source = at[i * taps + t] * along, to = i * newAlong;
      for (let line = 0; line < lines; line++) {
        const p = source + line * across, q = to + line * newAcross;
        out[q] += share * from[p];
        out[q + 1] += share * from[p + 1];
        out[q + 2] += share * from[p + 2];
      }
    }
  }
  return out;
}
