// AbortSignal through the long calls: callers are answered with the signal's reason at once, nothing is left on the
// device, and the verifier goes on working for others.

import { assert, assertEquals, assertLess, assertLessOrEqual, assertRejects } from "@std/assert";
import { createVerifier, type Verifier } from "../../mod.ts";
import { inTurn } from "../../src/runtime/ort.ts";
import { createGallery, createMemoryStore } from "../../src/gallery/mod.ts";
import { photo, testOnDevices, testWithGpu } from "../hosts.ts";
import { countBuffers, countHandles, wrap } from "../spies.ts";

const REASON = new Error("the client has gone");

/** Each long call on photos, with a signal. */
const CALLS:
  readonly (readonly [string, (verifier: Verifier, signal: AbortSignal) => Promise<unknown>])[] = [
    ["detect", (verifier, signal) => verifier.detect(photo("collins"), { signal })],
    ["embed", (verifier, signal) => verifier.embed(photo("collins"), { signal })],
    [
      "verify",
      (verifier, signal) => verifier.verify(photo("collins"), photo("hopper"), { signal }),
    ],
    ["embedAll", async (verifier, signal) => {
      const some = ["collins", "hopper", "collins_dark"].map(photo);
      for await (const _ of verifier.embedAll(some, { signal, batchSize: 1 }));
    }],
    ["identify", async (verifier, signal) => {
      const gallery = createGallery({ store: createMemoryStore({ device: "wasm" }), verifier });
      await gallery.identify(photo("collins"), { signal, threshold: 0.5 });
    }],
    ["enrol", async (verifier, signal) => {
      const store = createMemoryStore({ device: "wasm" });
      const gallery = createGallery({ store, verifier });
      try {
        await gallery.enrol("Eileen Collins", photo("collins"), { signal });
      } finally {
        assertEquals((await store.count()).templates, 0);
      }
    }],
  ];

testOnDevices(
  "a call whose signal is aborted is rejected with its reason, and frees what it held",
  async (device) => {
    using buffers = countBuffers();
    using handles = countHandles();
    await using verifier = await createVerifier({ device });
    const before = await verifier.embed(photo("collins"));
    assert(before.kind === "acquired");
    // The cohort's rows stay on the device.
    const idle = buffers.live, kept = handles.live;
    for (const [name, call] of CALLS) {
      await assertRejects(
        () => call(verifier, AbortSignal.abort(REASON)),
        Error,
        REASON.message,
        name,
      );
      // In the middle of the work: while the photo is read, and while the GPU computes. Wasm may hold the thread to the end,
      // so that there it is aborted as soon as it has begun.
      for (const delay of device === "webgpu" ? [0, 1, 5] : [0]) {
        const controller = new AbortController();
        let ended = false;
        const running = call(verifier, controller.signal).finally(() => ended = true);
        running.catch(() => {});
        if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
        assertEquals(ended, false, `${name} ended within ${delay} ms`);
        controller.abort(REASON);
        const start = performance.now();
        await assertRejects(() => running, Error, REASON.message, name);
        assertLess(performance.now() - start, 1000);
      }
    }
    // The last work ends by itself; then all is as before.
    const after = await verifier.embed(photo("collins"));
    assert(after.kind === "acquired");
    assertEquals(after.template.embedding, before.template.embedding);
    while (handles.live > kept) await new Promise((resolve) => setTimeout(resolve, 5));
    // Calls that were still ending while the next one ran have left the pools larger; 18 calls that keep what they held
    // would be more.
    assertLess(buffers.live, idle + 90);
  },
);

testWithGpu("calls aborted at any point leave the device's memory as it was", async () => {
  using buffers = countBuffers();
  using handles = countHandles();
  let submits = 0, last = Infinity;
  let controller = new AbortController();
  using _submits = wrap(GPUQueue.prototype, "submit", (_, call) => {
    if (++submits === last) controller.abort(REASON);
    return call();
  });
  await using verifier = await createVerifier({ device: "webgpu" });
  const verify = async (): Promise<void> => {
    submits = 0;
    controller = new AbortController();
    const { signal } = controller;
    await verifier.verify(photo("collins_crop"), photo("hopper_crop"), { signal });
  };
  await verify();
  await verify();
  const whole = submits, idle = buffers.live, kept = handles.live;
  // One after the other, so that nothing is held beside what a whole verify holds.
  for (let round = 0; round < 20; round++) {
    last = 1 + (7 * round) % whole;
    await assertRejects(verify, Error, REASON.message);
    while (handles.live > kept) await new Promise((resolve) => setTimeout(resolve, 5));
    // Outputs go back to onnxruntime in turn with its runs.
    await inTurn(() => Promise.resolve());
    assertLessOrEqual(buffers.live, idle, `aborted at submit ${last} of ${whole}, round ${round}`);
  }
});

Deno.test("loading models can be aborted, and an aborted verifier is none", async () => {
  await assertRejects(
    () => createVerifier({ device: "wasm", signal: AbortSignal.abort(REASON) }),
    Error,
    REASON.message,
  );
  const controller = new AbortController();
  const never = (): Promise<Uint8Array> => new Promise(() => {});
  const loading = createVerifier({ device: "wasm", models: never, signal: controller.signal });
  loading.catch(() => {});
  controller.abort(REASON);
  await assertRejects(() => loading, Error, REASON.message);
});

Deno.test("a list of photos that never gives its next one ends when the signal says so", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const controller = new AbortController();
  async function* stuck(): AsyncGenerator<string> {
    yield photo("collins");
    await new Promise(() => {});
  }
  let seen = 0;
  const options = { signal: controller.signal, batchSize: 1 };
  await assertRejects(
    async () => {
      for await (const result of verifier.embedAll(stuck(), options)) {
        assertEquals(result.kind, "acquired");
        seen++;
        setTimeout(() => controller.abort(REASON), 5);
      }
    },
    Error,
    REASON.message,
  );
  assertEquals(seen, 1);
});
