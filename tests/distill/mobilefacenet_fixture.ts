// A MobileFaceNet of chance weights: the package ships none.

import { studentNetwork } from "../../src/distill/networks.ts";
import { chanceWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout, fromFlat } from "../../src/distill/train/flat.ts";

/** Its ONNX file, with templates of a length. */
export function mobilefacenetFile(templateSize?: number, seed = 1): Uint8Array<ArrayBuffer> {
  const network = studentNetwork("mobilefacenet", templateSize), layout = flatLayout(network, 1);
  return network.write(fromFlat(layout, chanceWeights(layout, seed)));
}
