// What `deno task bench:gpu` writes: one file per machine, from which the table of docs/devices.md is made.

/** The form of the file; files of another form are refused. */
export const FORM = 1;

/** Milliseconds of one task on one device. */
export interface Times {
  readonly median: number;
  readonly fastest: number;
}

/** One task on both devices, in turn. */
export interface Measurement {
  readonly task: string;
  /** How many photos, templates or crops the task is about. */
  readonly count: number;
  /** Rounds after the warm-up. */
  readonly rounds: number;
  readonly webgpu: Times;
  readonly wasm: Times;
  /** Bytes that the task has to read at least, where that bounds it: with the time they give a bandwidth. */
  readonly bytes?: number;
}

/** A run. */
export interface GpuResult {
  readonly form: typeof FORM;
  readonly date: string;
  readonly adapter: {
    readonly name: string;
    /** Whether it computes on the CPU: its times say nothing of GPUs. */
    readonly software: boolean;
  };
  readonly machine: {
    readonly system: string;
    readonly cores: number;
    /** Of one minute as the run began: above 1 other programs took part of the machine. */
    readonly load: number;
  };
  readonly versions: Readonly<Record<string, string>>;
  /** Whether sizes and rounds were made small, to see that it runs. */
  readonly small: boolean;
  readonly measurements: readonly Measurement[];
}

/** Checks what was read from a file; throws an error that names it. */
export function checkResult(value: unknown, file: string): GpuResult {
  const result = value as Partial<GpuResult> | null;
  if (
    typeof result !== "object" || result?.form !== FORM || !result.adapter ||
    !Array.isArray(result.measurements)
  ) {
    throw new Error(
      `Cannot use ${file} as it is no result of \`deno task bench:gpu\`: run it again`,
    );
  }
  return result as GpuResult;
}
