// Finds the command that the arguments name, runs it, and turns errors into exit codes.
// Exit codes as grep's: 0 yes, 1 no, 2 trouble; and as a shell's where a signal ended it: 130 Ctrl-C, 141 a closed pipe.
// What a command needs is imported when it is called, so that --help and --version answer at once.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { type CommandEntry, COMMANDS } from "./commands.ts";
import { markdownTable, toolHelp } from "./help.ts";
import { nearestName } from "./nearest_name.ts";
import { OutputClosed, type Terminal } from "./terminal.ts";

/** What a shell gives for a process that SIGPIPE ended. */
const OUTPUT_CLOSED = 141;

/**
 * Runs the command line.
 *
 * @param args The arguments after the script's name.
 * @param terminal Where to write.
 * @returns The exit code: 0 match or found, 1 no match or not found, 2 error, 130 stopped, 141 output closed.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await answer(args, terminal);
  } catch (error) {
    terminal.progress("");
    if (error instanceof OutputClosed) return OUTPUT_CLOSED;
    // A permission that nobody asked for beforehand: Deno says which, and with which flag to run again.
    const known = error instanceof MaskinvError || error instanceof Deno.errors.NotCapable;
    if (!known) throw error;
    terminal.err(`maskinv: ${error.message}`);
    return 2;
  }
}

async function answer([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  switch (name) {
    case undefined:
      terminal.out(toolHelp());
      return 2;
    case "help":
      return await help(rest, terminal);
    case "--help":
    case "-h":
      terminal.out(toolHelp());
      return 0;
    case "--version":
    case "-V": {
      const { default: config } = await import("../../deno.json", { with: { type: "json" } });
      terminal.out(`maskinv ${config.version}`);
      return 0;
    }
    default:
      return await run(commandNamed(name), rest, terminal);
  }
}

/** `help`, `help --markdown` and `help <command>`. */
async function help([what]: readonly string[], terminal: Terminal): Promise<number> {
  if (what !== undefined && what !== "--markdown") {
    return await run(commandNamed(what), ["--help"], terminal);
  }
  terminal.out(what === undefined ? toolHelp() : markdownTable());
  return 0;
}

async function run(
  command: CommandEntry,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { runCommand } = await import("./run_command.ts");
  return await runCommand(command, args, terminal);
}

function commandNamed(name: string): CommandEntry {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command;
  const known = COMMANDS.map((candidate) => candidate.name), nearest = nearestName(name, known);
  const meant = nearest ? `did you mean ${nearest}? Or ` : "";
  throw new InvalidArgumentError(
    `There is no command "${name}": ${meant}use one of ${known.join(", ")}`,
  );
}
