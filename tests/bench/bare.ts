// Bare onnxruntime-web on the models of one verify, with inputs made up beforehand: the floor that our own work is
// measured against. Run as a process of its own by ratios.ts; `createBare` is used by verify_bench.ts.

import * as ort from "onnxruntime-web";

const { models } = JSON.parse(
  await Deno.readTextFile(new URL("../../models/manifest.json", import.meta.url)),
);

/** The sessions; the function does the runs of one comparison: one detection of two photos, two embeddings. */
export async function createBare(): Promise<() => Promise<number>> {
  ort.env.wasm.numThreads = Math.max(1, Math.min(4, navigator.hardwareConcurrency));
  const runs: (() => Promise<ort.InferenceSession.OnnxValueMapType>)[] = [];
  for (const name of ["yunet", "student"]) {
    const { file, input: { name: inputName, size } } = models[name];
    const bytes = await Deno.readFile(new URL(`../../models/${file}`, import.meta.url));
    const session = await ort.InferenceSession.create(bytes);
    const photos = name === "yunet" ? 2 : 1;
    const values = Float32Array.from({ length: photos * 3 * size * size }, (_, i) => Math.sin(i));
    const input = new ort.Tensor("float32", values, [photos, 3, size, size]);
    const run = () => session.run({ [inputName]: input });
    runs.push(...Array.from({ length: 2 / photos }, () => run));
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
