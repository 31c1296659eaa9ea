// Safetensors: what convert makes of them is what it makes of torch's own file; hostile headers are refused.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CheckpointError } from "../../src/base/errors.ts";
import { convertCheckpoint, openCheckpoint } from "../../src/convert/mod.ts";
import { isSafetensors, readSafetensors } from "../../src/convert/safetensors/read.ts";
import { readTorch } from "../../src/convert/torch/read.ts";
import { StoredTensor } from "../../src/convert/torch/stored_tensor.ts";
import { fileSource, memorySource } from "../../src/pickle/source.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import { makeCheckpoints, testWithTorch } from "./torch_fixtures.ts";

/** A file with this header and these bytes behind it. */
function file(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const read = (bytes: Uint8Array): ReadonlyMap<string, StoredTensor> =>
  readSafetensors(memorySource(bytes), "x.safetensors");

Deno.test("tensors by their names, in every floating-point type", () => {
  const data = new Uint8Array(new Float32Array([1, -2.5, 3, 4]).buffer);
  const half = new Uint8Array(new Float16Array([0.5, -8]).buffer);
  const tensors = read(
    file({
      __metadata__: { format: "pt" },
      "a.weight": { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
      "b.bias": { dtype: "F16", shape: [2], data_offsets: [16, 20] },
      count: { dtype: "BF16", shape: [], data_offsets: [2, 4] },
    }, new Uint8Array([...data, ...half])),
  );
  assertEquals([...tensors.keys()], ["a.weight", "b.bias", "count"]);
  assertEquals(tensors.get("a.weight")!.sizes, [2, 2]);
  assertEquals([...tensors.get("a.weight")!.values()], [1, -2.5, 3, 4]);
  assertEquals([...tensors.get("b.bias")!.values()], [0.5, -8]);
  assertEquals([...tensors.get("count")!.values()], [1]); // the upper half of float32's 1
});

Deno.test("headers that lie are refused with the file's name", async () => {
  const data = new Uint8Array(16);
  const of = (about: unknown): Uint8Array => file({ w: about }, data);
  const hostile = [
    file("{ no JSON", data),
    file('{"w":null}', data),
    of({ dtype: "F8_E5M2", shape: [1], data_offsets: [0, 1] }),
    of({ dtype: "constructor", shape: [1], data_offsets: [0, 4] }),
    of({ dtype: "F32", shape: [-1], data_offsets: [0, 4] }),
    of({ dtype: "F32", shape: [1e308, 1e308], data_offsets: [0, 4] }),
    of({ dtype: "F32", shape: [4], data_offsets: [0, 12] }),
    of({ dtype: "F32", shape: [4], data_offsets: [8, 24] }),
    of({ dtype: "F32", shape: [4], data_offsets: [0] }),
    of({ dtype: "F32", shape: "4", data_offsets: [0, 16] }),
  ];
  for (const bytes of hostile) assertThrows(() => read(bytes), CheckpointError, "x.safetensors");
  const long = file({}, data);
  new DataView(long.buffer).setBigUint64(0, 2n ** 60n, true);
  assertEquals(isSafetensors(memorySource(long)), false);
  await assertRejects(() => openCheckpoint(long), CheckpointError, ".safetensors");
});

testWithTorch("a safetensors file gives the ONNX file of torch's own", async () => {
  using folder = temporaryFolder();
  makeCheckpoints(folder.path, [{ file: "mbf.pth", network: "mbf" }]);
  const path = `${folder.path}/mbf.pth`, other = `${folder.path}/mbf.safetensors`;
  {
    using source = await fileSource(path, CheckpointError);
    const saved = readTorch(source, path) as ReadonlyMap<string, unknown>;
    const header: Record<string, unknown> = {}, parts: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    for (const [name, tensor] of saved) {
      if (!(tensor instanceof StoredTensor) || tensor.type !== "Float") continue;
      const bytes = new Uint8Array(tensor.values().buffer);
      parts.push(bytes);
      header[name] = { dtype: "F32", shape: tensor.sizes, data_offsets: [at, at += bytes.length] };
    }
    await Deno.writeFile(other, file(header, new Uint8Array(await new Blob(parts).arrayBuffer())));
  }
  const [torch, tensors] = [
    await convertCheckpoint(path, `${folder.path}/a.onnx`),
    await convertCheckpoint(other, `${folder.path}/b.onnx`),
  ];
  assertEquals(tensors, torch);
});
