// The mask-state network and its training in jax-js: 28x28 means, four small convolutions, a linear layer.
// All convolutions but one do not overlap or come as patches, since jax-js is fast where a matrix product is plain.

import { jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { randomNumbers } from "../../src/math/random.ts";
import { SMALL } from "./augment.ts";

/** Channels after each convolution: 4x4 by steps of 2, 2x2 by steps of 2, 3x3 of each channel alone, 1x1. */
export const CHANNELS = [32, 64, 64, 48] as const;
/** The classes. */
export const CLASSES = 3;
const HALF = SMALL / 2, QUARTER = SMALL / 4;
/** Numbers of a 4x4 patch. */
const PATCH = 4 * 4 * 3;
/** Numbers of a crop as patches: `HALF * HALF` rows of `PATCH`, ordered row, column, channel. */
export const PATCHES_LENGTH = HALF * HALF * PATCH;

/** Names and shapes of the parameters. */
export const SHAPES = {
  patchWeight: [PATCH, CHANNELS[0]],
  patchBias: [CHANNELS[0]],
  mergeWeight: [4 * CHANNELS[0], CHANNELS[1]],
  mergeBias: [CHANNELS[1]],
  depthWeight: [9, CHANNELS[2]],
  depthBias: [CHANNELS[2]],
  mixWeight: [CHANNELS[2], CHANNELS[3]],
  mixBias: [CHANNELS[3]],
  headWeight: [QUARTER * QUARTER * CHANNELS[3], CLASSES],
  headBias: [CLASSES],
} as const satisfies Record<string, readonly number[]>;

/** The name of a parameter. */
export type Name = keyof typeof SHAPES;
/** The names of all parameters. */
export const NAMES = Object.keys(SHAPES) as Name[];
/** The parameters of a network. */
export type Weights = Record<Name, Float32Array<ArrayBuffer>>;
type Arrays = Record<Name, np.Array>;

/** Chance weights from a seed: He et al. (2015), biases zero. */
export function firstWeights(seed: number): Weights {
  const random = randomNumbers(seed);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Object.fromEntries(NAMES.map((name) => {
    const shape: readonly number[] = SHAPES[name];
    const length = shape.reduce((product, size) => product * size);
    const deviation = shape.length === 1 ? 0 : Math.sqrt(2 / shape[0]);
    const scale = name === "headWeight" ? 0.3 * deviation : deviation;
    return [name, Float32Array.from({ length }, () => scale * normal())];
  })) as Weights;
}

/** The 4x4 patches of averaged crops at steps of 2, with a border of one zero. */
export function patchesOf(small: Float32Array, out: Float32Array): void {
  let to = 0;
  for (let y = -1; y < SMALL - 1; y += 2) {
    for (let x = -1; x < SMALL - 1; x += 2) {
      for (let v = y; v < y + 4; v++) {
        for (let u = x; u < x + 4; u++, to += 3) {
          const inside = u >= 0 && v >= 0 && u < SMALL && v < SMALL;
          const from = (v * SMALL + u) * 3;
          for (let c = 0; c < 3; c++) out[to + c] = inside ? small[from + c] : 0;
        }
      }
    }
  }
}

/** Logits `[batch, 3]` of patches `[batch * 196, 48]`. */
function logits(p: Arrays, patches: np.Array): np.Array {
  const batch = patches.shape[0] / (HALF * HALF);
  const dense = (x: np.Array, weight: np.Array, bias: np.Array): np.Array =>
    np.matmul(x, weight).add(bias);
  let x = nn.relu(dense(patches, p.patchWeight, p.patchBias));
  x = x.reshape([batch, QUARTER, 2, QUARTER, 2, CHANNELS[0]])
    .transpose([0, 1, 3, 2, 4, 5]).reshape([batch * QUARTER * QUARTER, 4 * CHANNELS[0]]);
  x = nn.relu(dense(x, p.mergeWeight, p.mergeBias));
  x = depthwise(x.reshape([batch, QUARTER, QUARTER, CHANNELS[1]]), p.depthWeight);
  x = nn.relu(x.add(p.depthBias)).reshape([batch * QUARTER * QUARTER, CHANNELS[2]]);
  x = nn.relu(dense(x, p.mixWeight, p.mixBias));
  return dense(x.reshape([batch, QUARTER * QUARTER * CHANNELS[3]]), p.headWeight, p.headBias);
}

/** A 3x3 convolution of each channel alone, as nine shifted products. */
function depthwise(x: np.Array, weight: np.Array): np.Array {
  const padded = np.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]);
  let sum: np.Array | undefined;
  for (let i = 0; i < 9; i++) {
    const y = Math.floor(i / 3), column = i % 3;
    const part = padded.ref.slice([], [y, y + QUARTER], [column, column + QUARTER], [])
      .mul(weight.ref.slice(i, []));
    sum = sum ? sum.add(part) : part;
  }
  padded.dispose();
  weight.dispose();
  return sum!;
}

/** Cross entropy with soft targets. */
function loss(p: Arrays, patches: np.Array, targets: np.Array): np.Array {
  const batch = targets.shape[0];
  return nn.logSoftmax(logits(p, patches)).mul(targets).sum().mul(-1 / batch);
}

const lossAndGradient = jit(valueAndGrad(loss));
const probabilitiesOf = jit((p: Arrays, patches: np.Array): np.Array =>
  nn.softmax(lax.stopGradient(logits(p, patches)))
);

function toArrays(weights: Weights): Arrays {
  return Object.fromEntries(
    NAMES.map((name) => [name, np.array(weights[name]).reshape([...SHAPES[name]])]),
  ) as Arrays;
}

/** The loss of a batch, and its gradient by every parameter. */
export async function gradient(
  weights: Weights,
  patches: Float32Array<ArrayBuffer>,
  targets: Float32Array<ArrayBuffer>,
): Promise<{ loss: number; gradient: Weights }> {
  const [value, slopes] = lossAndGradient(
    toArrays(weights),
    np.array(patches).reshape([patches.length / PATCH, PATCH]),
    np.array(targets).reshape([targets.length / CLASSES, CLASSES]),
  );
  const read = NAMES.map(async (name) => [name, await slopes[name].data()] as const);
  return {
    loss: (await value.data())[0],
    gradient: Object.fromEntries(await Promise.all(read)) as Weights,
  };
}

/** The probabilities of averaged crops, `batch` at a time. */
export async function predict(
  weights: Weights,
  smalls: readonly Float32Array[],
  batch = 64,
): Promise<Float32Array> {
  const out = new Float32Array(smalls.length * CLASSES);
  for (let start = 0; start < smalls.length; start += batch) {
    const patches = new Float32Array(batch * PATCHES_LENGTH);
    const part = smalls.slice(start, start + batch);
    part.forEach((small, i) =>
      patchesOf(small, patches.subarray(i * PATCHES_LENGTH, (i + 1) * PATCHES_LENGTH))
    );
    const result = probabilitiesOf(
      toArrays(weights),
      np.array(patches).reshape([batch * HALF * HALF, PATCH]),
    );
    out.set((await result.data()).subarray(0, part.length * CLASSES), start * CLASSES);
  }
  return out;
}
