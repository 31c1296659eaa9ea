// What a command is, the options that all commands share, and the reading of arguments.
// Help texts are made from the same table as the parser, so that they cannot disagree.

import { parseArgs } from "@std/cli";
import { counted } from "../base/counted.ts";
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
  readonly usage: string;
  /** What it takes beside options, in the singular and the plural, and how many. */
  readonly takes: readonly [
    what: readonly [one: string, many: string],
    least: number,
    most: number,
  ];
  readonly options: readonly Option[];
  /** What its exit codes mean, if more than what all commands' do. */
  readonly exits?: string;
  run(args: Arguments, terminal: Terminal): Promise<number>;
}

/** Options of the commands that make a verifier. */
export const VERIFIER_OPTIONS: readonly Option[] = [
  { name: "device", value: "auto|webgpu|wasm", help: "where to compute (auto)" },
  { name: "max-faces", value: "n", help: "most faces to look at per photo (256)" },
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
  {
    name: "min-similarity",
    value: "0..1",
    help: "least expected similarity of a face that is compared (the model's floor)",
  },
  { name: "mirror", help: "add the mirror image's embedding: more accurate, slower" },
  ...VERIFIER_OPTIONS,
];

/** The help text of a command. */
export function helpOf(summary: string, command: Command): string {
  const lines = command.options.map(({ name, short, value, help }) => {
    const names = short ? `-${short}, --${name}` : `--${name}`;
    return `  ${`${names}${value ? ` <${value}>` : ""}`.padEnd(32)} ${help}`;
  });
  return `${summary}\n\nUsage: deno run -A cli.ts ${command.usage}\n\nOptions:\n${
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
      `There is no option ${unknown[0]} of ${command.name}: ${insteadOf(unknown[0], command)}`,
    );
  }
  const operands = parsed._;
  if (operands.filter((operand) => operand === "-").length > 1) {
    throw new InvalidArgumentError(
      "Cannot read two photos from the standard input: give one as a file",
    );
  }
  const [what, least, most] = command.takes;
  if (operands.length < least || operands.length > most) {
    throw new InvalidArgumentError(
      `Cannot ${command.name} ${counted(operands.length, ...what)}: usage is ${command.usage}`,
    );
  }
  const text = (name: string): string | undefined => {
    const value: unknown = parsed[name];
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw new InvalidArgumentError(`Option --${name} has no value: see ${command.name} --help`);
  };
  let photos: Arguments["photos"] | undefined;
  return {
    operands,
    get photos(): Arguments["photos"] {
      return photos ??= operands.map((text) => ({ label: publicName(text), input: toInput(text) }));
    },
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

/** What to do in the place of an option that there is not. */
function insteadOf(given: string, { name, options }: Command): string {
  const text = given.replace(/^-+/, "").replace(/=.*/, "");
  const names = options.map((option) => option.name);
  if (text === "type" && names.includes("kind")) return "its name is --kind";
  const [nearest] = names.map((name) => ({ name, distance: editDistance(text, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  const help = `see ${name} --help`;
  return nearest ? `did you mean --${nearest.name}? Or ${help}` : help;
}

/** How many letters must be put in, taken out or changed to make one text of another (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

/** The largest photo that is taken from the standard input, in bytes. */
const MAX_STANDARD_INPUT = 256 * 2 ** 20;

/** The bytes of the standard input, to its end. */
function readStandardInput(): Uint8Array {
  const parts: Uint8Array[] = [], part = new Uint8Array(65536);
  let length = 0;
  for (let count; (count = Deno.stdin.readSync(part)) !== null; length += count) {
    if (length + count > MAX_STANDARD_INPUT) {
      throw new InvalidArgumentError(
        `Cannot read more than ${MAX_STANDARD_INPUT} bytes of the standard input: give a smaller photo`,
      );
    }
    parts.push(part.slice(0, count));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A dash is the standard input; a URL is fetched, as the user asked for it; anything else is a path. */
function toInput(argument: string): ImageInput {
  if (argument === "-") return readStandardInput();
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
    minSimilarity: args.number("min-similarity"),
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as VerifierOptions;
}
