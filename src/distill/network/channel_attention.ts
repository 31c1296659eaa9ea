// Cross-covariance attention on a tape (El-Nouby et al. 2021, arXiv 2106.09681): channels attend to channels.

import { nn, numpy as np } from "npm:@jax-js/jax@0.1.25";
import { addGradient, type Node, type Tape } from "./tape.ts";

/** Shorter rows than this are zero: they stay zero and have no gradient. In the published network whole heads are. */
const MIN_SQUARES = 1e-24;
const ABSENT = -1e9;

/**
 * Attention of each head by the cosines of queries and keys along the places, times the head's temperature.
 *
 * @param qkv `[batch, places, 3 * channels]`: all heads' queries, then keys, then values.
 * @param temperature `[heads, 1, 1]`
 * @returns `[batch, places, channels]`
 */
export function channelAttention(tape: Tape, qkv: Node, temperature: Node): Node {
  const [batch, places, triple] = qkv.value.shape, channels = triple / 3;
  const heads = temperature.value.size, width = channels / heads;
  const spare = { places: -places & 3, width: -width & 3 };
  // With sizes of whole fours, products are several times faster: zeros fill them up.
  const split = (x: np.Array): np.Array =>
    tape.store(np.pad(
      x.reshape([batch, places, heads, width]).transpose([0, 2, 3, 1]),
      [[0, 0], [0, 0], [0, spare.width], [0, spare.places]],
    ));
  const back = (x: np.Array): np.Array =>
    x.slice([], [], [0, width], [0, places]).transpose([0, 3, 1, 2])
      .reshape([batch, places, channels]);
  const part = (i: number): np.Array =>
    split(qkv.value.ref.slice([], [], [i * channels, (i + 1) * channels]));
  const [q, k, values] = [0, 1, 2].map(part);
  const queries = unitRows(tape, q), keys = unitRows(tape, k);
  const turned = (x: np.Array): np.Array => x.ref.transpose([0, 1, 3, 2]);
  const cosines = tape.store(np.matmul(queries.value.ref, turned(keys.value)));
  const logits = cosines.ref.mul(temperature.value.ref).add(absent(width, width + spare.width));
  const shares = tape.store(nn.softmax(logits, -1));
  const value = tape.store(back(np.matmul(shares.ref, values.ref)));
  return tape.record(value, (gradient) => {
    const out = split(gradient.ref);
    const byShares = tape.store(np.matmul(out.ref, turned(values)));
    const mean = byShares.ref.mul(shares.ref).sum(-1, { keepdims: true });
    const byLogits = tape.store(byShares.ref.sub(mean).mul(shares.ref));
    const sums = byLogits.ref.mul(cosines.ref).sum([0, 2, 3]);
    addGradient(temperature, sums.reshape(temperature.value.shape));
    const byCosines = tape.store(byLogits.ref.mul(temperature.value.ref));
    const gradients = [
      queries.pullback(np.matmul(byCosines.ref, keys.value.ref)),
      keys.pullback(np.matmul(turned(byCosines), queries.value.ref)),
      np.matmul(turned(shares), out.ref),
    ];
    addGradient(qkv, tape.store(np.concatenate(gradients.map(back), -1)));
  });
}

/** Returns what keeps channels that only fill up from getting a share: `[width]`. */
function absent(from: number, width: number): np.Array {
  return np.array(Float32Array.from({ length: width }, (_, i) => i < from ? 0 : ABSENT));
}

/** Returns rows of length 1, and what turns a gradient by them into one by what they were. */
function unitRows(
  tape: Tape,
  x: np.Array,
): { value: np.Array; pullback: (gradient: np.Array) => np.Array } {
  const squares = tape.store(x.ref.mul(x.ref).sum(-1, { keepdims: true }));
  const inverse = tape.store(
    np.where(
      np.less(squares.ref, MIN_SQUARES),
      0,
      np.reciprocal(np.sqrt(np.maximum(squares.ref, MIN_SQUARES))),
    ),
  );
  const value = tape.store(x.ref.mul(inverse.ref));
  return {
    value,
    pullback: (given) => {
      const gradient = tape.store(given);
      const along = gradient.ref.mul(value.ref).sum(-1, { keepdims: true });
      return gradient.ref.sub(value.ref.mul(along)).mul(inverse.ref);
    },
  };
}
