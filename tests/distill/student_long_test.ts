// A deeper student: what is computed in memory is what its ONNX file computes in onnxruntime-web.

import "../../src/distill/train/one_thread.ts";
import { assert } from "@std/assert";
import { studentNetwork } from "../../src/distill/networks.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout, fromFlat } from "../../src/distill/train/flat.ts";
import { ours, theirs, worst } from "./student_fixture.ts";

Deno.test("iResNet-18: in memory and the exported file agree to 1e-5", async () => {
  const network = studentNetwork("iresnet18");
  const layout = flatLayout(network, 1);
  const parameters = fromFlat(layout, await firstWeights(network, layout, undefined, 1));
  const templates = await ours(network, parameters);
  assert(worst(templates, await theirs(network.write(parameters))) < 1e-5);
});
