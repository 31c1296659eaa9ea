// What an option takes, said once: parser, help and error messages are made from it, so that they cannot disagree.

import { InvalidArgumentError } from "../base/errors.ts";

/** What options of all kinds have. */
interface OptionOf<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  /** One letter, for `-o`. */
  readonly short?: string;
  /** What it does, with its default in parentheses. */
  readonly help: string;
  /** Whether the command does nothing without it. */
  readonly required?: boolean;
  /** The option that it belongs to, and the value which that must have if not any will do. */
  readonly with?: readonly [name: string, value?: string];
}

/** An option that is given or not. */
export type FlagOption = OptionOf<"flag">;

/** A text, or the path of a file or folder; `value` stands for it in the help. */
export interface TextOption extends OptionOf<"text" | "file" | "folder"> {
  readonly value?: string;
}

/** A number, or a whole number, within a range that includes its ends. */
export interface NumberOption extends OptionOf<"number" | "whole"> {
  readonly value?: string;
  readonly min?: number;
  readonly max?: number;
}

/** A rate, which lies between 0 and 1, or several with commas between them. */
export interface RateOption extends OptionOf<"rate" | "rates"> {
  readonly value?: string;
}

/** One of some names, or several with commas between them. */
export interface ChoiceOption extends OptionOf<"choice" | "choices"> {
  readonly value?: string;
  readonly of: readonly string[];
}

/** An option of a command. */
export type Option = FlagOption | TextOption | NumberOption | RateOption | ChoiceOption;

/** The value of an option that is no flag. */
export type OptionValue = string | number | readonly string[] | readonly number[];

/** What stands for the value of an option in the help; empty for a flag. */
export function placeholderOf(option: Option): string {
  if (option.kind === "flag") return "";
  if (option.value !== undefined) return option.value;
  switch (option.kind) {
    case "choice":
      return option.of.join("|");
    case "choices":
      return option.of.join(",");
    case "whole":
      return "n";
    case "rates":
      return "rate,...";
    default:
      return option.kind;
  }
}

/**
 * Reads the value of an option.
 *
 * @throws {InvalidArgumentError} If the text is none that the option takes.
 */
export function readValue(option: Exclude<Option, FlagOption>, text: string): OptionValue {
  switch (option.kind) {
    case "text":
    case "folder":
      return text;
    case "file":
      if (!/[/\\]$/.test(text)) return text;
      throw wrongValue(option.name, text, "the name of a file, as that is a folder's");
    case "number":
    case "whole":
    case "rate":
      return readNumber(option, text);
    case "rates":
      return text.split(",").map((part) => readNumber(option, part));
    case "choice":
      return readName(option, text);
    case "choices":
      return text.split(",").map((part) => readName(option, part));
  }
}

function readNumber(option: NumberOption | RateOption, text: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  const { fits, wanted } = option.kind === "number" || option.kind === "whole"
    ? rangeOf(option)
    : { fits: (value: number) => value > 0 && value < 1, wanted: "a number between 0 and 1" };
  if (Number.isFinite(number) && fits(number)) return number;
  throw wrongValue(option.name, text, wanted);
}

function rangeOf(
  { kind, min = -Infinity, max = Infinity }: NumberOption,
): { fits: (value: number) => boolean; wanted: string } {
  const what = kind === "whole" ? "a whole number" : "a number";
  const range = max === Infinity
    ? min === -Infinity ? "" : ` from ${min} on`
    : min === -Infinity
    ? ` up to ${max}`
    : ` from ${min} to ${max}`;
  return {
    fits: (value) => value >= min && value <= max && (kind === "number" || Number.isInteger(value)),
    wanted: what + range,
  };
}

function readName({ name, of }: ChoiceOption, text: string): string {
  if (of.includes(text)) return text;
  throw wrongValue(name, text, `one of ${of.join(", ")}`);
}

function wrongValue(name: string, text: string, wanted: string): InvalidArgumentError {
  const shown = /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text) ? text : `"${text}"`;
  return new InvalidArgumentError(`Option --${name} is ${shown}: give ${wanted}`);
}
