// The metrics of 10 million scores beside a plain sort of them, the least that any exact metric needs:
//   deno run -A tests/bench/metrics.ts
// Times are of the processor, not the clock, so that other programs do not count; the fastest of three.
// deno-lint-ignore-file no-console

import process from "node:process";
import { type LabelledScores, verificationReport } from "../../src/evaluate/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";

const EACH = 5_000_000, PERSONS = 5000, FOLDS = 10;

const random = randomNumbers(1);
const person = (): number => Math.floor(random() * PERSONS);
const whole: LabelledScores = {
  genuine: Float32Array.from({ length: EACH }, () => (random() + random()) / 4 + 0.3),
  impostor: Float32Array.from({ length: EACH }, () => (random() + random()) / 4),
  genuineIdentity: Uint32Array.from({ length: EACH }, person),
  impostorIdentities: Uint32Array.from({ length: 2 * EACH }, person),
};
const folds = Array.from({ length: FOLDS }, (_, k): LabelledScores => {
  const from = k * EACH / FOLDS, to = from + EACH / FOLDS;
  return {
    genuine: whole.genuine.subarray(from, to),
    impostor: whole.impostor.subarray(from, to),
    genuineIdentity: whole.genuineIdentity.subarray(from, to),
    impostorIdentities: whole.impostorIdentities.subarray(2 * from, 2 * to),
  };
});

const sorted = seconds(() => {
  const all = new Float32Array(2 * EACH);
  all.set(whole.genuine);
  all.set(whole.impostor, EACH);
  all.sort();
});
show("plain sort of 10 million", sorted);
show("all metrics, one fold", seconds(() => verificationReport([whole], { replicates: 0 })));
show("all metrics, ten folds", seconds(() => verificationReport(folds, { replicates: 0 })));
console.log(`${(Deno.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB in use, 160 MiB of it the input`);
const most = seconds(() => verificationReport([whole], { replicates: 25 }), 1);
show("the same with 25 bootstrap replicates", most);

function seconds(work: () => void, times = 3): number {
  return Math.min(...Array.from({ length: times }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  }));
}

function show(what: string, time: number): void {
  console.log(`${what.padEnd(40)} ${time.toFixed(2)} s  ${(time / sorted).toFixed(2)}x the sort`);
}
