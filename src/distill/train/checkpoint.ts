// The state of a training in one file, written whole or not at all: going on from it gives the same losses as not stopping.
// A line of JSON (padded to four bytes), then the arrays as little-endian floats.

import { ModelError } from "../../base/errors.ts";
import { writeWhole } from "../../base/write_error.ts";

const FORMAT = "maskinv-distill-1";

/** Everything that a training must know to go on. */
export interface Checkpoint {
  /** Steps that were made. */
  readonly step: number;
  /** Hash of the configuration. */
  readonly config: string;
  /** Identities of the data: decides the layout. */
  readonly identities: number;
  /** Numbers of a template; older checkpoints have the network's own. */
  readonly templateSize?: number;
  /** The parameters. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Their running mean. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** What the optimiser remembers. */
  readonly optimizer: readonly Float32Array<ArrayBuffer>[];
  /** The best validation score so far, and at which step. */
  readonly best: { readonly score: number; readonly step: number };
}

/** Writes a checkpoint. */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  const { parameters, mean, optimizer, ...facts } = checkpoint;
  const arrays = [parameters, mean, ...optimizer];
  const head = JSON.stringify({ format: FORMAT, ...facts, lengths: arrays.map((a) => a.length) });
  const line = new TextEncoder().encode(head);
  const padded = Math.ceil((line.length + 1) / 4) * 4;
  const bytes = new Uint8Array(padded + arrays.reduce((sum, a) => sum + a.byteLength, 0));
  bytes.fill(0x20, 0, padded).set(line);
  bytes[padded - 1] = 0x0a;
  let at = padded;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  writeWhole(path, bytes);
}

/**
 * Reads a checkpoint.
 *
 * @throws {ModelError} If the file cannot be read or is no checkpoint.
 */
export function readCheckpoint(path: string): Checkpoint {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw new ModelError(
      `Cannot read checkpoint ${path} as ${(error as Error).message}: check the path`,
      { cause: error },
    );
  }
  const end = bytes.indexOf(0x0a) + 1;
  const { format, lengths, ...facts } = headOf(bytes.subarray(0, end));
  const sound = Array.isArray(lengths) && lengths.length >= 2 &&
    lengths.every((length) => Number.isSafeInteger(length) && length >= 0);
  const total = sound ? lengths.reduce((a, b) => a + b, 0) * 4 : NaN;
  if (format !== FORMAT || bytes.length !== end + total) {
    throw new ModelError(
      `Cannot go on from ${path} as it is no whole checkpoint of ${FORMAT}: give another one`,
    );
  }
  let at = end;
  const [parameters, mean, ...optimizer] = (lengths as number[]).map((length) => {
    const array = new Float32Array(bytes.slice(at, at + length * 4).buffer);
    at += length * 4;
    return array;
  });
  return {
    ...facts as Omit<Checkpoint, "parameters" | "mean" | "optimizer">,
    parameters,
    mean,
    optimizer,
  };
}

function headOf(line: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(new TextDecoder().decode(line)));
  } catch {
    return {};
  }
}
