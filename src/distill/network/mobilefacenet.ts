// MobileFaceNet (Chen et al. 2018, arXiv 1804.07573) as the teacher has it: 1.29 million parameters, 192 numbers.
// Wider than the paper's network: depthwise expansions of 128, 256 and 512, "same" padding at the end.

import type { Activation, Convolution, Layer } from "./layers.ts";

/** Returns a convolution with the defaults of this network. */
function convolution(
  name: string,
  inputs: number,
  outputs: number,
  rest: Partial<Convolution> = {},
): Convolution {
  return {
    kind: "convolution",
    name,
    inputs,
    outputs,
    size: 1,
    stride: 1,
    padding: [0, 0],
    depthwise: false,
    ...rest,
  };
}

function activation(name: string, channels: number): Activation {
  return { kind: "activation", name, channels };
}

/** Expand, filter each channel, project: the bottleneck of MobileNetV2. */
function bottleneck(
  name: string,
  inputs: number,
  wide: number,
  outputs: number,
  stride: number,
): Layer[] {
  return [
    convolution(`${name}.expand`, inputs, wide),
    activation(`${name}.expand`, wide),
    convolution(`${name}.depth`, wide, wide, {
      size: 3,
      stride,
      padding: stride === 1 ? [1, 1] : [0, 1],
      depthwise: true,
    }),
    activation(`${name}.depth`, wide),
    convolution(`${name}.project`, wide, outputs),
  ];
}

/** Returns a bottleneck that halves rows and columns, then `repeats` with a residual. */
function stage(
  name: string,
  inputs: number,
  first: number,
  wide: number,
  outputs: number,
  repeats: number,
): Layer[] {
  return [
    ...bottleneck(`${name}.0`, inputs, first, outputs, 2),
    ...Array.from({ length: repeats }, (_, i): Layer => ({
      kind: "residual",
      body: bottleneck(`${name}.${i + 1}`, outputs, wide, outputs, 1),
      shortcut: [],
    })),
  ];
}

/** The layers but the last, from 112x112x3 to 512 numbers. */
const BODY: readonly Layer[] = [
  convolution("stem", 3, 64, { size: 3, stride: 2, padding: [0, 1] }),
  activation("stem", 64),
  convolution("first.depth", 64, 64, { size: 3, padding: [1, 1], depthwise: true }),
  activation("first.depth", 64),
  convolution("first.project", 64, 64),
  ...stage("stage1", 64, 128, 128, 64, 4),
  ...stage("stage2", 64, 256, 256, 128, 6),
  ...stage("stage3", 128, 512, 256, 128, 2),
  convolution("last.expand", 128, 512),
  activation("last.expand", 512),
  convolution("last.depth", 512, 512, { size: 7, depthwise: true }),
  convolution("last.mix", 512, 512),
];

/** Returns the layers, from 112x112x3 to a template. */
export function mobilefacenetLayers(templateSize: number): readonly Layer[] {
  return [...BODY, convolution("last.template", 512, templateSize)];
}
