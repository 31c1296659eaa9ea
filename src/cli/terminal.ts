// What the commands write to: results to stdout, the rest to stderr, colours only on a terminal.
// Kept behind one small object so that tests can run commands and read what they would print.

/** Where a command writes. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the result: errors, hints. */
  err(line: string): void;
  /** A line that is overwritten by the next, on a terminal only. */
  progress(text: string): void;
  /** Whether stdout shows colours. */
  readonly colors: boolean;
}

/** The terminal that the process runs in. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  const write = (stream: typeof Deno.stdout, text: string): void => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
  const live = Deno.stderr.isTerminal();
  return {
    out: (line) => write(Deno.stdout, `${line}\n`),
    err: (line) => write(Deno.stderr, `${line}\n`),
    progress: (text) => live && write(Deno.stderr, `\r\x1b[K${text}`),
    colors: Deno.stdout.isTerminal() && !Deno.noColor,
  };
}

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
