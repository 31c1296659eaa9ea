// onnxruntime on the device of the kernels: blocks go in and come out as GPU buffers, without a copy.
// Everything that enters onnxruntime takes its turn, and its errors are traced to what the device went through.

import type { InferenceSession, Tensor } from "npm:onnxruntime-web@1.30.0";
import { DisposedError, MaskinvError } from "../../base/errors.ts";
import type { Network, NetworkSource } from "../network.ts";
import { createSession, inTurn, type Ort } from "../ort.ts";
import type { GpuContext } from "./context.ts";
import type { Mark } from "./error_journal.ts";
import { GpuBlock, type GpuMemory } from "./memory.ts";
import { Recordings } from "./recordings.ts";

/** A network on the GPU. */
export class GpuNetwork implements Network {
  readonly owner: object;
  readonly model: NetworkSource;
  readonly recordings: Recordings;
  #session: InferenceSession | undefined;

  constructor(
    owner: object,
    model: NetworkSource,
    session: InferenceSession,
    recordings: Recordings,
  ) {
    this.owner = owner;
    this.model = model;
    this.recordings = recordings;
    this.#session = session;
  }

  get session(): InferenceSession {
    if (this.#session) return this.#session;
    throw new DisposedError(
      `Cannot run ${this.model.entry.file} as the network was disposed of: load it again`,
    );
  }

  get disposed(): boolean {
    return !this.#session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    await inTurn(async () => {
      await this.recordings.release();
      await session.release();
    });
  }
}

/** The networks of one device. */
export class GpuNetworks implements AsyncDisposable {
  readonly #context: GpuContext;
  readonly #ort: () => Promise<Ort>;
  readonly #recordRuns: boolean;
  #networks: GpuNetwork[] = [];

  constructor(context: GpuContext, ort: () => Promise<Ort>, recordRuns: boolean) {
    this.#context = context;
    this.#ort = ort;
    this.#recordRuns = recordRuns;
  }

  /** Prepares a network; its entry says in which form it takes pictures here. */
  async load(given: NetworkSource): Promise<GpuNetwork> {
    const model = await leanSource(given);
    const session = await this.#inOrt(
      `load ${model.entry.file}`,
      [],
      (_, ort) =>
        createSession(ort, model.bytes, {
          executionProviders: [{ name: "webgpu", device: this.#context.gpu.device }],
          preferredOutputLocation: "gpu-buffer",
          // Below errors it tells that sizes of maps are computed on the CPU, where they belong.
          logSeverityLevel: 3,
        }),
    );
    // The bytes are onnxruntime's now; those of the file stay for who asks.
    const source = { entry: model.entry, bytes: given.bytes };
    const recordings = new Recordings(this.#context, () => leanSource(given));
    const network = new GpuNetwork(this.#context, source, session, recordings);
    this.#networks = [...this.#networks.filter((known) => !known.disposed), network];
    return network;
  }

  /** Runs a network; the outputs in the order of its entry. */
  async run(network: GpuNetwork, input: GpuBlock): Promise<GpuBlock[]> {
    const { file, inputName, outputs } = network.model.entry;
    return await this.#inOrt(`run ${file}`, [input], async (mark, ort) => {
      const { session, recordings } = network, recorded = recordings.of(input);
      if (recorded) return await recorded.run(input);
      const tensor = ort.Tensor.fromGpuBuffer(input.buffer, {
        dataType: "float32",
        dims: [...input.shape],
      });
      const results = await session.run({ [inputName]: tensor }, [...outputs]);
      const blocks = outputs.map((name) => this.#adopt(results[name], mark));
      if (this.#recordRuns) await recordings.note(ort, session, input, blocks);
      return blocks;
    });
  }

  /** Gives onnxruntime the device for one task, and finds out what its errors mean. */
  async #inOrt<T>(
    what: string,
    inputs: readonly GpuBlock[],
    task: (mark: Mark, ort: Ort) => Promise<T>,
  ): Promise<T> {
    const { journal } = this.#context;
    const ort = await this.#ort();
    return await inTurn(async () => {
      this.#context.assertAlive();
      const mark = journal.open(inputs.map((input) => input.mark));
      try {
        return await task(mark, ort);
      } catch (error) {
        if (error instanceof MaskinvError) throw error;
        throw await journal.explain(`Cannot ${what}`, error, mark);
      } finally {
        journal.close(mark);
      }
    });
  }

  /** Returns a block over an output of onnxruntime, whose buffer goes back to onnxruntime. */
  #adopt(tensor: Tensor, mark: Mark): GpuBlock {
    const release = (memory: GpuMemory): void => {
      this.#context.disown(memory);
      // Between two runs, as the provider must not be entered while one is under way. Nothing is lost when it fails:
      // the device is gone then, and its memory with it.
      inTurn(() => Promise.resolve(tensor.dispose())).catch(() => {});
    };
    const init = {
      owner: this.#context,
      buffer: tensor.gpuBuffer as GPUBuffer,
      byteLength: tensor.size * Float32Array.BYTES_PER_ELEMENT,
      mark,
      release,
    };
    return this.#context.adopt(new GpuBlock(init, tensor.dims));
  }

  /** Releases the sessions of all networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#networks.map((network) => network[Symbol.asyncDispose]()));
    this.#networks = [];
  }
}

/** The network with fewer dispatches. Only hosts with a GPU import what rewrites graphs. */
async function leanSource({ entry, bytes: given }: NetworkSource): Promise<NetworkSource> {
  if (entry.input.layout !== "NCHW") return { entry, bytes: given };
  const { forWebgpu } = await import("../../onnx/webgpu/mod.ts");
  const { bytes, inputLast, outputsLast } = forWebgpu(given, entry.inputName);
  const input = inputLast ? { ...entry.input, layout: "NHWC" as const } : entry.input;
  return { entry: { ...entry, input, ...outputsLast && { maps: "NHWC" } }, bytes };
}
