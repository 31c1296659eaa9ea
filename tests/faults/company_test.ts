// Verifiers in company: on both devices in one process, one closed under the other's work, and in workers beside the main
// thread. All give the score that each gives alone.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { createVerifier, DisposedError, type Verifier } from "../../mod.ts";
import { photo, testOnDevices, testWithGpu } from "../hosts.ts";
import type { VerifyAnswer, VerifyRequest } from "./verify_worker.ts";

const probe = photo("collins_crop"), reference = photo("collins_masked");

async function score(verifier: Verifier): Promise<number> {
  const result = await verifier.verify(probe, reference);
  assert(result.kind === "compared", JSON.stringify(result));
  return result.score;
}

testWithGpu(
  "a verifier on wasm and one on WebGPU, each closed under the other's work",
  async () => {
    for (const leaving of ["wasm", "webgpu"] as const) {
      const staying = leaving === "wasm" ? "webgpu" : "wasm";
      await using stays = await createVerifier({ device: staying });
      const leaves = await createVerifier({ device: leaving });
      const alone = await score(stays);
      const under = [score(stays), score(leaves), score(stays)];
      // Waits for its own call, and for no other verifier's.
      const closing = leaves.dispose();
      const scores = await Promise.all(under);
      await closing;
      for (const value of scores) assertAlmostEquals(value, alone, 1e-3, `${leaving} leaves`);
      assertAlmostEquals(scores[0], alone, 1e-6);
      await assertRejects(() => score(leaves), DisposedError);
      assertAlmostEquals(await score(stays), alone, 1e-6, `${staying} stays`);
    }
  },
);

/** The answer of a worker, which is ended with the test. */
async function inWorker(request: VerifyRequest): Promise<VerifyAnswer> {
  const url = new URL("./verify_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<VerifyAnswer>): void => resolve(data);
      worker.onerror = (event): void => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}

testOnDevices("workers give the main thread's score, beside it and each other", async (device) => {
  await using verifier = await createVerifier({ device });
  const alone = await score(verifier);
  const request: VerifyRequest = { device, probe, reference };
  const [first, second, beside] = await Promise.all([
    inWorker(request),
    inWorker(request),
    score(verifier),
  ]);
  assertAlmostEquals(beside, alone, 1e-6);
  for (const answer of [first, second]) {
    assert("score" in answer, JSON.stringify(answer));
    assertEquals(answer.device, device);
    assertAlmostEquals(answer.score, alone, 1e-6);
  }
  const broken = await inWorker({ ...request, probe: "/nowhere.jpg" });
  assert("error" in broken && broken.error.includes("/nowhere.jpg"), JSON.stringify(broken));
  // Ended without a word while it was at work; the main thread goes on.
  const worker = new Worker(new URL("./verify_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(request);
  await new Promise((resolve) => setTimeout(resolve, 300));
  worker.terminate();
  assertAlmostEquals(await score(verifier), alone, 1e-6);
});
