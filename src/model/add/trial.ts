// A trial run of a model that is to be added: what the graph promises is seen to hold, on wasm, before it is accepted.

import { startRuntime } from "../../runtime/start.ts";
import { tensorShape } from "../../runtime/tensor_spec.ts";
import { MaskinvError, ModelError } from "../../base/errors.ts";
import type { LoadedModel } from "../model.ts";

/** Rows of one picture alone and in a batch may differ by the order of sums, no more. */
const SAME = 1e-3;

/** Runs two made-up pictures together and the second alone; throws ModelError unless templates come out. */
export async function tryModel(model: LoadedModel, label: string): Promise<void> {
  const { entry: { input, templateSize, output } } = model;
  const pair = pictures(tensorShape(input, 2).reduce((a, b) => a * b), input.mean, input.scale);
  const refuse = (what: string): ModelError => new ModelError(`Cannot use ${label} as ${what}`);
  await using runtime = await startRuntime("wasm");
  let rows: Float32Array, alone: Float32Array;
  try {
    await using network = await runtime.load(model);
    const run = async (values: Float32Array, count: number): Promise<Float32Array> => {
      using block = runtime.write(values, tensorShape(input, count));
      const [made] = await runtime.run(network, block);
      if (made.shape.length !== 2 || made.shape[0] !== count || made.shape[1] !== templateSize) {
        throw refuse(
          `it gives [${
            made.shape.join(", ")
          }] for ${count} pictures and must give [${count}, ${templateSize}]: ` +
            `name the family that it is of, or export it with a batch of any size`,
        );
      }
      return (await runtime.read(made))[0].slice();
    };
    alone = await run(pair.subarray(pair.length / 2), 1);
    rows = await run(pair, 2);
  } catch (cause) {
    if (cause instanceof ModelError || !(cause instanceof MaskinvError)) throw cause;
    throw new ModelError(
      `Cannot use ${label} as it does not run on two pictures (${cause.message}): ` +
        `export it for onnxruntime with a batch of any size`,
      { cause },
    );
  }
  const [first, second] = [rows.subarray(0, templateSize), rows.subarray(templateSize)];
  const lengths = [first, second].map((row) => Math.hypot(...row));
  if (!lengths.every((length) => Number.isFinite(length) && length > 0)) {
    throw refuse(`its templates have lengths ${lengths.join(" and ")}: check the file`);
  }
  if (output === "normalised" && lengths.some((length) => Math.abs(length - 1) > SAME)) {
    throw refuse(
      `its outputs have lengths ${lengths.join(" and ")} and its family's have length 1: ` +
        `name the family that it is of`,
    );
  }
  if (distance(first, second) < SAME * lengths[0]) {
    throw refuse("two different pictures give the same template: check the file");
  }
  if (distance(alone, second) > SAME * lengths[1]) {
    throw refuse(
      "a picture's template depends on the others of its batch: export it for inference",
    );
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]));
}

/** Returns two pictures of noise, in the range of the input: the same at every run. */
function pictures(
  length: number,
  [mean]: readonly number[],
  [scale]: readonly number[],
): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 24) - mean) / scale;
  });
}
