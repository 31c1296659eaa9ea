// Networks of others as what a student starts from; foreign_long_test.ts has one of torch, and one as a teacher.

import { assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import type { Layer } from "../../src/distill/network/layers.ts";
import { StudentNetwork } from "../../src/distill/network/student.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout } from "../../src/distill/train/flat.ts";
import { ModelError } from "../../src/base/errors.ts";
import { addModel } from "../../src/model/add/add.ts";
import { familyOf } from "../../src/model/families.ts";
import { tinyModel } from "../model/tiny_models.ts";
import { outputs, PIXELS } from "./outputs.ts";

const packaged = (file: string): string =>
  decodeURIComponent(new URL(`../../models/${file}`, import.meta.url).pathname);

Deno.test("a first layer for other pixels becomes one for a student's", async () => {
  const shape = { inputs: 3, outputs: 2, size: 3, stride: 1, padding: [1, 1] as const };
  const small = new StudentNetwork("small", 2 * PIXELS, [
    { kind: "convolution", name: "first", depthwise: false, ...shape },
    { kind: "activation", name: "second", channels: 2 },
  ] as Layer[]);
  const parameters = {
    "first.weight": Float32Array.from({ length: 54 }, (_, i) => Math.sin(i)),
    "first.bias": Float32Array.of(0.3, -0.2),
    "second.slope": Float32Array.of(0.25, 0.1),
  };
  const file = small.write(parameters, false);
  const levels = Float32Array.from({ length: 3 * PIXELS }, (_, i) => (i * 37) % 256);
  for (const like of ["insightface", "magface", "sface"]) {
    const { input } = familyOf(like);
    const wanted = await outputs(file, levels, input);
    const student = small.write(small.read(file, input), false);
    const found = await outputs(student, levels, familyOf("mobilefacenet").input);
    const most = Math.max(...wanted.map(Math.abs));
    found.forEach((value, i) => {
      const row = Math.floor(i % PIXELS / 112), column = i % 112;
      // What another mean puts behind the border is not what a student has there.
      const seesBorder = Math.min(row, column) === 0 || Math.max(row, column) === 111;
      if (seesBorder && input.mean[0] !== 127.5) return;
      assertLess(Math.abs(value - wanted[i]), 1e-5 * most, `${like} at ${i}`);
    });
  }
});

Deno.test("a start that is no student's network is refused with what it can be", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/t.onnx`, tinyModel("insightface", 3));
  await addModel(`${folder}/t.onnx`, folder, { like: "insightface", name: "tiny" });
  const network = studentNetwork("mobilefacenet"), layout = flatLayout(network, 1);
  for (
    const [start, reason] of [
      [`${folder}#tiny`, "MatMul"],
      [`${folder}#none`, `"none"`],
      ["#mask-state", "no plain fully connected layer"],
      [packaged("facemesh.onnx"), "prepare --teacher"],
      ["/nowhere.onnx", `correct "start"`],
    ]
  ) {
    const error = await assertRejects(() => firstWeights(network, layout, start, 1), ModelError);
    assertStringIncludes(error.message, reason);
  }
  await Deno.remove(folder, { recursive: true });
});
