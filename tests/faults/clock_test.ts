// Clocks that are set back, or ahead by years, while requests, verifies and evaluations are under way: no time is
// negative or NaN, nobody is told to come back in a month, and time-outs neither go off early nor hang.

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { ProgressMeter, type RunProgress } from "../../src/evaluate/run/run_options.ts";
import { NetworkClock } from "../../src/evaluate/run/stopwatch.ts";
import { createHandler } from "../../src/serve/mod.ts";
import { photo } from "../hosts.ts";
import { ask, SlowVerifier, smallVerify, until } from "../serve/requests.ts";
import { DECADE, stubClocks } from "./clocks.ts";

Deno.test("times of a verify are neither negative nor NaN, whatever the clock does", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  using clocks = stubClocks();
  for (const jumps of [[-DECADE], [-50, 20, -900], [DECADE, -2 * DECADE]]) {
    clocks.restless(jumps);
    const result = await verifier.verify(photo("collins_crop"), photo("hopper_crop"));
    for (const [name, milliseconds] of Object.entries(result.timings)) {
      assert(Number.isFinite(milliseconds) && milliseconds >= 0, `${name} ${milliseconds}`);
    }
  }
});

Deno.test("metrics and Retry-After survive clocks that jump while a request is at work", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, limits: { lanes: 1, queue: 1 } });
  using clocks = stubClocks();
  let started = 0;
  for (const jump of [-DECADE, DECADE, -5000, DECADE]) {
    const answer = ask(handler, smallVerify());
    started++;
    await until(() => verifier.started === started);
    clocks.jump(jump);
    verifier.finish.shift()!();
    assertEquals((await answer).status, 200);
  }
  const metrics = await (await handler.fetch(new Request("http://localhost/metrics"))).text();
  const [, sum] = metrics.match(/request_seconds_sum\{route="\/v1\/verify"\} (\S+)/)!;
  assertGreaterOrEqual(Number(sum), 0);
  assert(!/NaN|Infinity| -/.test(metrics), metrics);
  // How long to wait is computed from how long jobs take.
  const waiting = [ask(handler, smallVerify()), ask(handler, smallVerify())];
  await until(() => verifier.started === started + 1);
  const refused = await ask(handler, smallVerify());
  assertEquals(refused.status, 503);
  const seconds = Number(refused.headers.get("retry-after"));
  assert(seconds >= 1 && seconds <= 120, `${seconds} s`);
  verifier.finish.shift()!();
  await until(() => verifier.started === started + 2);
  verifier.finish.shift()!();
  for (const answer of waiting) assertEquals((await answer).status, 200);
});

Deno.test("time-outs go by time that has passed, not by the clock", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, limits: { timeoutMs: 400 } });
  using clocks = stubClocks();
  for (const jump of [DECADE, -2 * DECADE]) {
    const before = verifier.started;
    // Not cut off early.
    const quick = ask(handler, smallVerify());
    await until(() => verifier.started === before + 1);
    clocks.jump(jump);
    await new Promise((resolve) => setTimeout(resolve, 20));
    verifier.finish.shift()!();
    assertEquals((await quick).status, 200);
    // Nor left waiting.
    const slow = ask(handler, smallVerify());
    await until(() => verifier.started === before + 2);
    clocks.jump(-jump);
    assertEquals((await slow).status, 503);
    verifier.finish.shift()!();
  }
});

Deno.test("an evaluation's progress has no rate by a clock that stands or goes back", async () => {
  using clocks = stubClocks();
  const told: RunProgress[] = [];
  const meter = new ProgressMeter(4, (progress) => told.push(progress));
  for (const jump of [-DECADE, DECADE + 1000, 0, -DECADE]) {
    clocks.jump(jump);
    meter.count(1, true);
  }
  assertEquals(told.map(({ done }) => done), [1, 2, 3, 4]);
  for (const { rate, secondsLeft = 0 } of told) {
    assert(Number.isFinite(rate) && rate >= 0, `${rate} a second`);
    assert(Number.isFinite(secondsLeft) && secondsLeft >= 0, `${secondsLeft} s left`);
  }
  const cached: RunProgress[] = [];
  const quiet = new ProgressMeter(9, (progress) => cached.push(progress));
  clocks.jump(-DECADE);
  quiet.count(1, false);
  assertEquals(cached.map(({ rate }) => rate), [0], "told, though the clock is behind");
  const clock = new NetworkClock();
  const backend = { run: (): Promise<[]> => Promise.resolve(clocks.jump(-DECADE)).then(() => []) };
  const engine = clock.watch({ backend, network: undefined } as never);
  await engine.backend.run(undefined as never, undefined as never);
  assertGreaterOrEqual(clock.spent, 0);
  assertLess(clock.spent, 1000);
});
