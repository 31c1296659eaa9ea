// Which runs of a network are recorded: those of shapes that come again and again, up to a bound of memory.

import type { InferenceSession } from "npm:onnxruntime-web@1.30.0";
import type { NetworkSource } from "../network.ts";
import type { Ort } from "../ort.ts";
import { CapturedRun } from "./captured_run.ts";
import type { GpuContext } from "./context.ts";
import type { GpuBlock } from "./memory.ts";

/** From this run of a shape on; those before warm up, and most processes that embed one photo have no more. */
const RECORDED_AT = 3;
/** Each has the weights and all that lies between layers once more. */
const MAX_RECORDINGS = 4, MAX_NUMBERS = 2 * 3 * 320 * 320;

/** The recordings of one network. */
export class Recordings {
  readonly #context: GpuContext;
  readonly #source: () => Promise<NetworkSource>;
  readonly #seen = new Map<string, number>();
  /** By the shape of the input; of those that cannot be recorded it holds nothing. */
  readonly #runs = new Map<string, CapturedRun | undefined>();

  /** `source` gives the network as its session has it. */
  constructor(context: GpuContext, source: () => Promise<NetworkSource>) {
    this.#context = context;
    this.#source = source;
  }

  /** The recording for inputs of this shape, if there is one. */
  of({ shape }: GpuBlock): CapturedRun | undefined {
    return this.#runs.get(shape.join());
  }

  /** To be told of a run without a recording, within its turn of onnxruntime: makes one if it is time. */
  async note(
    ort: Ort,
    session: InferenceSession,
    input: GpuBlock,
    outputs: readonly GpuBlock[],
  ): Promise<void> {
    const key = input.shape.join(), times = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, times);
    if (times < RECORDED_AT || this.#runs.has(key) || this.#runs.size >= MAX_RECORDINGS) return;
    const sizes = freeSizes(session, input.shape);
    if (!sizes || input.byteLength > MAX_NUMBERS * 4) return;
    this.#runs.set(key, undefined);
    try {
      const source = await this.#source();
      const run = await CapturedRun.record(this.#context, ort, source, sizes, input, outputs);
      this.#runs.set(key, run);
    } catch {
      // What cannot be recorded runs as before; a device that was lost meanwhile is another matter.
      this.#context.assertAlive();
    }
  }

  /** Ends all of them, within a turn of onnxruntime. */
  async release(): Promise<void> {
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    for (const run of runs) await run?.release();
  }
}

/** The sizes that a network's file leaves open, by the names that it gives them; none if one has no name. */
function freeSizes(
  { inputMetadata: [input] }: InferenceSession,
  shape: readonly number[],
): Record<string, number> | undefined {
  if (!input?.isTensor || input.shape.length !== shape.length) return undefined;
  const open = input.shape.flatMap((size, i) =>
    typeof size === "string" ? [[size, shape[i]] as const] : []
  );
  return open.every(([name]) => name !== "") ? Object.fromEntries(open) : undefined;
}
