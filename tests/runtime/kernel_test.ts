// Kernels as a runtime prepares them: each once, the half of its device, and again after a failure; and pictures that
// come back from where it computes.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, ShaderError } from "../../src/base/errors.ts";
import type { Kernel } from "../../src/runtime/kernel.ts";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { backendTest, texture, webgpuTest } from "../kernels/helpers.ts";

backendTest("a runtime prepares a kernel once, and the half of its device", async (backend) => {
  const made: string[] = [];
  const kernel: Kernel<() => string> = {
    name: "test",
    cpu: () => {
      made.push("wasm");
      return () => "wasm";
    },
    gpu: () => {
      made.push("webgpu");
      return Promise.resolve(() => "webgpu");
    },
  };
  const [first, second] = await Promise.all([backend.prepare(kernel), backend.prepare(kernel)]);
  assert(first === second && await backend.prepare(kernel) === first);
  assertEquals(first(), backend.device);
  assertEquals(made, [backend.device]);
});

webgpuTest(
  "a shader that does not compile is told, and the next one tries again",
  async (backend) => {
    let code = "fn main( {";
    const kernel: Kernel<() => void> = {
      name: "broken",
      cpu: () => () => {},
      gpu: async (context) => {
        await context.pipeline({ label: "broken", code, bindings: [] });
        return () => {};
      },
    };
    await assertRejects(() => backend.prepare(kernel), ShaderError, "broken");
    code = "@compute @workgroup_size(1) fn main() {}";
    await backend.prepare(kernel);
  },
);

backendTest("a picture comes back as it was, and only from its own runtime", async (backend) => {
  const image = texture(37, 21);
  using photo = backend.upload(image);
  const { width, height, data } = await backend.download(photo);
  assertEquals([width, height], [37, 21]);
  assertEquals(data, image.data);
  if (backend.device === "wasm") return;
  await using other = new CpuRuntime();
  await assertRejects(() => backend.download(other.upload(image)), InvalidArgumentError);
  assertThrows(() => void other.download(photo), InvalidArgumentError);
});
