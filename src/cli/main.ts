// Finds the command that the arguments name, runs it, and turns errors into exit codes.
// Exit codes as grep's: 0 yes, 1 no, 2 trouble; and as a shell's where a signal ended it: 130 Ctrl-C, 141 a closed pipe.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { helpOf, readArguments } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { askToRead } from "./permission.ts";
import { OutputClosed, type Terminal } from "./terminal.ts";

const HELP = `maskinv: face verification that still knows you behind a mask

Usage: deno run -A cli.ts <command> [options] <operands>

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n")}

  <command> --help tells more; --version is this program's. A photo is a path, a URL, or - for the standard input;
  what follows -- is no option. Exit codes: 0 match or found, 1 no match or not found, 2 error,
  130 stopped by Ctrl-C, 141 whoever read the output closed it (| head).`;

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
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      terminal.out(HELP);
      return name === undefined ? 2 : 0;
    }
    if (name === "--version" || name === "-V") {
      const { default: config } = await import("../../deno.json", { with: { type: "json" } });
      terminal.out(`maskinv ${config.version}`);
      return 0;
    }
    const entry = COMMANDS.find((candidate) => candidate.name === name);
    if (!entry) {
      const known = COMMANDS.map((candidate) => candidate.name).join(", ");
      throw new InvalidArgumentError(`There is no command "${name}": use one of ${known}`);
    }
    const command = await entry.load();
    const end = rest.indexOf("--"), options = end < 0 ? rest : rest.slice(0, end);
    if (options.includes("--help") || options.includes("-h")) {
      terminal.out(helpOf(entry.summary, command));
      return 0;
    }
    const args = readArguments(command, rest);
    await askToRead();
    return await command.run(args, terminal);
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
