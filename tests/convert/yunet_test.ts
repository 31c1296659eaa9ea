// The published YuNet, converted: the same numbers in fewer layers, and the graph of models/yunet.onnx, whose numbers were
// trained on; other ONNX files are refused.
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { convertYunet } from "../../src/convert/mod.ts";
import { CheckpointError } from "../../src/base/errors.ts";
import { decodeModel } from "../../src/onnx/mod.ts";
import { STRIDES } from "../../src/kernels/likeliest_crop/cpu.ts";
import { createSession, inTurn, loadOrt } from "../../src/runtime/ort.ts";
import { run } from "../cli/run.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import { testWithShared } from "../hosts.ts";

/** The heads of the published graph, and where their numbers lie among the 16 channels. */
const HEADS = [["cls", 0, 1], ["obj", 1, 1], ["bbox", 2, 4], ["kps", 6, 10]] as const;
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

testWithShared(
  "convert makes the graph of models/yunet.onnx, with the published numbers",
  async (data) => {
    using folder = temporaryFolder();
    const path = `${data}../models/yunet.onnx`, out = `${folder.path}/yunet.onnx`;
    const { code, out: said } = await run("convert", path, "-o", out);
    assertEquals(code, 0);
    assertStringIncludes(said, `sha256 ${await sha256Of(out)}`);
    assertEquals(graphOf(out), graphOf("models/yunet.onnx"));
    const ort = await loadOrt("wasm", { threads: 1 });
    const [published, lean] = await Promise.all(
      [path, out].map((file) =>
        createSession(ort, Deno.readFileSync(file), { executionProviders: ["wasm"] })
      ),
    );
    for (const [height, width] of [[64, 96], [160, 128]]) {
      const values = Float32Array.from(
        { length: 2 * 3 * height * width },
        (_, i) => 127 + 127 * Math.sin(i * i / 1000),
      );
      const input = new ort.Tensor("float32", values, [2, 3, height, width]);
      const wanted = await inTurn(() => published.run({ input }));
      const actual = await inTurn(() => lean.run({ input }));
      for (const stride of STRIDES) {
        const map = actual[`heads_${stride}`].data as Float32Array;
        const cells = height * width / stride ** 2;
        assertEquals(actual[`heads_${stride}`].dims, [2, 16, height / stride, width / stride]);
        for (const [head, first, count] of HEADS) {
          const numbers = wanted[`${head}_${stride}`].data as Float32Array;
          assertEquals(numbers.length, 2 * cells * count);
          let worst = 0;
          numbers.forEach((value, i) => {
            const channel = first + i % count, cell = Math.floor(i / count) % cells;
            const picture = Math.floor(i / count / cells);
            const raw = map[(picture * 16 + channel) * cells + cell];
            worst = Math.max(worst, Math.abs((first < 2 ? sigmoid(raw) : raw) - value));
          });
          assertLess(worst, 1e-5, `${head}_${stride} at ${width}x${height}`);
        }
      }
    }
    await published.release();
    await lean.release();
  },
);

async function sha256Of(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
  return new Uint8Array(digest).toHex();
}

/** Layers, names and shapes of a file, without the numbers. */
function graphOf(path: string): unknown {
  const { graph, ...facts } = decodeModel(Deno.readFileSync(path), path);
  const initializer = graph.initializer!.map(({ name, dims, dataType }) => ({
    name,
    dims: dims!.map(Number),
    dataType,
  }));
  // As JSON: absent fields and default ones are the same.
  return JSON.parse(JSON.stringify({ facts, graph: { ...graph, initializer } }));
}

Deno.test("other ONNX files are refused with the remedy, and nothing is written", async () => {
  using folder = temporaryFolder();
  const out = `${folder.path}/out.onnx`, cut = `${folder.path}/cut.onnx`;
  Deno.writeFileSync(cut, Deno.readFileSync("models/yunet.onnx").subarray(0, 1000));
  for (const path of ["models/facemesh.onnx", "models/yunet.onnx", cut]) {
    const error = await assertRejects(() => convertYunet(path, out), CheckpointError, path);
    assertStringIncludes(error.message, ": ");
  }
  const { code, err } = await run("convert", "models/facemesh.onnx", "-o", out);
  assertEquals(code, 2);
  assertStringIncludes(err, "models add");
  assert([...Deno.readDirSync(folder.path)].every(({ name }) => name === "cut.onnx"));
});

Deno.test("options of checkpoints are refused for an ONNX file, and nothing is written", async () => {
  using folder = temporaryFolder();
  const out = `${folder.path}/out.onnx`;
  for (
    const given of [["--fp16"], ["--normalize"], ["--epsilon", "0.1"], ["--key", "state_dict"]]
  ) {
    const { code, err } = await run("convert", "models/yunet.onnx", "-o", out, ...given);
    assertEquals(code, 2);
    assertStringIncludes(err, `yunet.onnx with ${given[0]}: that is for PyTorch checkpoints`);
    assertStringIncludes(err, `leave ${given[0]} out`);
  }
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
