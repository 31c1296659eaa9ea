// What onnxruntime-web leaves behind in the process that it runs in.

import { assert, assertEquals } from "@std/assert";
import { createGemm } from "../../src/kernels/cosine_matrix/gemm.ts";
import { CpuContext } from "../../src/runtime/cpu/context.ts";

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
