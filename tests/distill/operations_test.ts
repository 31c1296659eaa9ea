// The pullbacks of the network's operations against jax-js's own gradient of the same values, and against differences.
// Tiny shapes: what is wrong is wrong at any size.

import "../../src/distill/train/one_thread.ts";
import { grad, jit, numpy as np } from "@jax-js/jax";
import { assert } from "@std/assert";
import { bordered, inside, insideMask } from "../../src/distill/network/grid.ts";
import * as operations from "../../src/distill/network/operations.ts";
import { type Node, Tape } from "../../src/distill/network/tape.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";

const BATCH = 2, CHANNELS = 4, OUTPUTS = 8;

/** An operation on a bordered map and parameters, as a function of nodes. */
interface Case {
  readonly name: string;
  readonly side: number;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (tape: Tape, x: Node, parameters: readonly Node[]) => Node;
}

const mask = (side: number): np.Array => insideMask(side + 1, side + 1);
const CASES: readonly Case[] = [
  {
    name: "product",
    side: 4,
    shapes: [[CHANNELS, OUTPUTS]],
    run: (tape, x, [weight]) => operations.product(tape, x, weight),
  },
  {
    name: "activate",
    side: 4,
    shapes: [[CHANNELS], [CHANNELS]],
    run: (tape, x, [bias, slopes]) => operations.activate(tape, x, bias, slopes, mask(4)),
  },
  {
    name: "scale",
    side: 4,
    shapes: [[CHANNELS], [CHANNELS]],
    run: (tape, x, [weight, bias]) => operations.scale(tape, x, weight, bias, mask(4)),
  },
  {
    name: "addBias",
    side: 4,
    shapes: [[CHANNELS]],
    run: (tape, x, [bias]) => operations.addBias(tape, x, bias),
  },
  {
    name: "depthwise",
    side: 6,
    shapes: [[9, CHANNELS]],
    run: (tape, x, [weight]) => operations.depthwise(tape, x, weight),
  },
  {
    // Fewer places than are summed at once.
    name: "depthwise of few places",
    side: 3,
    shapes: [[9, CHANNELS]],
    run: (tape, x, [weight]) => operations.depthwise(tape, x, weight),
  },
  {
    // More rows than are summed at once, so that both parts of the sum are there.
    name: "depthwise of many places",
    side: 10,
    shapes: [[9, CHANNELS]],
    run: (tape, x, [weight]) => operations.depthwise(tape, x, weight),
  },
  {
    name: "halvingDepthwise",
    side: 6,
    shapes: [[9, CHANNELS]],
    run: (tape, x, [weight]) =>
      operations.addBorder(tape, operations.halvingDepthwise(tape, x, weight)),
  },
  {
    name: "wholeDepthwise",
    side: 3,
    shapes: [[9, CHANNELS]],
    run: (tape, x, [weight]) => operations.wholeDepthwise(tape, x, weight),
  },
  {
    name: "halve",
    side: 6,
    shapes: [],
    run: (tape, x) => operations.halve(tape, x),
  },
  {
    name: "convolution",
    side: 5,
    shapes: [[9 * CHANNELS, OUTPUTS]],
    run: (tape, x, [weight]) => operations.convolution(tape, x, weight),
  },
  {
    name: "wholeConvolution",
    side: 3,
    shapes: [[9 * CHANNELS, OUTPUTS]],
    run: (tape, x, [weight]) => operations.wholeConvolution(tape, x, weight),
  },
];

for (const { name, side, shapes, run } of CASES) {
  Deno.test(`pullback of ${name}`, async () => {
    const chance = chanceOf(name);
    const draw = (shape: readonly number[]): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => chance.normal());
    const arrays = [[BATCH, side, side, CHANNELS], ...shapes].map((shape) => ({
      shape: [...shape],
      values: draw(shape),
    }));
    const given = (): np.Array[] =>
      arrays.map(({ shape, values }) => np.array(values).reshape(shape));

    // What is on the border of a map is nobody's result: only what is inside counts.
    const seen = (y: np.Array): np.Array => y.shape.length === 4 ? inside(y) : y;
    const value = (x: np.Array, ...parameters: np.Array[]): np.Array => {
      const tape = new Tape();
      const y = run(tape, tape.leaf(bordered(x), true), parameters.map((p) => tape.leaf(p, true)));
      const out = seen(y.value);
      return out.ref.mul(np.sin(out)).sum();
    };
    const pulled = jit((...nodes: np.Array[]) => {
      const tape = new Tape();
      const [x, ...parameters] = nodes.map((array) => tape.leaf(array.ref, true));
      const y = run(tape, operations.addBorder(tape, x), parameters);
      const gradient = grad((y: np.Array) => {
        const out = seen(y);
        return out.ref.mul(np.sin(out)).sum();
      })(y.value.ref) as np.Array;
      tape.backward(y, gradient);
      return { stored: tape.stored, gradients: [x, ...parameters].map((node) => node.gradient!) };
    });
    const { stored, gradients } = pulled(...given()) as {
      stored: np.Array[];
      gradients: np.Array[];
    };
    for (const array of stored) array.dispose();
    const ours = await Promise.all(gradients.map((gradient) => gradient.data())) as Float32Array[];

    const all = arrays.map((_, i) => i);
    const theirs = jit((...nodes: np.Array[]) => grad(value, { argnums: all })(...nodes))(
      ...given(),
    ) as unknown as np.Array[];
    for (const [i, gradient] of theirs.entries()) {
      const expected = await gradient.data() as Float32Array;
      const worst = largest(expected.map((number, k) => number - ours[i][k]));
      assert(worst < 1e-4 * (1 + largest(expected)), `argument ${i} is off by ${worst}`);
    }

    const at = jit(value);
    for (const [i, { values }] of arrays.entries()) {
      for (const k of [0, values.length >> 1, values.length - 1]) {
        const kept = values[k], step = 1e-2;
        const [above, below] = await Promise.all([step, -step].map((move) => {
          values[k] = kept + move;
          return at(...given()).data();
        }));
        values[k] = kept;
        const difference = (above[0] - below[0]) / (2 * step);
        const gap = Math.abs(difference - ours[i][k]);
        assert(
          gap < 2e-2 * (1 + Math.abs(difference)),
          `${i}[${k}]: ${difference} is not ${ours[i][k]}`,
        );
      }
    }
  });
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
