// Runs a task on both devices in turn, so that a busy moment of the machine hits both.

import type { Measurement, Times } from "./result.ts";
import type { Runner, Task } from "./tasks.ts";

const DEVICES = ["webgpu", "wasm"] as const;

/** Measures a task; `rounds` at most, after a third as many to warm up. */
export async function measure(task: Task, rounds: number): Promise<Measurement> {
  const count = Math.min(rounds, task.maxRounds), warmUp = Math.max(1, Math.ceil(count / 3));
  await using stack = new AsyncDisposableStack();
  const runners: Runner[] = [];
  for (const device of DEVICES) runners.push(stack.use(await task.start(device)));
  const times: number[][] = runners.map(() => []);
  for (let round = -warmUp; round < count; round++) {
    for (const [i, runner] of runners.entries()) {
      const start = performance.now();
      await runner.run();
      if (round >= 0) times[i].push(performance.now() - start);
    }
  }
  const [webgpu, wasm] = times.map(summary);
  const { name, bytes } = task;
  return {
    task: name,
    count: task.count,
    rounds: count,
    webgpu,
    wasm,
    ...(bytes !== undefined && { bytes }),
  };
}

function summary(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], fastest: sorted[0] };
}
