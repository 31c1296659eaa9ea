// The command line as a process of its own: permissions, hosts without a GPU, exit codes, quiet output.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { photo } from "../hosts.ts";
import { command, deno, NO_GPU, root } from "./process.ts";

Deno.test("verify needs nothing but --allow-read, also on a host without a GPU", async () => {
  const args = ["verify", photo("collins"), photo("collins_masked")];
  const { code, out, err } = await deno(["--allow-read"], args, NO_GPU);
  assertEquals(code, 0, err);
  assertStringIncludes(out, "match");
  assertStringIncludes(out, "wasm");
  assertEquals(out.includes("\x1b"), false, "colours where there is no terminal");
  assertEquals(err, "");
  const other = await deno(["--allow-read"], ["verify", photo("collins"), photo("hopper")], NO_GPU);
  assertEquals(other.code, 1, other.err);
});

Deno.test("asking for WebGPU on a host without a GPU is an error that says so", async () => {
  const args = ["verify", "--device", "webgpu", photo("collins"), photo("hopper")];
  const { code, err } = await deno(["--allow-read"], args, NO_GPU);
  assertEquals(code, 2);
  assertStringIncludes(err, "no WebGPU adapter");
});

Deno.test("without permission to read, the error names the permission", async () => {
  const permissions = ["--allow-read", `--deny-read=${root}tests/photos`];
  const { code, err } = await deno(permissions, ["detect", "--device", "wasm", photo("collins")]);
  assertEquals(code, 2, err);
  assertStringIncludes(err, "--allow-read");
  const none = await deno([], ["detect", "--device", "wasm", photo("collins")]);
  assertEquals(none.code, 2, none.err);
  assertEquals(
    none.err,
    "maskinv: Cannot run detect as this process has no permission to read files: run it with --allow-read\n",
  );
});

for (
  const [name, photos] of [["detect", ["collins"]], ["verify", ["collins", "hopper"]]] as const
) {
  Deno.test(`${name} --annotate writes its picture also where the output is closed`, async () => {
    const folder = await Deno.makeTempDir();
    const picture = `${folder}/out.png`;
    const args = [name, "--device", "wasm", "--annotate", picture, ...photos.map(photo)];
    const child = command(["-A"], args).spawn();
    await child.stdout.cancel();
    const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assertEquals([code, err], [141, ""]);
    assertEquals((await Deno.readFile(picture)).subarray(1, 4), new TextEncoder().encode("PNG"));
    await Deno.remove(folder, { recursive: true });
  });
}
