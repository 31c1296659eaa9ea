// The names of insightface's MXNet networks (`model-r100-ii`: unit 3, output E, PReLU) as arcface_torch's, which has
// the same layers. Its last batch norm was made with fixed factors, whatever the file has in their place.

import { memorySource } from "../../pickle/source.ts";
import { StoredTensor } from "../torch/stored_tensor.ts";

const LAYERS: readonly (readonly [RegExp, string])[] = [
  [/^conv0_/, "conv1."],
  [/^bn0_/, "bn1."],
  [/^relu0_gamma/, "prelu.weight"],
  [/^bn1_/, "bn2."],
  [/^pre_fc1_/, "fc."],
  [/^fc1_/, "features."],
];
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^conv1sc_/, "downsample.0."],
  [/^sc_/, "downsample.1."],
  [/^relu1_gamma/, "prelu.weight"],
  [/^(bn[123]|conv[12])_/, "$1."],
];
const ENDS: readonly (readonly [RegExp, string])[] = [
  [/\.gamma$/, ".weight"],
  [/\.beta$/, ".bias"],
  [/\.moving_mean$/, ".running_mean"],
  [/\.moving_var$/, ".running_var"],
];
/** Centres of the people that it was trained on. */
const CENTRES = /^fc7_/;

/** The tensors by arcface_torch's names; names that are not known stay. */
export function torchNames(
  arrays: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, StoredTensor> {
  const named = new Map<string, StoredTensor>();
  for (const [key, tensor] of arrays) {
    const name = key.replace(/^(arg|aux):/, "");
    if (!CENTRES.test(name)) named.set(torchName(name), tensor);
  }
  const factors = named.get("features.weight");
  if (factors) named.set("features.weight", ones(factors.length));
  return named;
}

function torchName(name: string): string {
  const unit = /^stage(\d+)_unit([1-9]\d*)_(.+)$/.exec(name);
  const layer = unit
    ? `layer${unit[1]}.${Number(unit[2]) - 1}.${first(PARTS, unit[3])}`
    : first(LAYERS, name);
  return first(ENDS, layer);
}

/** The text with the first rule that fits applied. */
function first(rules: readonly (readonly [RegExp, string])[], text: string): string {
  const rule = rules.find(([pattern]) => pattern.test(text));
  return rule ? text.replace(...rule) : text;
}

function ones(length: number): StoredTensor {
  const bytes = new Uint8Array(new Float32Array(length).fill(1).buffer);
  const storage = { kind: "object", type: "Float", length, start: () => 0 } as const;
  return new StoredTensor(memorySource(bytes), storage, {
    offset: 0,
    sizes: [length],
    strides: [1],
  });
}
