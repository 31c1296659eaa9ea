// What onnxruntime-web leaves behind in the process that it runs in.

import { assert, assertEquals } from "@std/assert";
import { createGemm } from "../../src/kernels/cosine_matrix/gemm.ts";
import { CpuContext } from "../../src/runtime/cpu/context.ts";
import { lendWorker } from "../../src/runtime/lend_worker.ts";

Deno.test("starting onnxruntime leaves the host its Worker, which can post messages", async () => {
  const before = Worker;
  await using context = new CpuContext({});
  const gemm = createGemm(context);
  const scores = await gemm(new Float32Array([1, 2]), new Float32Array([3, 4]), 2);
  assertEquals([...scores], [11]);
  assert(Worker === before);
  const url = URL.createObjectURL(
    new Blob(["onmessage = ({ data }) => postMessage(data + 1);"], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { type: "module" });
  const answer = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(41);
  });
  worker.terminate();
  URL.revokeObjectURL(url);
  assertEquals(answer, 42);
});

Deno.test("the host has its Worker again when several sessions were made at once", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  const assign = async (milliseconds: number): Promise<void> => {
    (globalThis as { Worker: unknown }).Worker = class Replacement {};
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  };
  await Promise.all([5, 1, 9].map((milliseconds) => lendWorker(() => assign(milliseconds))));
  assertEquals(Object.getOwnPropertyDescriptor(globalThis, "Worker"), before);
});

Deno.test("what takes the place of Worker starts its threads without environment variables", async () => {
  let seen: unknown;
  await lendWorker(() => {
    (globalThis as { Worker: unknown }).Worker = class {
      constructor(_file: URL, options: unknown) {
        seen = options;
      }
    };
    new Worker(new URL("file:///thread.js"), { type: "module", name: "thread" });
    return Promise.resolve();
  });
  assertEquals(seen, { type: "module", name: "thread", env: {} });
});
