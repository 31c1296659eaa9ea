// What the commands say of faces that are not compared, and their exit codes.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { folderWithHead, type Said } from "../heads.ts";
import { photo } from "../hosts.ts";
import { run } from "./run.ts";

async function verify(
  said: Said,
  ...options: string[]
): Promise<{ code: number; out: string; err: string }> {
  const models = await folderWithHead(said);
  const photos = [photo("hopper"), photo("hopper_crop")];
  try {
    return await run("verify", "--device", "wasm", "--models", models, ...options, ...photos);
  } finally {
    await Deno.remove(models, { recursive: true });
  }
}

Deno.test("verify exits with 2 where a face cannot be compared, and says why", async () => {
  const { code, err, out } = await verify({ similarity: 0.1, fault: "washed-out" });
  assertEquals([code, out], [2, ""]);
  for (const part of ["hopper.jpg", "hopper_crop.jpg", "washed out", "0.10"]) {
    assertStringIncludes(err, part);
  }
});

Deno.test("verify compares it where less is asked for, and prints what is expected of it", async () => {
  const said = { similarity: 0.1, darkGlasses: 0.9, covering: "other" } as const;
  const { code, out } = await verify(said, "--min-similarity", "0");
  assertEquals(code, 0);
  for (const part of ["expected similarity 0.10", "dark glasses", "something else than a mask"]) {
    assertStringIncludes(out, part);
  }
});

Deno.test("verify refuses two children, and compares them with a note if asked", async () => {
  const refused = await verify({ child: 0.8 });
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, "29%");
  const asked = await verify({ child: 0.8 }, "--compare-children");
  assertEquals(asked.code, 0);
  assertStringIncludes(asked.out, "both are taken for children");
});
