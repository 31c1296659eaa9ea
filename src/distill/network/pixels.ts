// Which pixels a network wants, and its first convolution made to want those of a student: RGB, (x - 127.5) / 128.
// So a network of others is trained on the same crops as any student, and its export is a student's file.

import { channelPlan, type TensorSpec } from "../../runtime/tensor_spec.ts";
import { ModelError } from "../../base/errors.ts";
import { freeInputs, type ModelWithGraph, sizesOf } from "../../onnx/model_proto.ts";
import type { Convolution } from "./layers.ts";
import type { Parameters } from "./onnx_read.ts";

/** What students want. */
const MEAN = 127.5, SCALE = 128;

/** The pixels of MobileFaceNet and the iResNets. */
export const STUDENT_PIXELS: TensorSpec = {
  size: 112,
  layout: "NHWC",
  color: "RGB",
  mean: [MEAN, MEAN, MEAN],
  scale: [SCALE, SCALE, SCALE],
};

/** The pixels of EdgeFace. */
export const EDGEFACE_PIXELS: TensorSpec = {
  ...STUDENT_PIXELS,
  layout: "NCHW",
  scale: [127.5, 127.5, 127.5],
};

/** RGB grey levels, pixel by pixel, as a network with the same mean and scale for each colour takes them. */
export function pixelsOfLevels(
  levels: Uint8Array,
  { layout, mean: [mean], scale: [scale] }: TensorSpec,
): Float32Array<ArrayBuffer> {
  const pixels = new Float32Array(levels.length), plane = 112 * 112, frame = 3 * plane;
  for (let i = 0; i < levels.length; i++) {
    const crop = i - i % frame, at = i - crop;
    const to = layout === "NHWC" ? i : crop + at % 3 * plane + Math.floor(at / 3);
    pixels[to] = (levels[i] - mean) / scale;
  }
  return pixels;
}

/** Returns the form of the pixels of which the file itself speaks: `convert` writes it; undefined if they are a student's. */
export function pixelsOf(model: ModelWithGraph): TensorSpec | undefined {
  const told = model.metadataProps?.find(({ key }) => key === "input")?.value;
  if (told) return readSpec(told);
  const [input] = freeInputs(model.graph), sizes = input && sizesOf(input);
  if (sizes?.length === 4 && sizes[1] === 3 && sizes[3] !== 3) {
    throw new ModelError(
      `Cannot read weights as the ONNX file takes planes [${sizes}] and does not say how pixels become them: ` +
        `add it with models add --like, and name it as folder#name`,
    );
  }
  return undefined;
}

function readSpec(text: string): TensorSpec {
  const triple = (value: unknown): boolean =>
    Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
  try {
    const spec = JSON.parse(text) as TensorSpec;
    const sound = ["RGB", "BGR"].includes(spec.color) && triple(spec.mean) && triple(spec.scale) &&
      spec.scale.every((value) => value > 0);
    if (sound) return spec;
  } catch {
    // Said below.
  }
  throw new ModelError(
    `Cannot read weights as the ONNX file says of its pixels ${
      JSON.stringify(text.slice(0, 60))
    }: ` +
      `add it with models add --like, and name it as folder#name`,
  );
}

/**
 * Parameters of a network that wants pixels of a form, for those of a student. Exact, but that a mean other than 127.5
 * puts another grey behind the picture's border, which the outermost places of the first map see: training mends that.
 */
export function forStudentPixels(
  stem: Convolution,
  parameters: Parameters,
  spec: TensorSpec,
): Parameters {
  const { gain, bias } = channelPlan({ ...spec, layout: "NHWC" }), { outputs } = stem;
  const weight = parameters[`${stem.name}.weight`];
  const weights = weight.slice(), sums = Float64Array.from(parameters[`${stem.name}.bias`]);
  for (let row = 0; row < weight.length / outputs; row += 3) {
    for (let color = 0; color < 3; color++) {
      const slot = spec.color === "RGB" ? color : 2 - color;
      for (let o = 0; o < outputs; o++) {
        const value = weight[(row + slot) * outputs + o];
        weights[(row + color) * outputs + o] = value * gain[color] * SCALE;
        sums[o] += value * (MEAN * gain[color] + bias[color]);
      }
    }
  }
  return {
    ...parameters,
    [`${stem.name}.weight`]: weights,
    [`${stem.name}.bias`]: Float32Array.from(sums),
  };
}
