// Bare onnxruntime-web on the models of one verify, with inputs made up beforehand: the floor that our own work is
// measured against. Run as a process of its own by ratios.ts; `createBare` is used by verify_bench.ts.

import * as ort from "onnxruntime-web";

const INPUTS = { "blazeface-back": 256, facemesh: 192, student: 112 } as const;

/** The three sessions; the function does the runs of one comparison: two detections, two meshes, two embeddings. */
export async function createBare(): Promise<() => Promise<number>> {
  ort.env.wasm.numThreads = Math.max(1, Math.min(4, navigator.hardwareConcurrency));
  const runs: (() => Promise<ort.InferenceSession.OnnxValueMapType>)[] = [];
  for (const [name, size] of Object.entries(INPUTS)) {
    const bytes = await Deno.readFile(new URL(`../../models/${name}.onnx`, import.meta.url));
    const session = await ort.InferenceSession.create(bytes);
    const values = Float32Array.from({ length: size * size * 3 }, (_, i) => Math.sin(i));
    const input = new ort.Tensor("float32", values, [1, size, size, 3]);
    const run = () => session.run({ [session.inputNames[0]]: input });
    runs.push(run, run);
  }
  return async () => {
    let last = 0;
    for (const run of runs) last = Number(Object.values(await run())[0].data[0]);
    return last;
  };
}

if (import.meta.main) {
  await (await createBare())();
  Deno.exit(0);
}
