// The help texts: of the tool, of a command, and the README's table of commands. All are made from what the parser reads.

import type { Command } from "./command.ts";
import { type CommandEntry, COMMANDS } from "./commands.ts";
import type { Option } from "./option.ts";
import { namedOption, usageOf } from "./usage.ts";

/** How the program is called. */
const PROGRAM = "deno run -A cli.ts";

/** The help of the tool. */
export function toolHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return `maskinv: face verification that still knows you behind a mask

Usage: ${PROGRAM} <command> [options] <operands>

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`).join("\n")}

  <command> --help tells more; help --markdown has these as a table; --version is this program's.
  A photo is a path, a URL, or - for the standard input; what follows -- is no option.
  Exit codes: 0 match or found, 1 no match or not found, 2 error, 130 stopped by Ctrl-C, 141 whoever read the
  output closed it (| head).`;
}

/** The help of a command. */
export function helpOf(summary: string, command: Command): string {
  const lines = command.options.map((option) => `  ${namesOf(option).padEnd(32)} ${option.help}`);
  return `${summary}\n\nUsage: ${PROGRAM} ${usageOf(command)}\n\nOptions:\n${
    lines.join("\n")
  }\n  --help${command.exits ? `\n\nExit codes: ${command.exits}.` : ""}`;
}

/** The commands as a table of Markdown, with the columns as wide as `deno fmt` makes them. */
export function markdownTable(): string {
  const rows = [["Command", "What it does", "More"], ...COMMANDS.map(cellsOf)];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
  const line = (cells: readonly string[], fill = " "): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i], fill)).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head), line(["", "", ""], "-"), ...body.map((cells) => line(cells))].join("\n");
}

function cellsOf({ name, summary, more }: CommandEntry): string[] {
  return [`\`${name}\``, summary, more ? `[${more[0]}](${more[1]})` : ""];
}

function namesOf(option: Option): string {
  return option.short ? `-${option.short}, ${namedOption(option)}` : namedOption(option);
}
