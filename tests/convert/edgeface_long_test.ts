// Idiap's published EdgeFace checkpoints, converted, beside their plain exports: the same templates on real crops, in a
// leaner graph.
import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { createSession, inTurn, loadOrt, type Ort } from "../../src/runtime/ort.ts";
import { convertCheckpoint } from "../../src/convert/mod.ts";
import { onnx } from "../../src/convert/onnx/graph.ts";
import { decodeImage } from "../../src/image/mod.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import { testWithGpuAndShared, testWithShared } from "../hosts.ts";
import { wrap } from "../spies.ts";

type Session = {
  readonly ort: Ort;
  readonly session: Awaited<ReturnType<typeof createSession>>;
};

const CROPS = 200, SIZE = 112, MARGIN = 16, TEMPLATE_SIZE = 512;
const MODELS = [
  { file: "edgeface_xs", network: "edgeface-xs" },
  { file: "edgeface_xxs", network: "edgeface-xxs" },
];

/** Crops of the validation split, evenly spread over it. */
async function readCrops(data: string, count: number): Promise<Float32Array<ArrayBuffer>> {
  const files = Deno.readTextFileSync(`${data}faces/index.tsv`).split("\n")
    .map((line) => line.split("\t")).filter(([, , split]) => split === "validation");
  const pixels = new Float32Array(count * 3 * SIZE * SIZE);
  for (let i = 0; i < count; i++) {
    const [file] = files[Math.floor(i * files.length / count)];
    const { data: bytes, width, height } = await decodeImage(
      Deno.readFileSync(`${data}faces/${file}`),
    );
    const channels = bytes.length / (width * height);
    for (let c = 0; c < 3; c++) {
      for (let at = 0; at < SIZE * SIZE; at++) {
        const x = at % SIZE + MARGIN, y = Math.floor(at / SIZE) + MARGIN;
        pixels[(i * 3 + c) * SIZE * SIZE + at] = (bytes[(y * width + x) * channels + c] - 127.5) /
          127.5;
      }
    }
  }
  return pixels;
}

async function open(model: Uint8Array, device: "wasm" | "webgpu" = "wasm"): Promise<Session> {
  const ort = await loadOrt(device, { threads: 1 });
  const session = await createSession(ort, model, { executionProviders: [device] });
  return { ort, session };
}

/** Templates of crops, ten at a time. */
async function embed(
  { ort, session }: Session,
  pixels: Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const { inputNames: [input], outputNames: [output] } = session;
  const each = 3 * SIZE * SIZE, templates: number[] = [];
  for (let at = 0; at < pixels.length; at += 10 * each) {
    const part = pixels.slice(at, at + 10 * each);
    const tensor = new ort.Tensor("float32", part, [part.length / each, 3, SIZE, SIZE]);
    const result = await inTurn(() => session.run({ [input]: tensor }));
    templates.push(...result[output].data as Float32Array);
  }
  return Float32Array.from(templates);
}

/** The least cosine of rows with the same number. */
function leastCosine(a: Float32Array, b: Float32Array): number {
  let least = Infinity;
  for (let row = 0; row < a.length; row += TEMPLATE_SIZE) {
    let product = 0, squaresA = 0, squaresB = 0;
    for (let i = row; i < row + TEMPLATE_SIZE; i++) {
      product += a[i] * b[i];
      squaresA += a[i] ** 2;
      squaresB += b[i] ** 2;
    }
    least = Math.min(least, product / Math.sqrt(squaresA * squaresB));
  }
  return least;
}

for (const { file, network } of MODELS) {
  testWithShared(
    `${network}, quantised, converts to the plain export's templates`,
    async (data) => {
      using folder = temporaryFolder();
      const out = `${folder.path}/model.onnx`;
      const found = await convertCheckpoint(`${data}../models/${file}_q.pt`, out);
      assertEquals(
        [found.network, found.family, found.key, found.templateSize],
        [network, "edgeface", "model", TEMPLATE_SIZE],
      );
      const model = Deno.readFileSync(out), pixels = await readCrops(data, CROPS);
      const lean = await open(model),
        plain = await open(
          Deno.readFileSync(`${data}../models/${file}.onnx`),
        );
      const templates = await embed(lean, pixels), wanted = await embed(plain, pixels);
      await lean.session.release();
      await plain.session.release();
      assertEquals([templates.length, wanted.length], Array(2).fill(CROPS * TEMPLATE_SIZE));
      assertGreaterOrEqual(leastCosine(templates, wanted), 0.9999);
      for (let i = 0; i < CROPS; i++) {
        const length = Math.hypot(
          ...templates.subarray(i * TEMPLATE_SIZE, (i + 1) * TEMPLATE_SIZE),
        );
        assertLess(Math.abs(length - 1), 1e-5);
      }
      const { graph } = onnx.ModelProto.decode(model);
      const operators = new Set(graph!.node!.map(({ opType }) => opType));
      assertEquals(["Shape", "Gather", "Erf"].filter((operator) => operators.has(operator)), []);
    },
  );
}

testWithGpuAndShared("edgeface-xs takes at most 190 dispatches a run on WebGPU", async (data) => {
  using folder = temporaryFolder();
  const out = `${folder.path}/model.onnx`;
  await convertCheckpoint(`${data}../models/edgeface_xs_q.pt`, out);
  const model = Deno.readFileSync(out), pixels = await readCrops(data, 2);
  const onGpu = await open(model, "webgpu"), onCpu = await open(model);
  await embed(onGpu, pixels);
  let dispatches = 0;
  using _ = wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", (_, call) => {
    dispatches++;
    return call();
  });
  const templates = await embed(onGpu, pixels);
  assertGreater(dispatches, 50);
  assertLessOrEqual(dispatches, 190);
  assertGreaterOrEqual(leastCosine(templates, await embed(onCpu, pixels)), 0.99999);
  await onGpu.session.release();
  await onCpu.session.release();
});
