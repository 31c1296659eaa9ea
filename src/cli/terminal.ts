// What the commands write to: results to stdout, the rest to stderr, colours only on a terminal.
// Kept behind one small object so that tests can run commands and read what they would print.

import { writing } from "../base/write_error.ts";

/** Where a command writes. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the result: errors, hints. */
  err(line: string): void;
  /** A line that is overwritten by the next, on a terminal only. */
  progress(text: string): void;
  /** Asks for a text that is not shown, such as a key; only where somebody sits at a keyboard. */
  readonly secret?: (question: string) => string;
  /** Asks a question that is answered by yes or no; only where somebody sits at a keyboard. */
  readonly confirm?: (question: string) => boolean;
  /** Whether stdout shows colours. */
  readonly colors: boolean;
}

/** Whoever read the standard output has closed it, such as `head`: nobody waits for the rest, which is no error. */
export class OutputClosed extends Error {
  /** Always `"OutputClosed"`. */
  override readonly name = "OutputClosed";
}

/** The terminal that the process runs in. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  const write = (stream: typeof Deno.stdout, text: string): void => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
  const live = Deno.stderr.isTerminal(), keyboard = live && Deno.stdin.isTerminal();
  return {
    out: (line) => {
      try {
        // Without this a full disk would end the process with exit code 1, which says "no match".
        writing("standard output", () => write(Deno.stdout, `${line}\n`));
      } catch (error) {
        const isClosed = (error as Error).cause instanceof Deno.errors.BrokenPipe;
        throw isClosed ? new OutputClosed() : error;
      }
    },
    err: (line) => writeIfPossible(() => write(Deno.stderr, `${line}\n`)),
    progress: (text) => live && writeIfPossible(() => write(Deno.stderr, `\r\x1b[K${text}`)),
    secret: keyboard
      ? (question) => {
        write(Deno.stderr, question);
        const text = readHidden();
        write(Deno.stderr, "\n");
        return text;
      }
      : undefined,
    confirm: keyboard
      ? (question) => {
        write(Deno.stderr, `${question} [y/N] `);
        return /^y(es)?$/i.test(readLine().trim());
      }
      : undefined,
    colors: Deno.stdout.isTerminal() && !Deno.noColor,
  };
}

/** Writes a message; where it cannot be written, the command goes on and its exit code still tells the outcome. */
function writeIfPossible(attempt: () => void): void {
  try {
    attempt();
  } catch {
    // Standard error is closed or full: there is no place left for a message.
  }
}

/** A line of the keyboard. */
function readLine(): string {
  const typed: number[] = [], byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte) && !END_OF_LINE.includes(byte[0])) typed.push(byte[0]);
  return new TextDecoder().decode(Uint8Array.from(typed));
}

/** A line of the keyboard without its echo; Ctrl-C ends the process as usual. */
function readHidden(): string {
  const typed: number[] = [], byte = new Uint8Array(1);
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    while (Deno.stdin.readSync(byte) && !END_OF_LINE.includes(byte[0])) {
      if (RUBOUT.includes(byte[0])) typed.pop();
      else typed.push(byte[0]);
    }
  } finally {
    Deno.stdin.setRaw(false);
  }
  return new TextDecoder().decode(Uint8Array.from(typed));
}

/** Line feed, carriage return and Ctrl-D; backspace and delete. */
const END_OF_LINE = [0x0a, 0x0d, 0x04], RUBOUT = [0x08, 0x7f];

/** Text in bold green, red or grey, or plain where there are no colours. */
export function paint(
  terminal: Terminal,
  color: "green" | "red" | "grey",
  text: string,
): string {
  if (!terminal.colors) return text;
  const code = { green: "1;32", red: "1;31", grey: "90" }[color];
  return `\x1b[${code}m${text}\x1b[0m`;
}
