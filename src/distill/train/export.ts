// From a checkpoint to the ONNX file that is shipped: the running mean of the weights, without class centres.

import { InvalidArgumentError, ModelError } from "../../base/errors.ts";
import { studentNetwork } from "../networks.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { flatLayout, fromFlat } from "./flat.ts";

/** Another network's weights in a student's. */
export interface Blend {
  /** The bytes of an ONNX file of the same network: its teacher, or a student that began with the same weights. */
  readonly onnx: Uint8Array;
  /** Its share, 0..1; what is left of all shares is the checkpoint's. */
  readonly share: number;
}

/**
 * The ONNX file of a checkpoint: the running mean of the weights, for any number of crops at once.
 *
 * @param name Name of the student network.
 * @param checkpoint Path of a checkpoint that the trainer wrote.
 * @param blends Weights to mix in. Between a fine-tuned network and the one that it began as lie networks that forget
 * less and have learned nearly as much (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903),
 * and between two of them some that are better than both ("Model soups", arXiv 2203.05482).
 * @param graph The bytes of the ONNX file that the training started from, which an `edgenext` is written into.
 * @returns Input `[N, 112, 112, 3]` RGB, `(x - 127.5) / 128`; output `[N, templateSize]` of length 1; of an `edgenext` as its graph has them.
 * @throws {ModelError} If the checkpoint or what is mixed in cannot be read or is of another network.
 * @throws {InvalidArgumentError} If a share is below 0, or all shares come to more than 1.
 *
 * @example
 * ```ts ignore
 * import { exportStudent } from "@maskinv/maskinv/distill";
 *
 * Deno.writeFileSync("student.onnx", exportStudent("mobilefacenet", "distilled/best.checkpoint"));
 * ```
 */
export function exportStudent(
  name: string,
  checkpoint: string,
  blends: readonly Blend[] = [],
  graph?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { mean, identities, templateSize } = readCheckpoint(checkpoint);
  const network = studentNetwork(name, templateSize, graph);
  const layout = flatLayout(network, identities);
  if (mean.length !== layout.length) {
    throw new ModelError(
      `Cannot export ${checkpoint} as it has ${mean.length} numbers and ${name} ${layout.length}: ` +
        `name the configuration that it was trained by`,
    );
  }
  const weights = fromFlat(layout, mean);
  if (blends.length === 0) return network.write(weights);
  const left = 1 - blends.reduce((sum, { share }) => sum + share, 0);
  const wrong = blends.find(({ share }) => !(share >= 0));
  if (wrong || !(left >= -1e-9)) {
    throw new InvalidArgumentError(
      `Cannot mix in shares of ${blends.map(({ share }) => share).join(", ")}: ` +
        `give numbers from 0 on that come to 1 at most`,
    );
  }
  const others = blends.map(({ onnx, share }) => ({ share, weights: network.read(onnx) }));
  const mixed = Object.keys(network.shapes).map((slot) => [
    slot,
    weights[slot].map((value, i) =>
      others.reduce((sum, other) => sum + other.share * other.weights[slot][i], left * value)
    ),
  ]);
  return network.write(Object.fromEntries(mixed));
}
