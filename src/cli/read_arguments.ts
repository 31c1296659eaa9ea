// Reads the arguments of a command by its options. All values are checked here, before anything is loaded or opened.

import { counted } from "../base/counted.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { publicName } from "../image/name.ts";
import { parseArgs } from "../std/cli.ts";
import type { Arguments, Command, Operands, PhotoArgument } from "./command.ts";
import { nearestName } from "./nearest_name.ts";
import { type Option, type OptionValue, placeholderOf, readValue } from "./option.ts";
import { readStandardInput } from "./standard_input.ts";
import { usageOf } from "./usage.ts";

/**
 * Reads arguments.
 *
 * @throws {InvalidArgumentError} If an option is unknown, lacks its value or has none that it takes, if one of a file is given twice or one is missing
 *     that the command does not do without, or if the number of operands is wrong.
 */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const { options } = command;
  const values = new Map<string, OptionValue>(), texts = new Map<string, string>();
  const flags = new Set<string>();
  const { given, unknown } = parse(options, args);
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `There is no option ${unknown} of ${command.name}: ${insteadOf(unknown, command)}`,
    );
  }
  for (const option of options) {
    const value = given[option.name];
    if (option.kind === "flag") {
      if (value === true) flags.add(option.name);
    } else if (value !== undefined) {
      if (option.kind === "file") checkOnce(option, args);
      const text = textOf(value, option, command);
      texts.set(option.name, text);
      values.set(option.name, readValue(option, text));
    }
  }
  const [action, operands] = readOperands(command, given._);
  checkTogether(command, action, (name) => flags.has(name) ? true : values.get(name));
  const valueOf = <T extends OptionValue>(name: string): T | undefined =>
    values.get(name) as T | undefined;
  let photos: readonly PhotoArgument[] | undefined;
  return {
    action,
    operands,
    get photos(): readonly PhotoArgument[] {
      return photos ??= operands.map(photoOf);
    },
    flag: (name) => flags.has(name),
    given: (name) => texts.get(name),
    text: valueOf,
    number: valueOf,
    numbers: valueOf,
    choice: valueOf,
    choices: valueOf,
  };
}

/** What stands in the arguments, and the first option that is none of the command's. */
function parse(
  options: readonly Option[],
  args: readonly string[],
): { given: Record<string, unknown> & { _: string[] }; unknown: string | undefined } {
  const unknown: string[] = [];
  const namesOf = (isFlag: boolean): string[] =>
    options.filter(({ kind }) => (kind === "flag") === isFlag).map(({ name }) => name);
  const given = parseArgs([...args], {
    string: ["_", ...namesOf(false)],
    boolean: namesOf(true),
    alias: Object.fromEntries(options.flatMap(({ name, short }) => short ? [[name, short]] : [])),
    unknown: (arg: string, key?: string) => {
      // Operands have no key, also those after `--` that begin with a dash.
      if (key !== undefined) unknown.push(arg);
    },
  });
  return { given, unknown: unknown[0] };
}

/** Of two files only the last would count, and nobody would see that the other is not written or read. */
function checkOnce({ name, short }: Option, args: readonly string[]): void {
  const end = args.indexOf("--");
  const times =
    args.slice(0, end < 0 ? args.length : end).filter((arg) =>
      arg === `--${name}` || arg.startsWith(`--${name}=`) || (short && arg === `-${short}`)
    ).length;
  if (times > 1) {
    throw new InvalidArgumentError(`Option --${name} is given ${times} times: give it once`);
  }
}

/** The text of an option; what follows an option without its value is the next option. */
function textOf(value: unknown, { name }: Option, { name: command, options }: Command): string {
  const isOption = options.some((option) => value === `--${option.name}`);
  if (typeof value === "string" && value !== "" && !isOption) return value;
  throw new InvalidArgumentError(`Option --${name} has no value: see ${command} --help`);
}

/** The action, or nothing for a command without actions, and what follows it. */
function readOperands(command: Command, given: readonly string[]): [string, readonly string[]] {
  if (given.filter((operand) => operand === "-").length > 1) {
    throw new InvalidArgumentError(
      "Cannot read two photos from the standard input: give one as a file",
    );
  }
  if (!("actions" in command.takes)) {
    checkCount(command, command.name, command.takes, given.length);
    return ["", given];
  }
  const { actions } = command.takes, [action, ...rest] = given;
  const known = Object.keys(actions).join(", ");
  if (action === undefined) {
    throw new InvalidArgumentError(`The command ${command.name} lacks an action: use ${known}`);
  }
  if (!Object.hasOwn(actions, action)) {
    throw new InvalidArgumentError(`There is no action "${action}": use one of ${known}`);
  }
  checkCount(command, action, actions[action], rest.length);
  return [action, rest];
}

function checkCount(
  command: Command,
  verb: string,
  { what, min, max }: Operands,
  count: number,
): void {
  if (count >= min && count <= max) return;
  throw new InvalidArgumentError(
    `Cannot ${verb} ${counted(count, ...what)}: usage is ${usageOf(command, verb)}`,
  );
}

/** Checks which options must be there, and which only with others. */
function checkTogether(
  { name: command, options }: Command,
  action: string,
  valueOf: (name: string) => OptionValue | true | undefined,
): void {
  for (const option of options) {
    const { name, short, required } = option, isGiven = valueOf(name) !== undefined;
    if (required && !isGiven) {
      throw new InvalidArgumentError(
        `Cannot ${command}${action && ` ${action}`} without --${name}: ` +
          `give ${short ? `-${short}` : `--${name}`} <${placeholderOf(option)}>`,
      );
    }
    const [other, wanted] = option.with ?? [];
    if (!isGiven || other === undefined) continue;
    const found = valueOf(other);
    if (wanted === undefined ? found === undefined : found !== wanted) {
      throw new InvalidArgumentError(
        `Option --${name} goes with --${other}${wanted === undefined ? "" : ` ${wanted}`}: ` +
          `give both, or neither`,
      );
    }
  }
}

/** Names that options had before, and those that they have. */
const RENAMED: Readonly<Record<string, string>> = { type: "kind", wearing: "coverage" };

/** What to do in the place of an option that there is not. */
function insteadOf(given: string, { name, options }: Command): string {
  const text = given.replace(/^-+/, "").replace(/=.*/, "");
  const names = options.map((option) => option.name);
  const renamed = RENAMED[text];
  if (renamed !== undefined && names.includes(renamed)) return `its name is --${renamed}`;
  const nearest = nearestName(text, names), help = `see ${name} --help`;
  return nearest ? `did you mean --${nearest}? Or ${help}` : help;
}

/** A dash is the standard input; a URL is fetched, as the user asked for it; anything else is a path. */
function photoOf(argument: string): PhotoArgument {
  const label = publicName(argument);
  if (argument !== "-") {
    const isUrl = /^(https?|file|data):/.test(argument) && URL.canParse(argument);
    return { label, input: isUrl ? new URL(argument) : argument };
  }
  let bytes: Uint8Array | undefined;
  return {
    label,
    get input(): Uint8Array {
      return bytes ??= readStandardInput();
    },
  };
}
