// Imports a command with what all of them need, and runs it or prints its help.

import { type CommandEntry, loadCommand } from "./commands.ts";
import { helpOf } from "./help.ts";
import { askToRead } from "./permission.ts";
import { readArguments } from "./read_arguments.ts";
import type { Terminal } from "./terminal.ts";

/** Runs a command on its arguments; returns the exit code. */
export async function runCommand(
  entry: CommandEntry,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  // Before anything else, as the file of the command is read already.
  await askToRead(entry.name);
  const command = await loadCommand(entry);
  const end = args.indexOf("--"), options = end < 0 ? args : args.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) {
    terminal.out(helpOf(entry.summary, command));
    return 0;
  }
  return await command.run(readArguments(command, args), terminal);
}
