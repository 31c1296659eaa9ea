// Runs of a network whose commands onnxruntime recorded and gives the device again: no uniforms to write, no bind groups to
// make, which is more than half of what a run asks of the host. A recording is for one shape of the input, and reads
// and writes buffers of its own.

import type { InferenceSession, Tensor } from "npm:onnxruntime-web@1.30.0";
import type { NetworkEntry, NetworkSource } from "../network.ts";
import { createSession, type Ort } from "../ort.ts";
import type { GpuContext } from "./context.ts";
import type { GpuBlock } from "./memory.ts";

/** By how much a replay may differ from the run that it stands for, as a share of the largest number. */
const MAX_DIFFERENCE = 1e-4;

/** A buffer that a recording is bound to. */
interface Bound {
  readonly buffer: GPUBuffer;
  readonly tensor: Tensor;
  readonly shape: readonly number[];
}

/** A recorded run. */
export class CapturedRun {
  readonly #context: GpuContext;
  readonly #entry: NetworkEntry;
  readonly #session: InferenceSession;
  readonly #input: Bound;
  readonly #outputs: readonly Bound[];

  private constructor(
    context: GpuContext,
    entry: NetworkEntry,
    session: InferenceSession,
    input: Bound,
    outputs: readonly Bound[],
  ) {
    this.#context = context;
    this.#entry = entry;
    this.#session = session;
    this.#input = input;
    this.#outputs = outputs;
  }

  /**
   * Records a run, within a turn of onnxruntime. Versions of onnxruntime replayed what they had recorded with the input of
   * then: it is recorded with zeros, replayed with this input, and refused unless that gives `expected`.
   */
  static async record(
    context: GpuContext,
    ort: Ort,
    { entry, bytes }: NetworkSource,
    sizes: Readonly<Record<string, number>>,
    input: GpuBlock,
    expected: readonly GpuBlock[],
  ): Promise<CapturedRun | undefined> {
    const session = await createSession(ort, bytes, {
      executionProviders: [{ name: "webgpu", device: context.gpu.device }],
      preferredOutputLocation: "gpu-buffer",
      enableGraphCapture: true,
      freeDimensionOverrides: sizes,
      // What cannot be recorded is run as before, which is nothing to tell.
      logSeverityLevel: 4,
    });
    const bind = (shape: readonly number[]): Bound => bound(context, ort, shape);
    const run = new CapturedRun(
      context,
      entry,
      session,
      bind(input.shape),
      expected.map(({ shape }) => bind(shape)),
    );
    try {
      await run.#replay();
      const made = await run.run(input);
      using stack = new DisposableStack();
      for (const block of made) stack.use(block);
      const values = await context.readBack.read([...made, ...expected]);
      const numbers = values.map((value) => new Float32Array(value));
      const same = made.every((_, i) => isSame(numbers[i], numbers[made.length + i]));
      if (same) return run;
    } catch (error) {
      await run.release();
      throw error;
    }
    await run.release();
    return undefined;
  }

  /** Runs the network, within a turn of onnxruntime; the outputs in the order of its entry. */
  async run(input: GpuBlock): Promise<GpuBlock[]> {
    this.#copy([[input.buffer, this.#input.buffer, input.byteLength]]);
    await this.#replay();
    const blocks = this.#outputs.map(({ shape }) => this.#context.allocate(shape, [input]));
    this.#copy(
      blocks.map(({ buffer, byteLength }, i) => [this.#outputs[i].buffer, buffer, byteLength]),
    );
    return blocks;
  }

  /** Ends it, within a turn of onnxruntime. */
  async release(): Promise<void> {
    for (const { buffer } of [this.#input, ...this.#outputs]) buffer.destroy();
    await this.#session.release();
  }

  async #replay(): Promise<void> {
    const { inputName, outputs } = this.#entry;
    const fetches = Object.fromEntries(
      outputs.map((name, i) => [name, this.#outputs[i].tensor]),
    );
    await this.#session.run({ [inputName]: this.#input.tensor }, fetches);
  }

  #copy(copies: readonly (readonly [from: GPUBuffer, to: GPUBuffer, byteLength: number])[]): void {
    const { device } = this.#context.gpu;
    const encoder = device.createCommandEncoder({ label: "captured run" });
    for (const [from, to, byteLength] of copies) {
      encoder.copyBufferToBuffer(from, 0, to, 0, byteLength);
    }
    device.queue.submit([encoder.finish()]);
  }
}

function bound({ gpu }: GpuContext, ort: Ort, shape: readonly number[]): Bound {
  const length = shape.reduce((product, size) => product * size, 1);
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = gpu.device.createBuffer({
    label: "captured run",
    // onnxruntime's buffers are multiples of 16 bytes.
    size: Math.ceil(length / 4) * 16,
    usage: STORAGE | COPY_SRC | COPY_DST,
  });
  const tensor = ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: [...shape] });
  return { buffer, tensor, shape };
}

function isSame(actual: Float32Array, expected: Float32Array): boolean {
  const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return actual.length === expected.length &&
    actual.every((value, i) => Math.abs(value - expected[i]) <= MAX_DIFFERENCE * most);
}
