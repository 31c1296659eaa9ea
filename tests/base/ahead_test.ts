// Two items under way at a time: in order, as soon as they are there, and neither more of the source nor more work than that.

import { assertEquals, assertRejects } from "@std/assert";
import { workAhead } from "../../src/base/ahead.ts";

/** Lets everything that can go on do so. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 1));

Deno.test("results come in the order of the items while the next is worked on", async () => {
  const log: string[] = [];
  async function* items(): AsyncGenerator<number, void, void> {
    for (let i = 0; i < 4; i++) {
      log.push(`fetch ${i}`);
      yield i;
    }
  }
  const waiting: PromiseWithResolvers<void>[] = [];
  const results = workAhead(items(), async (item) => {
    log.push(`work ${item}`);
    const done = waiting[item] = Promise.withResolvers<void>();
    await done.promise;
    return item * 10;
  });
  const first = results.next();
  await settled();
  // The second is fetched and begun, the third is not even fetched.
  assertEquals(log, ["fetch 0", "work 0", "fetch 1", "work 1"]);
  waiting[1].resolve();
  waiting[0].resolve();
  assertEquals(await first, { value: 0, done: false });
  await settled();
  assertEquals(log.length, 4);
  const second = results.next();
  assertEquals(await second, { value: 10, done: false });
  await settled();
  assertEquals(log.slice(4), ["fetch 2", "work 2"]);
  const rest = Array.fromAsync(results);
  for (const i of [2, 3]) {
    while (!waiting[i]) await settled();
    waiting[i].resolve();
  }
  assertEquals(await rest, [20, 30]);
});

Deno.test("a result does not wait for the source's next item", async () => {
  async function* items(): AsyncGenerator<number, void, void> {
    yield 1;
    await new Promise(() => {});
  }
  const results = workAhead(items(), (item) => Promise.resolve(item));
  assertEquals((await results.next()).value, 1);
  await results.return();
});

Deno.test("an error comes after the results before it, and ends the source", async () => {
  let closed = false;
  async function* items(): AsyncGenerator<number, void, void> {
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      closed = true;
    }
  }
  const seen: number[] = [];
  const run = async (): Promise<void> => {
    const work = (item: number): Promise<number> =>
      item === 2 ? Promise.reject(new Error("two")) : Promise.resolve(item);
    for await (const result of workAhead(items(), work)) seen.push(result);
  };
  await assertRejects(run, Error, "two");
  await settled();
  assertEquals(seen, [0, 1]);
  assertEquals(closed, true);
});

Deno.test("who leaves early begins no more work", async () => {
  let begun = 0;
  const fetched = Promise.withResolvers<void>();
  async function* items(): AsyncGenerator<number, void, void> {
    yield 0;
    await fetched.promise;
    yield 1;
  }
  const work = (item: number): Promise<number> => {
    begun++;
    return Promise.resolve(item);
  };
  for await (const result of workAhead(items(), work)) {
    assertEquals(result, 0);
    break;
  }
  fetched.resolve();
  await settled();
  assertEquals(begun, 1);
});

Deno.test("an empty source gives nothing, and a source that fails its error", async () => {
  async function* none(): AsyncGenerator<number, void, void> {}
  assertEquals(await Array.fromAsync(workAhead(none(), (item) => Promise.resolve(item))), []);
  // deno-lint-ignore require-yield
  async function* failing(): AsyncGenerator<number, void, void> {
    throw new Error("no source");
  }
  await assertRejects(
    () => Array.fromAsync(workAhead(failing(), (item) => Promise.resolve(item))),
    Error,
    "no source",
  );
});
