// The benchmark's side of a peer's process: starts it, asks, and reads how much memory it took.

import type { Request } from "./child.ts";

/** A peer that runs. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #replies: AsyncGenerator<Record<string, unknown>>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#replies = repliesOf(child);
  }

  /** Starts a script of this folder and waits until it is ready. */
  static async start(
    script: string,
    flags: readonly string[],
    cache: string,
  ): Promise<PeerProcess> {
    const path = decodeURIComponent(new URL(script, import.meta.url).pathname);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", ...flags, path, cache],
      cwd: cache, // not the project: its lockfile is no business of the peers
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const peer = new PeerProcess(child);
    await peer.#next();
    return peer;
  }

  /** Asks for one thing and waits for it. */
  async ask(request: Request): Promise<Record<string, unknown>> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    return await this.#next();
  }

  /** The most memory that the process has held, in MB (VmHWM of Linux). */
  async peakMemory(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#child.pid}/status`);
    return Number(/VmHWM:\s*(\d+) kB/.exec(status)![1]) / 1024;
  }

  /** The seconds that processors have spent on the process, all threads together. */
  async processorTime(): Promise<number> {
    const stat = await Deno.readTextFile(`/proc/${this.#child.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // user and system, in Linux's ticks of 10 ms
  }

  async #next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#replies.next();
    if (!done) return value;
    throw new Error(await new Response(this.#child.stderr).text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#child.stderr.cancel();
    await this.#child.status;
  }
}

async function* repliesOf(child: Deno.ChildProcess): AsyncGenerator<Record<string, unknown>> {
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      if (text.startsWith("@")) yield JSON.parse(text.slice(1, end));
      text = text.slice(end + 1);
    }
  }
}
