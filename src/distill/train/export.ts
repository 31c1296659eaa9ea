// From a checkpoint to the ONNX file that is shipped: the running mean of the weights, without class centres.

import { ModelError } from "../../errors.ts";
import { studentNetwork } from "../networks.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { flatLayout, fromFlat } from "./flat.ts";

/**
 * The ONNX file of a checkpoint: the running mean of the weights, for any number of crops at once.
 *
 * @param name Name of the student network.
 * @param checkpoint Path of a checkpoint that the trainer wrote.
 * @returns Input `[N, 112, 112, 3]` RGB, `(x - 127.5) / 128`; output `[N, templateSize]` of length 1.
 * @throws {ModelError} If the checkpoint cannot be read or is of another network.
 *
 * @example
 * ```ts ignore
 * import { exportStudent } from "@maskinv/maskinv/distill";
 *
 * Deno.writeFileSync("student.onnx", exportStudent("mobilefacenet", "distilled/best.checkpoint"));
 * ```
 */
export function exportStudent(name: string, checkpoint: string): Uint8Array<ArrayBuffer> {
  const network = studentNetwork(name);
  const { mean, identities } = readCheckpoint(checkpoint);
  const layout = flatLayout(network, identities);
  if (mean.length !== layout.length) {
    throw new ModelError(
      `Cannot export ${checkpoint} as it has ${mean.length} numbers and ${name} ${layout.length}: ` +
        `name the configuration that it was trained by`,
    );
  }
  return network.write(fromFlat(layout, mean));
}
