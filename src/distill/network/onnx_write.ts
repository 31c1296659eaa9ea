// Writes a student as ONNX, for any number of crops at once: from the aligned crop to the template.
// The counterpart of onnx_read.ts.

import proto from "npm:onnx-proto@8.0.1";
import type { Layer } from "./layers.ts";
import { type Parameters, toOnnx } from "./onnx_read.ts";

/** Smaller weights become zero: denormal numbers make wasm twice as slow. */
const MIN_WEIGHT = 1e-8;

type Onnx = typeof import("npm:onnx-proto@8.0.1").onnx;
type NodeProto = import("npm:onnx-proto@8.0.1").onnx.INodeProto;
type AttributeProto = import("npm:onnx-proto@8.0.1").onnx.IAttributeProto;
type TensorProto = import("npm:onnx-proto@8.0.1").onnx.ITensorProto;

/** How the file is written. */
export interface OnnxOptions {
  /** Name of the graph. */
  readonly name: string;
  /** Length of a template. */
  readonly templateSize: number;
  /** Whether the output has length 1. */
  readonly normalized: boolean;
}

/** Returns the bytes of an ONNX file: input `[N, 112, 112, 3]` RGB, `(x - 127.5) / 128`, output `[N, templateSize]`. */
export function writeOnnx(
  layers: readonly Layer[],
  parameters: Parameters,
  options: OnnxOptions,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.node("Transpose", ["input"], "planes", [writer.ints("perm", 0, 3, 1, 2)]);
  const last = writer.layers(layers, "planes", parameters);
  const raw = options.normalized ? "flat" : "embedding";
  writer.node("Flatten", [last], raw, [writer.int("axis", 1)]);
  if (options.normalized) {
    writer.node("LpNormalization", [raw], "embedding", [writer.int("axis", 1), writer.int("p", 2)]);
  }
  return writer.bytes(options);
}

class Writer {
  readonly #onnx = (proto as unknown as { onnx: Onnx }).onnx;
  readonly #nodes: NodeProto[] = [];
  readonly #tensors: TensorProto[] = [];

  ints(name: string, ...values: number[]): AttributeProto {
    return { name, type: this.#onnx.AttributeProto.AttributeType.INTS, ints: values };
  }

  int(name: string, value: number): AttributeProto {
    return { name, type: this.#onnx.AttributeProto.AttributeType.INT, i: value };
  }

  node(opType: string, input: string[], output: string, attribute: AttributeProto[] = []): string {
    this.#nodes.push({ opType, input, output: [output], attribute });
    return output;
  }

  tensor(name: string, dims: number[], values: Float32Array): string {
    const flushed = values.map((value) => Math.abs(value) < MIN_WEIGHT ? 0 : value);
    const dataType = this.#onnx.TensorProto.DataType.FLOAT;
    this.#tensors.push({ name, dims, dataType, rawData: new Uint8Array(flushed.buffer) });
    return name;
  }

  layers(layers: readonly Layer[], input: string, parameters: Parameters): string {
    let x = input;
    for (const layer of layers) {
      if (layer.kind === "residual") {
        const body = this.layers(layer.body, x, parameters);
        x = this.node("Add", [body, this.layers(layer.shortcut, x, parameters)], `${body}+`);
        continue;
      }
      const output = `${layer.name}:${layer.kind}`;
      if (layer.kind === "activation") {
        const name = `${layer.name}.slope`;
        const slope = this.tensor(name, [layer.channels, 1, 1], parameters[name]);
        x = this.node("PRelu", [x, slope], output);
      } else if (layer.kind === "convolution") {
        const { name, inputs, outputs, size, stride, padding, depthwise } = layer;
        const dims = [outputs, depthwise ? 1 : inputs, size, size];
        const weight = this.tensor(
          `${name}.weight`,
          dims,
          toOnnx(layer, parameters[`${name}.weight`]),
        );
        const bias = this.tensor(`${name}.bias`, [outputs], parameters[`${name}.bias`]);
        const [before, after] = padding;
        x = this.node("Conv", [x, weight, bias], output, [
          this.ints("kernel_shape", size, size),
          this.ints("strides", stride, stride),
          this.ints("pads", before, before, after, after),
          this.int("group", depthwise ? outputs : 1),
        ]);
      } else {
        const vectors = ["weight", "bias"].map((part) =>
          this.tensor(
            `${layer.name}.${part}`,
            [layer.channels],
            parameters[`${layer.name}.${part}`],
          )
        );
        const zero = this.tensor(
          `${layer.name}.mean`,
          [layer.channels],
          new Float32Array(layer.channels),
        );
        const one = new Float32Array(layer.channels).fill(1);
        const variance = this.tensor(`${layer.name}.variance`, [layer.channels], one);
        // Frozen: mean 0 and variance 1 leave weight and bias; the default epsilon of 1e-5 would not.
        x = this.node("BatchNormalization", [x, ...vectors, zero, variance], output, [
          { name: "epsilon", type: this.#onnx.AttributeProto.AttributeType.FLOAT, f: 0 },
        ]);
      }
    }
    return x;
  }

  bytes({ name, templateSize }: OnnxOptions): Uint8Array<ArrayBuffer> {
    const info = (
      label: string,
      ...sizes: number[]
    ): import("npm:onnx-proto@8.0.1").onnx.IValueInfoProto => ({
      name: label,
      type: {
        tensorType: {
          elemType: this.#onnx.TensorProto.DataType.FLOAT,
          shape: { dim: [{ dimParam: "N" }, ...sizes.map((dimValue) => ({ dimValue }))] },
        },
      },
    });
    const model = this.#onnx.ModelProto.create({
      irVersion: 8,
      producerName: "maskinv",
      opsetImport: [{ domain: "", version: 13 }],
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#tensors,
        input: [info("input", 112, 112, 3)],
        output: [info("embedding", templateSize)],
      },
    });
    return new Uint8Array(this.#onnx.ModelProto.encode(model).finish());
  }
}
