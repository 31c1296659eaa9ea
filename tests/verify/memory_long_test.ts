// What a verifier keeps over many verifies.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { growth, soak, type SoakPoint } from "../bench/soak_series.ts";
import { photo, testWithGpu } from "../hosts.ts";

/** How many verifies the soak has; `MASKINV_SOAK=10000` for a night. */
const VERIFIES = Number(Deno.env.get("MASKINV_SOAK") ?? 240);

Deno.test("verifies in a row keep no memory on wasm", async () => {
  const [collins, hopper] = await Promise.all(
    ["collins_crop", "hopper_crop"].map((name) => loadImage(photo(name))),
  );
  await using verifier = await createVerifier({ device: "wasm" });
  for (let i = 0; i < 30; i++) await verifier.verify(collins, hopper);
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 100; i++) await verifier.verify(collins, hopper);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  // A leak of one photo or crop a verify would be more than 15 MB.
  assertEquals(grown < 40, true, `${grown.toFixed(1)} MB`);
});

testWithGpu("verifies in a row keep no memory, buffers or handles on WebGPU", async () => {
  const points: SoakPoint[] = [];
  for await (const point of soak({ device: "webgpu" }, VERIFIES, 10)) points.push(point);
  // The cohort's rows stay on the device, from the first verify on.
  assertEquals(points.map(({ handles }) => handles), points.map((_, i) => i === 0 ? 0 : 1));
  // The first part fills pools; then a verify finds all that it needs.
  const { buffers } = points[2], told = JSON.stringify(points);
  for (const point of points.slice(3)) assertLessOrEqual(point.buffers, buffers, told);
  // The two crops of a verify that stay are 300 KB, its photos more; the rest is what resident memory goes up and down by.
  assertLessOrEqual(growth(points), 250_000, told);
});
