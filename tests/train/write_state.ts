// Ships a trained mask-state network: the ONNX file, its entry in the manifest, and what the test compares it with.
// The list of held-out photos goes with it, so that the test can never count a photo that training has seen.

import { MASK_STATES } from "../../src/pipeline/embed/mask_state.ts";
import type { TrainedState } from "./probe.ts";
import type { SampleInfo } from "./samples.ts";
import { stateModel } from "./state_onnx.ts";
import type { Weights } from "./state_network.ts";

/** Writes the model, the manifest entry, and mask_state.json beside this file. */
export async function writeState(
  weights: Weights,
  probes: Float32Array,
  heldOut: readonly SampleInfo[],
): Promise<void> {
  const models = new URL("../../models/", import.meta.url);
  const bytes = stateModel(weights);
  await Deno.writeFile(new URL("mask-state.onnx", models), bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");

  const file = new URL("manifest.json", models);
  const manifest = JSON.parse(await Deno.readTextFile(file));
  manifest.models["mask-state"] = {
    file: "mask-state.onnx",
    sha256,
    origin: `Trained by tests/train/mask_state.ts of this project; states: ${
      MASK_STATES.join(", ")
    }`,
    license:
      "The code that trained it is Apache-2.0. The training photos carry no licence: for research use only.",
    input: {
      name: "input",
      size: 112,
      layout: "NHWC",
      color: "RGB",
      mean: [127.5, 127.5, 127.5],
      scale: [128, 128, 128],
    },
    batched: true,
    outputs: ["state"],
  };
  await Deno.writeTextFile(file, `${JSON.stringify(manifest, null, 2)}\n`);

  const trained: TrainedState = {
    sha256,
    probes: Array.from(probes, (value) => Number(value.toPrecision(6))),
    heldOut: heldOut.map(({ file }) => file).sort(),
  };
  const json = new URL("mask_state.json", import.meta.url);
  await Deno.writeTextFile(json, `${JSON.stringify(trained, null, 2)}\n`);
}
