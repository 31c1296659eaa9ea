// The processes of torch (train.py, detector.py): started here, or elsewhere by hand, they connect to this process and
// say who they are.

import { DeviceError } from "../../base/errors.ts";
import { MessageStream } from "./messages.ts";

/** How the processes are started. */
export interface PythonOptions {
  /** The interpreter; by default `python3`. */
  readonly python?: string;
  /** How many processes share each batch; by default 1. */
  readonly processes?: number;
  /** Threads of each; by default the cores shared evenly. */
  readonly threads?: number;
  /**
   * `host:port` to listen at for processes that somebody else starts, on other machines too; `waiting` is told how. By
   * default they are started here.
   */
  readonly listen?: string;
  /** Is told the command that starts the processes elsewhere. */
  readonly waiting?: (text: string) => void;
}

/** The engines in Python. */
export type TorchScript = "train.py" | "detector.py";

/** Lines of the interpreter's messages that an error quotes. */
const MAX_LINES = 6;

/** The connected processes by rank. */
export class PythonProcesses implements AsyncDisposable {
  private constructor(
    readonly streams: readonly MessageStream[],
    readonly child: Deno.ChildProcess | undefined,
    readonly listener: Deno.TcpListener,
  ) {}

  /**
   * Starts the processes and waits for them.
   *
   * @param script Which file of this folder they run.
   * @throws {DeviceError} If there is no such interpreter, it has no torch, or it ends at once.
   */
  static async start(
    options: PythonOptions,
    script: TorchScript = "train.py",
  ): Promise<PythonProcesses> {
    const { python = "python3", processes = 1, listen } = options;
    const [host, port] = listen?.split(/:(?=\d+$)/) ?? ["127.0.0.1", "0"];
    const listener = listening(host, Number(port));
    const address = `${host}:${(listener.addr as Deno.NetAddr).port}`;
    const token = crypto.randomUUID(), path = scriptPath(script);
    if (listen !== undefined) {
      options.waiting?.(
        `waiting for ${processes} processes; on each machine: MASKINV_TRAINER=${address} ` +
          `MASKINV_TOKEN=${token} torchrun <its options> ${path}`,
      );
      return new PythonProcesses(
        await accepted(listener, token, processes),
        undefined,
        listener,
      );
    }
    const threads = options.threads ??
      Math.max(1, Math.floor(navigator.hardwareConcurrency / processes));
    const child = started(python, [...torchrun(processes), path], {
      MASKINV_TRAINER: address,
      MASKINV_TOKEN: token,
      OMP_NUM_THREADS: String(threads),
    });
    const said = lastLines(child.stderr);
    const ended = child.status.then(async ({ code }) => {
      throw new DeviceError(
        `Cannot train with torch as ${python} ended with code ${code} (${await said}): ` +
          `install torch, or name an interpreter that has it with --python`,
      );
    });
    try {
      const streams = await Promise.race([accepted(listener, token, processes), ended]);
      ended.catch(() => {});
      return new PythonProcesses(streams, child, listener);
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** Lets the processes end and waits for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.streams) stream[Symbol.dispose]();
    this.listener.close();
    await this.child?.status;
  }
}

/**
 * What makes the interpreter start so many processes. Standard output, where nothing is written, goes to files in a folder
 * of torchrun's: torch 1.13 knows only the names of its streams that are one bit where Python is 3.11, as in Debian 12.
 */
function torchrun(processes: number): string[] {
  const share = `--nproc_per_node=${processes}`;
  const streams = ["--redirects", "1", "--tee", "1"];
  return processes > 1 ? ["-m", "torch.distributed.run", "--standalone", share, ...streams] : [];
}

function listening(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw new DeviceError(
      `Cannot listen at ${hostname}:${port} for torch (${(error as Error).message}): ` +
        `give the host:port of an interface of this machine, with a free port`,
      { cause: error },
    );
  }
}

function scriptPath(script: TorchScript): string {
  const url = new URL(script, import.meta.url);
  if (url.protocol === "file:") return decodeURIComponent(url.pathname);
  throw new DeviceError(
    `Cannot train with torch as ${url} is no file on this disk: clone the repository`,
  );
}

function started(
  python: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  try {
    // Detached, so that Ctrl-C reaches this process alone, which then ends the training with a checkpoint.
    return new Deno.Command(python, {
      args: [...args],
      env: { ...env },
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new DeviceError(
      `Cannot train with torch as ${python} cannot be started (${(error as Error).message}): ` +
        `name an interpreter that has torch with --python`,
      { cause: error },
    );
  }
}

/** The last lines of what a process says, when it has ended. */
async function lastLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + part).split("\n").slice(-MAX_LINES - 1).join("\n");
  }
  return text.trim();
}

/** Connections of all ranks; whoever does not know the token is sent away. */
async function accepted(
  listener: Deno.TcpListener,
  token: string,
  processes: number,
): Promise<MessageStream[]> {
  const streams = new Map<number, MessageStream>(), all = Promise.withResolvers<void>();
  const greet = async (stream: MessageStream): Promise<void> => {
    const { facts } = await stream.read(), rank = Number(facts.rank);
    const known = facts.token === token && facts.processes === processes;
    if (!known || !(rank >= 0 && rank < processes) || streams.has(rank)) {
      return stream[Symbol.dispose]();
    }
    streams.set(rank, stream);
    if (streams.size === processes) all.resolve();
  };
  // Each by itself: a stranger who connects and says nothing must not keep the others waiting.
  const accept = async (): Promise<void> => {
    for await (const connection of listener) {
      const stream = new MessageStream(connection);
      greet(stream).catch(() => stream[Symbol.dispose]());
    }
  };
  accept().catch(all.reject);
  await all.promise;
  return Array.from({ length: processes }, (_, rank) => streams.get(rank)!);
}
