// Opens a checkpoint: reads its pickle, finds the network, and is ready to write it as ONNX.
// What the file does not say is taken from the training code that wrote its kind: epsilons and the form of the pixels.

import type { TensorSpec } from "../runtime/tensor_spec.ts";
import { CheckpointError, InvalidArgumentError } from "../base/errors.ts";
import { fileSource, memorySource } from "../pickle/source.ts";
import { findNetwork } from "./find.ts";
import { buildEdgeNext } from "./network/edgenext.ts";
import { buildIresnet } from "./network/iresnet.ts";
import { buildMobileFaceNet } from "./network/mobilefacenet.ts";
import { torchNames } from "./mxnet/names.ts";
import { isMxnet, readMxnet } from "./mxnet/read.ts";
import { INPUT, writeOnnx } from "./onnx/write.ts";
import { isSafetensors, readSafetensors } from "./safetensors/read.ts";
import { readTorch } from "./torch/read.ts";

/** What of a checkpoint is opened. */
export interface CheckpointOptions {
  /**
   * Which network, if the file has several: the keys of its dictionaries joined by `.`, then `/` and the prefix of the
   * names, if there is one.
   */
  readonly key?: string;
  /**
   * What norms add to variances, above 0, at most 1; by default 1e-5, for MagFace's and MXNet's 2e-5, for EdgeFace's
   * layer norms 1e-6.
   */
  readonly epsilon?: number;
  /** What messages call the checkpoint; by default its path. */
  readonly label?: string;
}

/** How a checkpoint's network is written. */
export interface OnnxOptions {
  /** Whether templates have length 1; by default EdgeFace's have and others' not, as verifiers bring them to it. */
  readonly normalized?: boolean;
  /** Whether convolutions' weights are stored as float16: half the size; false by default. */
  readonly fp16?: boolean;
}

/** A network that was found in a checkpoint. The file stays open until it is disposed of. */
export interface Checkpoint extends Disposable {
  /** The network, as `iresnet100`, `iresnet50-se`, `mobilefacenet` or `edgeface-xs`. */
  readonly network: string;
  /** Whose training code names its tensors so; where that is not sure, `"insightface"`. */
  readonly family: "insightface" | "magface" | "edgeface";
  /** Where the network is in the file, as {@linkcode CheckpointOptions.key}. */
  readonly key: string;
  /** Numbers of a template. */
  readonly templateSize: number;
  /** What norms add to variances. */
  readonly epsilon: number;
  /** How the network wants its pixels, as the family's training code gave them. */
  readonly input: TensorSpec;
  /**
   * The ONNX file in pieces, of which one at a time is in memory: input `input` `[N, 3, 112, 112]`, output `embedding`
   * `[N, templateSize]`, for any N.
   *
   * @throws {CheckpointError} If a weight is no finite number, or too large for float16.
   */
  onnx(options?: OnnxOptions): Iterable<Uint8Array<ArrayBuffer>>;
}

const BUILDERS = {
  iresnet: buildIresnet,
  mobilefacenet: buildMobileFaceNet,
  edgenext: buildEdgeNext,
} as const;

/** insightface's, ElasticFace's, MaskInv's and EdgeFace's pixels; MagFace's. */
const INSIGHTFACE_INPUT: TensorSpec = {
  size: 112,
  layout: "NCHW",
  color: "RGB",
  mean: [127.5, 127.5, 127.5],
  scale: [127.5, 127.5, 127.5],
};
const MAGFACE_INPUT: TensorSpec = {
  ...INSIGHTFACE_INPUT,
  color: "BGR",
  mean: [0, 0, 0],
  scale: [255, 255, 255],
};
/** The MXNet networks did this themselves, as their first two layers. */
const MXNET_INPUT: TensorSpec = { ...INSIGHTFACE_INPUT, scale: [128, 128, 128] };

/**
 * Opens a checkpoint of PyTorch (`torch.save`, both formats; or safetensors) and finds the network in it by the names and shapes of its
 * tensors. Nothing of the file is run: it is read as data, and what is no data is refused.
 *
 * Networks: iResNet of any depth (insightface's arcface_torch, ElasticFace, MaskInv; with squeeze-and-excitation;
 * MagFace), insightface's MobileFaceNet and EdgeFace (timm's EdgeNeXt of any width, also with pairs of Linear layers of
 * low rank or dynamically quantised to int8), in float16, bfloat16, float32 or float64, wrapped in dictionaries and
 * prefixes as training scripts do.
 *
 * @param input A path (of any size; only what is asked for is read), or the bytes.
 * @param options See {@linkcode CheckpointOptions}.
 * @returns The network, ready to be written as ONNX.
 * @throws {CheckpointError} If the file cannot be read, is cut short or corrupt, has anything but data and tensors, or
 * has no network that maskinv knows, or several.
 * @throws {InvalidArgumentError} If an option is out of range, or there is no network at the key.
 *
 * @example
 * ```ts ignore
 * import { openCheckpoint } from "@maskinv/maskinv/convert";
 *
 * using checkpoint = await openCheckpoint("295672backbone.pth");
 * console.log(checkpoint.network, checkpoint.templateSize); // "iresnet100", 512
 * ```
 *
 * @example What is no checkpoint is refused
 * ```ts
 * import { openCheckpoint } from "@maskinv/maskinv/convert";
 *
 * await openCheckpoint(new Uint8Array(8)).catch((error) => console.log(error.name)); // "CheckpointError"
 * ```
 */
export async function openCheckpoint(
  input: string | Uint8Array,
  options: CheckpointOptions = {},
): Promise<Checkpoint> {
  const { epsilon: givenEpsilon, key: wantedKey } = options;
  if (givenEpsilon !== undefined && !(givenEpsilon > 0 && givenEpsilon <= 1)) {
    throw new InvalidArgumentError(
      `Cannot convert with epsilon ${givenEpsilon}: give a number above 0, at most 1, such as 1e-5`,
    );
  }
  const isPath = typeof input === "string";
  const label = options.label ?? (isPath ? input : "the checkpoint");
  const source = isPath ? await fileSource(input, CheckpointError) : memorySource(input);
  try {
    const fromMxnet = isMxnet(source);
    const saved = fromMxnet
      ? torchNames(readMxnet(source, label))
      : isSafetensors(source)
      ? new Map(readSafetensors(source, label))
      : readTorch(source, label);
    const { key, prefix, weights, kind } = findNetwork(saved, label, wantedKey);
    const isMagface = kind === "iresnet" && /(^|\.)features\.(module\.)?$/.test(prefix);
    const isEdgeface = kind === "edgenext";
    const epsilon = givenEpsilon ?? (isEdgeface ? 1e-6 : isMagface || fromMxnet ? 2e-5 : 1e-5);
    const { network, templateSize, graph, output, flat = false } = BUILDERS[kind](
      weights,
      epsilon,
      INPUT,
    );
    weights.checkAllUsed(network);
    const spec = isMagface ? MAGFACE_INPUT : fromMxnet ? MXNET_INPUT : INSIGHTFACE_INPUT;
    const family = isEdgeface ? "edgeface" : isMagface ? "magface" : "insightface";
    return {
      network,
      family,
      key,
      templateSize,
      epsilon,
      input: spec,
      onnx: ({ normalized = isEdgeface, fp16 = false } = {}) =>
        writeOnnx(graph, output, {
          name: network,
          templateSize,
          size: spec.size,
          normalized,
          flat,
          fp16,
          metadata: { network, family, input: JSON.stringify(spec), epsilon: String(epsilon) },
        }),
      [Symbol.dispose]: () => source[Symbol.dispose](),
    };
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}
