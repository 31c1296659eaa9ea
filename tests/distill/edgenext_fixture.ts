// A small EdgeNeXt of chance weights, written as `convert` writes the real ones.

import { buildEdgeNext } from "../../src/convert/network/edgenext.ts";
import { Weights } from "../../src/convert/network/weights.ts";
import { INPUT, writeOnnx } from "../../src/convert/onnx/write.ts";
import { StoredTensor } from "../../src/convert/torch/stored_tensor.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import { memorySource } from "../../src/pickle/source.ts";

/** Widths of the stages; their last block but the first's is one of attention, with as many scales. */
const WIDTHS = [8, 12, 20, 24], KERNELS = [3, 5, 7, 9], SCALES = [0, 2, 3, 4];
const PIXELS = {
  size: 112,
  layout: "NCHW",
  color: "RGB",
  mean: [127.5, 127.5, 127.5],
  scale: [127.5, 127.5, 127.5],
};
const HEADS = 4, EXPANSION = 4, FREQUENCIES = 8;

/** The ONNX file of a network with templates of a length. */
export function smallEdgeNext(templateSize: number): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, sizes: number[], spread: number, middle = 0): void => {
    const chance = chanceOf(`weights ${name}`), length = sizes.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length }, () => middle + spread * chance.normal());
    const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
    tensors.set(
      name,
      new StoredTensor(
        memorySource(new Uint8Array(values.buffer)),
        { kind: "object", type: "Float", length, start: () => 0 },
        { offset: 0, sizes, strides },
      ),
    );
  };
  const layer = (name: string, outputs: number, ...inputs: number[]): void => {
    add(`${name}.weight`, [outputs, ...inputs], 1 / Math.sqrt(inputs.reduce((a, b) => a * b, 1)));
    add(`${name}.bias`, [outputs], 0.1);
  };
  const norm = (name: string, channels: number): void => {
    add(`${name}.weight`, [channels], 0.1, 1);
    add(`${name}.bias`, [channels], 0.1);
  };
  layer("stem.0", WIDTHS[0], 3, 4, 4);
  norm("stem.1", WIDTHS[0]);
  WIDTHS.forEach((width, stage) => {
    const name = `stages.${stage}`;
    if (stage > 0) {
      norm(`${name}.downsample.0`, WIDTHS[stage - 1]);
      layer(`${name}.downsample.1`, width, WIDTHS[stage - 1], 2, 2);
    }
    for (const block of [`${name}.blocks.0`, `${name}.blocks.1`]) {
      const scales = block.endsWith("1") ? SCALES[stage] : 0;
      if (scales === 0) layer(`${block}.conv_dw`, width, 1, KERNELS[stage], KERNELS[stage]);
      else {
        const part = Math.ceil(width / scales);
        for (let i = 0; i < scales - 1; i++) layer(`${block}.convs.${i}`, part, 1, 3, 3);
        if (stage === 1) {
          layer(`${block}.pos_embd.token_projection`, width, 2 * FREQUENCIES, 1, 1);
        }
        norm(`${block}.norm_xca`, width);
        add(`${block}.xca.temperature`, [HEADS, 1, 1], 0.1, 1);
        layer(`${block}.xca.qkv`, 3 * width, width);
        layer(`${block}.xca.proj`, width, width);
        add(`${block}.gamma_xca`, [width], 0.1, 0.3);
      }
      norm(`${block}.norm`, width);
      layer(`${block}.mlp.fc1`, EXPANSION * width, width);
      layer(`${block}.mlp.fc2`, width, EXPANSION * width);
      add(`${block}.gamma`, [width], 0.1, 0.3);
    }
  });
  norm("head.norm", WIDTHS[3]);
  layer("head.fc", templateSize, WIDTHS[3]);
  const { graph, output, network: name } = buildEdgeNext(new Weights(tensors), 1e-6, INPUT);
  const options = {
    size: 112,
    normalized: true,
    flat: true,
    fp16: false,
    metadata: { input: JSON.stringify(PIXELS) },
  };
  const parts = [...writeOnnx(graph, output, { name, templateSize, ...options })];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
