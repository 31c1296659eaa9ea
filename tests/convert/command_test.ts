// The command `convert`, on a small network.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { onnx } from "../../src/convert/onnx/graph.ts";
import { convertCheckpoint } from "../../src/convert/mod.ts";
import { run } from "../cli/run.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import { smallNetwork, zipFile } from "./torch_bytes.ts";

function writeSmall(folder: string): string {
  const path = `${folder}/small.pth`;
  Deno.writeFileSync(path, zipFile(smallNetwork()));
  return path;
}

/** Names in a folder, in order. */
function listed(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("convert writes an ONNX file and says what it is", async () => {
  using folder = temporaryFolder();
  const path = writeSmall(folder.path), out = `${folder.path}/model.onnx`;
  const { code, out: said, err } = await run("convert", path, "-o", out);
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(said, "mobilefacenet, templates of 3 numbers");
  assertStringIncludes(said, "NCHW RGB 112x112, (x - 127.5) / 127.5");
  assertEquals(listed(folder.path), ["model.onnx", "small.pth"]);
  const bytes = Deno.readFileSync(out);
  const { graph, metadataProps } = onnx.ModelProto.decode(bytes);
  assertEquals(
    graph!.initializer!.length,
    graph!.node!.flatMap(({ input }) =>
      input!.filter((name) => !graph!.node!.some(({ output }) => output!.includes(name)))
    ).filter((name) => name !== "input").length,
  );
  assert(graph!.node!.every(({ opType }) => opType !== "Dropout"));
  assertEquals(metadataProps!.find(({ key }) => key === "network")?.value, "mobilefacenet");
  const { out: json } = await run("convert", path, "-o", out, "--json");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assertEquals(JSON.parse(json).sha256, digest);
  assertEquals(JSON.parse(json).bytes, bytes.length);
});

Deno.test("denormal weights are written as zero, --normalize and --fp16 change the graph", async () => {
  using folder = temporaryFolder();
  const tensors = smallNetwork(), name = "layers.2.layers.0.layers.2.weight";
  const path = `${folder.path}/small.pth`, out = `${folder.path}/model.onnx`;
  Deno.writeFileSync(
    path,
    zipFile({ ...tensors, [name]: { values: Float32Array.of(1e-40, 0.5), sizes: [2] } }),
  );
  await convertCheckpoint(path, out, { fp16: true, normalized: true });
  const { graph } = onnx.ModelProto.decode(Deno.readFileSync(out));
  const slope = graph!.initializer!.find((tensor) => tensor.name === "layers.2.layers.0.slope")!;
  assertEquals([...new Float32Array(slope.rawData!.slice().buffer)], [0, 0.5]);
  assertEquals(graph!.node!.at(-1)!.opType, "LpNormalization");
  assertEquals(graph!.node!.filter(({ opType }) => opType === "Cast").length, 8);
  const types = (tensors: readonly { dims?: unknown[] | null; dataType?: number | null }[]) =>
    new Set(tensors.filter(({ dims }) => dims!.length === 4).map(({ dataType }) => dataType));
  const { FLOAT, FLOAT16 } = onnx.TensorProto.DataType;
  assertEquals(types(graph!.initializer!), new Set([FLOAT16]));
  await convertCheckpoint(path, out);
  const plain = onnx.ModelProto.decode(Deno.readFileSync(out)).graph!;
  assertEquals(types(plain.initializer!), new Set([FLOAT]));
  assertEquals(plain.node!.at(-1)!.opType, "Flatten");
});

Deno.test("convert refuses with exit code 2, and leaves files as they were", async () => {
  using folder = temporaryFolder();
  const path = writeSmall(folder.path), before = Deno.readFileSync(path);
  const tensors = smallNetwork();
  const broken = `${folder.path}/broken.pth`, out = `${folder.path}/model.onnx`;
  Deno.writeFileSync(
    broken,
    zipFile({
      ...tensors,
      "features.layers.3.weight": { values: new Float32Array(3).fill(Infinity), sizes: [3] },
    }),
  );
  Deno.writeTextFileSync(out, "the model before");
  const cases: readonly (readonly [string[], string])[] = [
    [[path], "give -o <model.onnx>"],
    [[path, "-o", path], "over"],
    [[path, "-o", `${folder.path}/none/model.onnx`], "check the folder"],
    [[path, "-o", out, "--epsilon", "-1"], "epsilon -1"],
    [[path, "-o", out, "--key", "ema"], 'no network at "ema"'],
    [[broken, "-o", out], "diverge"],
    [[`${folder.path}/none.pth`, "-o", out], "none.pth"],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await run("convert", ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, message);
  }
  assertEquals(Deno.readTextFileSync(out), "the model before");
  assertEquals(Deno.readFileSync(path), before);
  assertEquals(listed(folder.path), ["broken.pth", "model.onnx", "small.pth"]);
});
