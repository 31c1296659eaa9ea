// What masks cost a model by age, sex and origin: the cosine of the masked photo's template and the clean photo's own,
// on the UTKFace photos that training has not seen (their names say age_sex_origin):
//   deno run -A tests/bench/groups.ts <shards> <student.onnx> ...
// deno-lint-ignore-file no-console

import { createSession, loadOrt } from "../../src/runtime/ort.ts";
import { openValidationData } from "../../src/distill/mod.ts";

const NAME = /unlabelled\/(\d+)_([01])_([0-4])_/;
const ORIGINS = ["White", "Black", "Asian", "Indian", "other"];
const FACE = 112 * 112 * 3;

const [shards, ...models] = Deno.args;
const data = await openValidationData(shards, { maxPhotos: 1e9 });
const rows = data.files.flatMap((file, i) => {
  const [, age, sex, origin] = NAME.exec(file) ?? [];
  return age
    ? [{ i, groups: ["all", ageOf(Number(age)), sexOf(sex), ORIGINS[Number(origin)]] }]
    : [];
});
for (const path of models) {
  const cosines = await cosinesOf(await Deno.readFile(path), rows.map(({ i }) => i));
  console.log(path);
  for (const group of new Set(rows.flatMap(({ groups }) => groups).sort())) {
    const values = cosines.filter((_, at) => rows[at].groups.includes(group)).sort((a, b) => a - b);
    const at = (share: number): string => values[Math.floor(share * values.length)].toFixed(3);
    console.log(
      `  ${group.padEnd(12)} n ${values.length}  median ${at(0.5)}  10% below ${at(0.1)}`,
    );
  }
}
Deno.exit(0);

function ageOf(age: number): string {
  return age < 18 ? "age 0-17" : age < 40 ? "age 18-39" : age < 65 ? "age 40-64" : "age 65+";
}

function sexOf(sex: string): string {
  return sex === "0" ? "male" : "female";
}

/** Cosine of the masked and the clean photo, both by the model. */
async function cosinesOf(onnx: Uint8Array, photos: readonly number[]): Promise<number[]> {
  const ort = await loadOrt("wasm");
  const session = await createSession(ort, onnx, { executionProviders: ["wasm"] });
  const cosines: number[] = [];
  for (const i of photos) {
    const input = new Float32Array(2 * FACE);
    input.set(data.clean.subarray(i * FACE, (i + 1) * FACE));
    input.set(data.masked.subarray(i * FACE, (i + 1) * FACE), FACE);
    const tensor = new ort.Tensor("float32", input, [2, 112, 112, 3]);
    const values = (await session.run({ input: tensor })).embedding.data as Float32Array;
    const size = values.length / 2;
    let sum = 0;
    for (let k = 0; k < size; k++) sum += values[k] * values[size + k];
    cosines.push(sum);
  }
  await session.release();
  return cosines;
}
