// What a command is, the options that all commands share, and the reading of arguments.
// Help texts are made from the same table as the parser, so that they cannot disagree.

import { parseArgs } from "@std/cli";
import { InvalidArgumentError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import { DEFAULT_MAX_PIXELS } from "../image/limits.ts";
import { publicName } from "../image/name.ts";
import type { VerifierOptions } from "../verify/options.ts";
import type { Terminal } from "./terminal.ts";

/** One option: a flag if it has no `value`. */
interface Option {
  readonly name: string;
  /** One letter, for `-o`. */
  readonly short?: string;
  readonly value?: string;
  readonly help: string;
}

/** The arguments of a command, read. */
export interface Arguments {
  /** What comes beside the options: photos, or what else the command takes. */
  readonly operands: readonly string[];
  /** The operands as photos: paths, or URL objects for arguments that are URLs; `label` is printed. */
  readonly photos: readonly { readonly label: string; readonly input: ImageInput }[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  /** The text of an option, if it was given. */
  text(name: string): string | undefined;
  /** The number of an option, if it was given. */
  number(name: string): number | undefined;
}

/** A command of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** What it takes beside options, in the plural, and how many. */
  readonly takes: readonly [what: string, least: number, most: number];
  readonly options: readonly Option[];
  /** What its exit codes mean, if more than what all commands' do. */
  readonly exits?: string;
  run(args: Arguments, terminal: Terminal): Promise<number>;
}

/** Options of the commands that make a verifier. */
export const VERIFIER_OPTIONS: readonly Option[] = [
  { name: "device", value: "auto|webgpu|wasm", help: "where to compute (auto)" },
  { name: "max-faces", value: "n", help: "most faces to look at per photo (16)" },
  {
    name: "max-pixels",
    value: "n",
    help: `largest photo to decode, in pixels (${DEFAULT_MAX_PIXELS})`,
  },
  { name: "models", value: "folder", help: "model folder (the package's)" },
  { name: "threads", value: "n", help: "threads of the wasm provider (cores, at most 4)" },
];

/** The option of the commands that print results. */
export const JSON_OPTION: Option = { name: "json", help: "print JSON" };

/** Options of the commands that embed. */
export const EMBEDDING_OPTIONS: readonly Option[] = [
  { name: "face", value: "only|largest|centred", help: "which face of a photo is meant (only)" },
  { name: "model", value: "name", help: "embedding model in the manifest (student)" },
  {
    name: "variant",
    value: "uint8|fp16",
    help: "a smaller form of the model, with its own thresholds",
  },
  { name: "mirror", help: "add the mirror image's embedding: more accurate, slower" },
  ...VERIFIER_OPTIONS,
];

/** The help text of a command. */
export function helpOf(command: Command): string {
  const lines = command.options.map(({ name, short, value, help }) => {
    const names = short ? `-${short}, --${name}` : `--${name}`;
    return `  ${`${names}${value ? ` <${value}>` : ""}`.padEnd(32)} ${help}`;
  });
  return `${command.summary}\n\nUsage: deno run -A cli.ts ${command.usage}\n\nOptions:\n${
    lines.join("\n")
  }\n  --help${command.exits ? `\n\nExit codes: ${command.exits}.` : ""}`;
}

/** Reads arguments; an unknown option, a missing value or a wrong number of photos is an error. */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const { options } = command;
  const unknown: string[] = [];
  const parsed = parseArgs([...args], {
    string: ["_", ...options.filter((option) => option.value).map((option) => option.name)],
    boolean: options.filter((option) => !option.value).map((option) => option.name),
    alias: Object.fromEntries(
      options.flatMap(({ name, short }) => short ? [[name, short]] : []),
    ),
    unknown: (arg: string) => {
      if (arg.startsWith("-") && arg !== "-") unknown.push(arg);
    },
  });
  if (unknown.length > 0) {
    throw new InvalidArgumentError(
      `There is no option ${unknown[0]} of ${command.name}: see ${command.name} --help`,
    );
  }
  const operands = parsed._;
  const [what, least, most] = command.takes;
  if (operands.length < least || operands.length > most) {
    throw new InvalidArgumentError(
      `Cannot ${command.name} ${operands.length} ${what}: usage is ${command.usage}`,
    );
  }
  const text = (name: string): string | undefined => {
    const value: unknown = parsed[name];
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw new InvalidArgumentError(`Option --${name} has no value: see ${command.name} --help`);
  };
  return {
    operands,
    photos: operands.map((text) => ({ label: publicName(text), input: toInput(text) })),
    flag: (name) => parsed[name] === true,
    text,
    number: (name) => {
      const value = text(name);
      if (value === undefined) return undefined;
      if (Number.isFinite(Number(value))) return Number(value);
      throw new InvalidArgumentError(`Option --${name} is "${value}": give a number`);
    },
  };
}

/** An argument that is a URL is fetched, as the user asked for it; anything else is a path. */
function toInput(argument: string): ImageInput {
  return /^(https?|file|data):/.test(argument) && URL.canParse(argument)
    ? new URL(argument)
    : argument;
}

/** The verifier options that the shared options ask for. The verifier checks their values. */
export function verifierOptions(args: Arguments): VerifierOptions {
  const given = {
    device: args.text("device"),
    maxFaces: args.number("max-faces"),
    maxPixels: args.number("max-pixels"),
    models: args.text("models"),
    threads: args.number("threads"),
    face: args.text("face"),
    model: args.text("model"),
    variant: args.text("variant"),
    mirror: args.flag("mirror"),
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as VerifierOptions;
}
