// Finds the command that the arguments name, runs it, and turns errors into exit codes.
// Exit codes as grep's: 0 yes, 1 no, 2 trouble; and as a shell's where a signal ended it: 130 Ctrl-C, 141 a closed pipe.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { calibrateCommand } from "./calibrate.ts";
import { type Command, helpOf, readArguments } from "./command.ts";
import { convertCommand } from "./convert.ts";
import { detectCommand } from "./detect.ts";
import { distillCommand } from "./distill.ts";
import { embedCommand } from "./embed.ts";
import { enrolCommand } from "./enrol.ts";
import { galleryCommand } from "./gallery.ts";
import { identifyCommand } from "./identify.ts";
import { evaluateCommand } from "./evaluate.ts";
import { maskCommand } from "./mask.ts";
import { modelsCommand } from "./models.ts";
import { prepareCommand } from "./prepare.ts";
import { quantizeCommand } from "./quantize.ts";
import { serveCommand } from "./serve.ts";
import { OutputClosed, type Terminal } from "./terminal.ts";
import { verifyCommand } from "./verify.ts";

const COMMANDS: readonly Command[] = [
  verifyCommand,
  detectCommand,
  embedCommand,
  maskCommand,
  enrolCommand,
  identifyCommand,
  galleryCommand,
  serveCommand,
  evaluateCommand,
  calibrateCommand,
  modelsCommand,
  quantizeCommand,
  prepareCommand,
  distillCommand,
  convertCommand,
];

const HELP = `maskinv: face verification that still knows you behind a mask

Usage: deno run -A cli.ts <command> [options] <operands>

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n")}

  <command> --help tells more. Exit codes: 0 match or found, 1 no match or not found, 2 error,
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
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) {
      const known = COMMANDS.map((candidate) => candidate.name).join(", ");
      throw new InvalidArgumentError(`There is no command "${name}": use one of ${known}`);
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      terminal.out(helpOf(command));
      return 0;
    }
    return await command.run(readArguments(command, rest), terminal);
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
