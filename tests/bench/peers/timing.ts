// Time, memory and size of the peers: whole processes from the command to the first score, then warm verifies in rounds
// in which every peer has its turn, so that a busy moment of the machine hits all of them.

import { photo } from "../../hosts.ts";
import { install, installedSize, PEERS, type PeerSpec } from "./install.ts";
import { PeerProcess } from "./processes.ts";

/** What the table needs of one peer. */
export interface PeerTimes {
  /** Milliseconds of a warm verify, from two JPEG files to the score: the median over the rounds, and the fastest. */
  readonly warm: number;
  readonly fastest: number;
  /** Milliseconds of processor time of a warm verify, the mean: what a busy machine disturbs least. */
  readonly processor: number;
  /** Milliseconds from the start of the process to the first score, the median. */
  readonly cold: number;
  /** MB, the most that the process held. */
  readonly memory: number;
  /** MB on disk. */
  readonly size: number;
}

/** All peers' times, and when and where they were taken. */
export interface Times {
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly peers: Record<string, PeerTimes>;
}

/** Runs before a peer counts as warm; fewer where fewer rounds follow. */
const WARM_UP = 20;

/** Measures all peers on the same two photos. */
export async function measureTimes(
  rounds: number,
  cache: string,
  say: (text: string) => void,
): Promise<Times> {
  const request = { do: "verify", probe: photo("collins"), reference: photo("hopper") } as const;
  const load = Deno.loadavg()[0].toFixed(1);
  const flags = new Map<string, string[]>();
  for (const peer of PEERS) flags.set(peer.name, await install(peer, cache));
  const start = (peer: PeerSpec): Promise<PeerProcess> =>
    PeerProcess.start(peer.script, flags.get(peer.name)!, cache);
  const cold = new Map(PEERS.map(({ name }) => [name, [] as number[]]));
  const coldRounds = Math.max(3, Math.ceil(rounds / 8));
  for (let round = -1; round < coldRounds; round++) {
    for (const peer of PEERS) {
      const began = performance.now();
      await using process = await start(peer);
      await process.ask(request);
      if (round >= 0) cold.get(peer.name)!.push(performance.now() - began); // the first fills the disk's cache
    }
    say(`cold start, round ${round + 2} of ${coldRounds + 1}`);
  }

  await using stack = new AsyncDisposableStack();
  const running = new Map<string, PeerProcess>();
  for (const peer of PEERS) running.set(peer.name, stack.use(await start(peer)));
  const warm = new Map(PEERS.map(({ name }) => [name, [] as number[]]));
  const before = new Map<string, number>();
  for (let round = -Math.min(WARM_UP, rounds); round < rounds; round++) {
    for (const [name, process] of running) {
      if (round === 0) before.set(name, await process.processorTime());
      const { ms } = await process.ask(request);
      if (round >= 0) warm.get(name)!.push(ms as number);
    }
    if (round % 10 === 0) say(`warm, round ${round} of ${rounds}`);
  }
  const entries = await Promise.all(PEERS.map(async (peer) => {
    const process = running.get(peer.name)!, times = warm.get(peer.name)!.sort((a, b) => a - b);
    const spent = await process.processorTime() - before.get(peer.name)!;
    return [peer.name, {
      warm: median(times),
      fastest: times[0],
      processor: 1000 * spent / rounds,
      cold: median(cold.get(peer.name)!),
      memory: await process.peakMemory(),
      size: await installedSize(peer, cache),
    }] as const;
  }));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${navigator.hardwareConcurrency} cores of ${await processor()}, load ${load} before`,
    rounds,
    peers: Object.fromEntries(entries),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The name of the processor, where Linux says it. */
async function processor(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  return /^model name\s*:\s*(.*)$/m.exec(text)?.[1] ?? "an unknown processor";
}
