// The configuration of a training, as the JSON files of src/distill/configs have it.
// Checked as a whole before anything starts: a typing error must not cost a night.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { DataOptions } from "../data/data.ts";
import type { LossOptions } from "../loss/loss.ts";
import { checkLoss, isRate } from "./config_loss.ts";
import { STUDENT_NETWORKS, type StudentName } from "../networks.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import type { Schedule } from "./schedule.ts";

/** A training. */
export interface DistillConfig {
  /** Folder of the shards that `prepare` made. */
  readonly data: string;
  /** How samples are drawn from them. */
  readonly samples?: DataOptions;
  /** The student. */
  readonly network: StudentName;
  /** Numbers of its templates, which must be the teacher's; by default 192 of MobileFaceNet, 512 of the others. */
  readonly templateSize?: number;
  /**
   * What to start from: an ONNX file or checkpoint, or `folder#name` of a model folder (`#name` of the package's), all of
   * the same network; chance weights if not given. Of networks that want other pixels the first layer is changed to want a
   * student's; the last one begins by chance if its templates are of another length.
   */
  readonly start?: string;
  /** What is minimised. */
  readonly loss: LossOptions;
  /** How. */
  readonly optimizer: OptimizerOptions;
  /** The learning rate over the steps. */
  readonly schedule: Schedule;
  /** Samples per step, over all workers. */
  readonly batch: number;
  /** Steps in all. */
  readonly steps: number;
  /** Share of the running mean of the weights that is kept per step; the mean is what is exported. */
  readonly average: number;
  /** Steps between validations. */
  readonly validateEvery: number;
  /** Photos of the validation split that are looked at each time. */
  readonly validatePhotos: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Where log, curve, checkpoints and student go. */
  readonly out: string;
}

/** Longer templates are a typing error. */
const MAX_NUMBERS = 4096;

const NUMBERS = [
  "batch",
  "steps",
  "average",
  "validateEvery",
  "validatePhotos",
  "checkpointEvery",
] as const;

/**
 * Checks a configuration.
 *
 * @param value What the JSON file has.
 * @param label The file's name, for messages.
 * @returns The same, with what the loss does not say filled in.
 * @throws {InvalidArgumentError} If something is missing or not what it should be.
 *
 * @example
 * ```ts
 * import { checkConfig } from "@maskinv/maskinv/distill";
 *
 * const text = Deno.readTextFileSync("src/distill/configs/student.json");
 * console.log(checkConfig(JSON.parse(text), "student.json").network); // "edgenext"
 * ```
 */
export function checkConfig(value: unknown, label: string): DistillConfig {
  const config = value as Partial<DistillConfig>;
  const check = (ok: boolean, what: string): void => {
    if (!ok) {
      throw new InvalidArgumentError(`Cannot train by ${label} as ${what}: correct the file`);
    }
  };
  check(typeof value === "object" && value !== null, "it holds no object");
  check(typeof config.data === "string", `"data" is not the path of a folder`);
  check(typeof config.out === "string", `"out" is not the path of a folder`);
  check(
    STUDENT_NETWORKS.includes(config.network as StudentName),
    `"network" is "${config.network}" and not one of ${STUDENT_NETWORKS.join(", ")}`,
  );
  const size = config.templateSize ?? 1, { start } = config;
  check(
    Number.isInteger(size) && size >= 1 && size <= MAX_NUMBERS,
    `"templateSize" is ${size} and not a whole number from 1 to ${MAX_NUMBERS}`,
  );
  check(start === undefined || typeof start === "string", `"start" is not the path of a file`);
  for (const name of NUMBERS) {
    const number = config[name];
    const whole = name === "average" || Number.isInteger(number);
    check(typeof number === "number" && number > 0 && whole, `"${name}" is ${number}`);
  }
  check(config.average! < 1, `"average" is ${config.average} and not below 1`);
  const { optimizer, schedule } = config, loss = checkLoss(config.loss, check);
  const kind: string | undefined = optimizer?.kind;
  check(kind === "sgd" || kind === "adamw", `"optimizer.kind" is ${kind} and not sgd or adamw`);
  const { rate, decay, clip } = optimizer!;
  const momentum = optimizer!.kind === "sgd" ? optimizer!.momentum : 0;
  check([rate, decay, clip, momentum].every(isRate), `"optimizer" lacks a number`);
  if (schedule?.kind === "stairs") {
    check(
      Array.isArray(schedule.at) && isRate(schedule.factor),
      `"schedule" lacks "at" or "factor"`,
    );
  } else {
    check(schedule?.kind === "cosine", `"schedule.kind" is not cosine or stairs`);
    check(isRate((schedule as { warmUp?: number }).warmUp), `"schedule.warmUp" is not a number`);
  }
  return { ...config, loss } as DistillConfig;
}

/** SHA-256 of what decides about the numbers of a training: a checkpoint goes on under the same only. */
export async function configHash(config: DistillConfig): Promise<string> {
  const { data, samples, network, templateSize, start, loss, optimizer, schedule } = config;
  const { batch, steps, average } = config;
  return await hashOf(
    // deno-fmt-ignore
    { data, samples, network, templateSize, start, loss, optimizer, schedule, batch, steps, average },
  );
}

/** SHA-256 of values, whatever the order of their names. */
export async function hashOf(values: object): Promise<string> {
  const text = JSON.stringify(
    values,
    (_, value) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
