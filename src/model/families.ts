// The families of face networks that `models add --like` knows: how each wants its pixels and what it gives.
// Facts from the families' own inference code; the aligned crop is ArcFace's 112x112 in all of them.

import type { TensorSpec } from "../runtime/tensor_spec.ts";
import { InvalidArgumentError } from "../base/errors.ts";

/** The form that the models of a family share. */
export interface Family {
  /** What `--like` calls it. */
  readonly name: string;
  /** Which published models have it. */
  readonly models: string;
  /** How pixels become the network's input. */
  readonly input: TensorSpec;
  /** Numbers of a template. */
  readonly templateSize: number;
  /** Whether the network's output has length 1 or any. */
  readonly output: "raw" | "normalised";
  /** How `mirror` joins the outputs of a face and its mirror image: their sum, then scaled to length 1. */
  readonly mirror: "sum";
  /** How templates are compared. */
  readonly distance: "cosine";
}

const planes = (
  color: TensorSpec["color"],
  mean: number,
  scale: number,
): TensorSpec => ({
  size: 112,
  layout: "NCHW",
  color,
  mean: [mean, mean, mean],
  scale: [scale, scale, scale],
});

const common = { output: "raw", mirror: "sum", distance: "cosine", templateSize: 512 } as const;
// (x / 255 - 0.5) / 0.5 is (x - 127.5) / 127.5.
const centred = planes("RGB", 127.5, 127.5);

/** All families. */
export const FAMILIES: readonly Family[] = [
  {
    ...common,
    name: "insightface",
    models: "InsightFace packs: w600k_r50, w600k_mbf (buffalo), glintr100 (antelopev2)",
    input: centred,
  },
  // The class of the old MXNet exports: their first nodes subtract and multiply, so that pixels go in as they are.
  {
    ...common,
    name: "insightface_mxnet",
    models: "ArcFace of MXNet, as ONNX (arcfaceresnet100)",
    input: planes("RGB", 0, 1),
  },
  { ...common, name: "arcface_torch", models: "arcface_torch backbones", input: centred },
  { ...common, name: "elasticface", models: "ElasticFace-Arc and its kin", input: centred },
  { ...common, name: "maskinv", models: "MaskInv-LG, MaskInv-HG", input: centred },
  { ...common, name: "auraface", models: "AuraFace (glintr100)", input: centred },
  { ...common, name: "magface", models: "MagFace", input: planes("BGR", 0, 255) },
  // OpenCV's FaceRecognizerSF swaps its BGR to RGB and neither shifts nor scales.
  {
    ...common,
    name: "sface",
    models: "SFace of OpenCV Zoo",
    input: planes("RGB", 0, 1),
    templateSize: 128,
  },
  {
    ...common,
    name: "mobilefacenet",
    models: "students of this project",
    input: {
      size: 112,
      layout: "NHWC",
      color: "RGB",
      mean: [127.5, 127.5, 127.5],
      scale: [128, 128, 128],
    },
    templateSize: 192,
    output: "normalised",
  },
];

/** Returns the family of a name; throws InvalidArgumentError if there is none. */
export function familyOf(name: string): Family {
  const family = FAMILIES.find((candidate) => candidate.name === name);
  if (family) return family;
  throw new InvalidArgumentError(
    `There is no family "${name}": use one of ${FAMILIES.map((known) => known.name).join(", ")}`,
  );
}
