// The matrix product of the wasm backend: the shipped network is the one that its generator makes.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { gemmPays } from "../../src/kernels/cosine_matrix/gemm.ts";
import { gemmModel } from "../../src/kernels/cosine_matrix/generate_gemm.ts";
import { GEMM_MODEL } from "../../src/kernels/cosine_matrix/gemm_model.ts";
import { cosineMatrix } from "../../src/kernels/cosine_matrix/cpu.ts";
import { startCpu, unitRows } from "./helpers.ts";

Deno.test("gemm_model.ts is what generate_gemm.ts makes", () => {
  assertEquals(Uint8Array.from(atob(GEMM_MODEL), (c) => c.charCodeAt(0)), gemmModel());
});

Deno.test("the product serves many probes, TypeScript serves one and little work", () => {
  assertEquals(gemmPays(1, 1e6, 192), false);
  assertEquals(gemmPays(4, 10, 192), false);
  assertEquals(gemmPays(64, 64, 192), true);
});

Deno.test("references beyond one run of the product are scored in parts", async () => {
  const dim = 4096, m = 5, n = 5000; // a run takes 4,096 references of this size
  const left = unitRows(m, dim, 1), right = unitRows(n, dim, 2);
  await using backend = await startCpu();
  using probes = backend.write(left, [m, dim]);
  using references = backend.write(right, [n, dim]);
  using scores = await backend.cosineMatrix(probes, references);
  const [actual] = await backend.read(scores);
  const wanted = cosineMatrix(left, right, dim);
  assertEquals(actual.length, m * n);
  for (let i = 0; i < wanted.length; i += 7) assertAlmostEquals(actual[i], wanted[i], 1e-5);
});
