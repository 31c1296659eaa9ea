// iResNet (Duta et al. 2020, arXiv 2004.04989) as ArcFace and MaskInv have it: 18 to 200 layers, 512 numbers.
// Batch norms behind a convolution are folded into it; those before a padded convolution stay, frozen, as a scale.

import type { Convolution, Layer } from "./layers.ts";

/** Blocks of the four stages, by depth. */
const BLOCKS = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 14, 3],
  100: [3, 13, 30, 3],
  200: [6, 26, 60, 6],
} as const;
const CHANNELS = [64, 128, 256, 512] as const;

/** The depths there are. */
export type Depth = keyof typeof BLOCKS;

/** Returns the layers, from 112x112x3 to a template, of 512 numbers as published. */
export function iresnetLayers(depth: Depth, templateSize: number): readonly Layer[] {
  const layers: Layer[] = [convolution("stem", 3, 64, 3, 1), activation("stem", 64)];
  let inputs = 64;
  BLOCKS[depth].forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      layers.push(block(`stage${stage}.${i}`, inputs, CHANNELS[stage], i === 0 ? 2 : 1));
      inputs = CHANNELS[stage];
    }
  });
  // A 7x7 convolution without padding: the batch norm, the fully connected layer and the last batch norm in one.
  return [...layers, { ...convolution("template", 512, templateSize, 7, 1), padding: [0, 0] }];
}

function block(name: string, inputs: number, outputs: number, stride: number): Layer {
  return {
    kind: "residual",
    body: [
      { kind: "scale", name: `${name}.scale`, channels: inputs },
      convolution(`${name}.first`, inputs, outputs, 3, 1),
      activation(`${name}.first`, outputs),
      convolution(`${name}.second`, outputs, outputs, 3, stride),
    ],
    shortcut: stride === 1 && inputs === outputs
      ? []
      : [convolution(`${name}.shortcut`, inputs, outputs, 1, stride)],
  };
}

function convolution(
  name: string,
  inputs: number,
  outputs: number,
  size: number,
  stride: number,
): Convolution {
  const pad = size === 3 ? 1 : 0;
  return {
    kind: "convolution",
    name,
    inputs,
    outputs,
    size,
    stride,
    padding: [pad, pad],
    depthwise: false,
  };
}

function activation(name: string, channels: number): Layer {
  return { kind: "activation", name, channels };
}
