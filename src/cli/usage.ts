// How a command and its options are called, for the help and for what is said of wrong arguments.

import type { Command, Operands } from "./command.ts";
import { type Option, placeholderOf } from "./option.ts";

/** How a command is called; of a command with actions, how one of them is, or all. */
export function usageOf({ name, takes, options }: Command, action?: string): string {
  const needed = options.filter(({ required }) => required).map((option) =>
    ` ${namedOption(option)}`
  );
  const usageOfAction = ([action, { usage }]: [string, Operands]): string =>
    `${action}${usage && ` ${usage}`}`;
  const operands = "actions" in takes
    ? Object.entries(takes.actions)
      .filter(([name]) => action === undefined || name === action)
      .map(usageOfAction).join(" | ")
    : takes.usage;
  return `${name}${needed.join("")} [options]${operands && ` ${operands}`}`;
}

/** An option with what stands for its value. */
export function namedOption(option: Option): string {
  return `--${option.name}${option.kind === "flag" ? "" : ` <${placeholderOf(option)}>`}`;
}
