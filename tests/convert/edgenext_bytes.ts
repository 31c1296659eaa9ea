// The weights of a small EdgeNeXt, without torch: honest ones, and ones that lie where a test says so.

import type { TensorOf } from "./torch_bytes.ts";

/** Widths of the stages; depths are 1, 2, 2, 2, and the last block of all but the first attends with 2 heads. */
const WIDTHS = [4, 6, 8, 10];

/** The tensors by timm's names, with templates of 5 numbers. */
export function smallEdgeNext(): Record<string, TensorOf> {
  const tensors: Record<string, TensorOf> = {};
  let next = 1;
  const add = (name: string, ...sizes: number[]): void => {
    const values = Float32Array.from(
      { length: sizes.reduce((a, b) => a * b, 1) },
      () => (next = next * 48271 % 2147483647) / 2147483647 - 0.5,
    );
    tensors[name] = { values, sizes };
  };
  const layer = (name: string, ...sizes: number[]): void => {
    add(`${name}.weight`, ...sizes);
    add(`${name}.bias`, sizes[0]);
  };
  layer("stem.0", WIDTHS[0], 3, 4, 4);
  layer("stem.1", WIDTHS[0]);
  for (const [i, width] of WIDTHS.entries()) {
    const stage = `stages.${i}`;
    if (i > 0) {
      layer(`${stage}.downsample.0`, WIDTHS[i - 1]);
      layer(`${stage}.downsample.1`, width, WIDTHS[i - 1], 2, 2);
    }
    for (const block of i > 0 ? [0, 1] : [0]) {
      const name = `${stage}.blocks.${block}`;
      if (block === 0) layer(`${name}.conv_dw`, width, 1, 3, 3);
      else addAttention(name, i, width, add, layer);
      layer(`${name}.norm`, width);
      layer(`${name}.mlp.fc1`, 4 * width, width);
      layer(`${name}.mlp.fc2`, width, 4 * width);
      add(`${name}.gamma`, width);
    }
  }
  layer("head.norm", WIDTHS[3]);
  layer("head.fc", 5, WIDTHS[3]);
  return tensors;
}

function addAttention(
  name: string,
  stage: number,
  width: number,
  add: (name: string, ...sizes: number[]) => void,
  layer: (name: string, ...sizes: number[]) => void,
): void {
  layer(`${name}.convs.0`, width / 2, 1, 3, 3);
  if (stage === 1) layer(`${name}.pos_embd.token_projection`, width, 8, 1, 1);
  layer(`${name}.norm_xca`, width);
  add(`${name}.gamma_xca`, width);
  add(`${name}.xca.temperature`, 2, 1, 1);
  layer(`${name}.xca.qkv`, 3 * width, width);
  layer(`${name}.xca.proj`, width, width);
}
