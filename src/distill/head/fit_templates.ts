// The last layer of a network fitted to the templates of a teacher that it was not made from, by least squares. So a smaller
// network of the family begins in the teacher's space, and training need not turn its own first.

import { ModelError } from "../../base/errors.ts";
import { dampedSolver } from "../../math/symmetric.ts";
import type { TrainingData } from "../data/data.ts";
import { EdgeNext } from "../network/edgenext.ts";
import { EDGEFACE_PIXELS } from "../network/pixels.ts";
import { Trunk } from "./trunk.ts";

/** Crops of a run of the network. */
const BATCH = 32;

/** Most samples of each photo: more of a few photos say nothing new. */
const VIEWS = 16;

/** How much each diagonal number is raised: 30 crops a number leave some directions nearly unseen. */
const DAMPING = 1e-3;

/** How the fit is made. */
export interface FitOptions {
  /** Most samples to fit to, by default 6,144; no more than 16 of each photo. */
  readonly samples?: number;
  /** Threads of onnxruntime. */
  readonly threads?: number;
  /** Is told after every batch. */
  readonly progress?: (text: string) => void;
}

/**
 * A network with its last layer fitted, so that its templates are as near to the teacher's as those of its trunk can be.
 *
 * @param bytes The ONNX file of a network of EdgeFace's family.
 * @param label What the file is called in messages.
 * @param data Samples with the teacher's templates of the clean crops; draw them without masks.
 * @returns The same file with other numbers in `head.fc`.
 * @throws {ModelError} If it is no ONNX file of this family, or its templates have another length than the teacher's.
 */
export async function fitTemplates(
  bytes: Uint8Array,
  label: string,
  data: TrainingData,
  { samples = 6144, threads, progress }: FitOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const network = new EdgeNext(bytes, label), numbers = network.read(), { templateSize } = data;
  if (network.templateSize !== templateSize) {
    throw new ModelError(
      `Cannot fit ${label} as its templates have ${network.templateSize} numbers and the teacher's ${templateSize}: ` +
        `prepare with another teacher, or give another network`,
    );
  }
  const norm = { weight: numbers["head.norm.weight"], bias: numbers["head.norm.bias"] };
  const width = norm.weight.length, sums = new Sums(width + 1, templateSize);
  await using trunk = await Trunk.open(bytes, {
    file: label,
    inputName: "input",
    input: EDGEFACE_PIXELS,
    outputs: ["embedding"],
  }, threads);
  const steps = Math.ceil(Math.min(samples, VIEWS * data.photos) / BATCH);
  for (let step = 0; step < steps; step++) {
    const { levels, targets } = data.rawBatch(step, 0, BATCH, BATCH);
    const { features } = await trunk.run(levels), stride = features.length / BATCH;
    for (let i = 0; i < BATCH; i++) {
      const means = features.subarray(i * stride, i * stride + width);
      sums.add(
        normalized(means, norm, network.epsilon),
        targets.subarray(i * templateSize, (i + 1) * templateSize),
      );
    }
    progress?.(`fitting the last layer: ${(step + 1) * BATCH} of ${steps * BATCH} samples`);
  }
  const weight = new Float32Array(templateSize * width), bias = new Float32Array(templateSize);
  const solve = dampedSolver(sums.matrix, sums.size, DAMPING);
  for (const [row, right] of sums.right.entries()) {
    const solution = solve(right);
    weight.set(solution.subarray(0, width), row * width);
    bias[row] = solution[width];
  }
  return network.write({ ...numbers, "head.fc.weight": weight, "head.fc.bias": bias });
}

/** What the last layer is given: the layer norm of the means, and 1 for the bias. */
function normalized(
  means: Float32Array,
  { weight, bias }: { weight: Float32Array; bias: Float32Array },
  epsilon: number,
): Float64Array {
  const mean = means.reduce((sum, x) => sum + x, 0) / means.length;
  const variance = means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / means.length;
  const scale = 1 / Math.sqrt(variance + epsilon);
  const row = new Float64Array(means.length + 1).fill(1);
  means.forEach((x, i) => row[i] = (x - mean) * scale * weight[i] + bias[i]);
  return row;
}

/** The normal equations: the lower half of their matrix, and a right side for each number of a template. */
class Sums {
  readonly matrix: Float64Array;
  readonly right: readonly Float64Array[];

  constructor(readonly size: number, rows: number) {
    this.matrix = new Float64Array(size * size);
    this.right = Array.from({ length: rows }, () => new Float64Array(size));
  }

  add(x: Float64Array, y: Float32Array): void {
    for (let i = 0; i < this.size; i++) {
      for (let j = 0; j <= i; j++) this.matrix[i * this.size + j] += x[i] * x[j];
    }
    this.right.forEach((right, row) => {
      for (let i = 0; i < this.size; i++) right[i] += y[row] * x[i];
    });
  }
}
