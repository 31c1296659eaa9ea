// The shipped mask-state network: its answers on the demo photos, and those of its training.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DeviceError, InvalidArgumentError } from "../../../src/base/errors.ts";
import { MASK_STATE_MODEL, maskStates } from "../../../src/pipeline/embed/mask_state.ts";
import { openModels } from "../../../src/model/model.ts";
import { photo, testOnDevices } from "../../hosts.ts";
import { probeInputs, type TrainedState } from "../../train/probe.ts";
import { run, statesOf, withEngine } from "./mask_state_fixture.ts";
import trained from "../../train/mask_state.json" with { type: "json" };

const { sha256, probes }: TrainedState = trained;

testOnDevices(
  "the network agrees with the forward pass of its training, alone and in a batch",
  async (device) => {
    const { manifest } = await openModels();
    assertEquals(
      manifest[MASK_STATE_MODEL].sha256,
      sha256,
      "mask_state.json is of another training",
    );
    await withEngine(device, async (engine) => {
      const network = await engine.network(MASK_STATE_MODEL);
      const inputs = probeInputs();
      const batch = await run(engine.backend, network, inputs);
      batch.forEach((value, i) => assertAlmostEquals(value, probes[i], 2e-4));
      // Inputs that all got one answer would not tell a right network from a wrong one.
      assert(Math.max(...probes) - Math.min(...probes) > 0.2);
      for (let i = 0; i < inputs.length; i++) {
        const alone = await run(engine.backend, network, [inputs[i]]);
        alone.forEach((value, c) => assertAlmostEquals(value, batch[i * 3 + c], 1e-5));
        assertAlmostEquals(alone.reduce((sum, value) => sum + value), 1, 1e-5);
      }
    });
  },
);

for (const name of ["collins", "hopper"]) {
  Deno.test(`the demo photos of ${name} show a mask where there is one`, async () => {
    const bare = ["", "_crop", "_dark", "_mirrored"].map((kind) => photo(`${name}${kind}`));
    const states = await withEngine(
      "wasm",
      (engine) => statesOf(engine, [...bare, photo(`${name}_masked`)], false),
    );
    assertEquals(states.map((state) => state?.state), ["none", "none", "none", "none", "full"]);
  });
}

Deno.test("only the first half of a mirrored batch counts", () => {
  const values = new Float32Array([0.75, 0.125, 0.125, 0, 0.25, 0.75, 0, 1, 0, 0, 1, 0]);
  assertEquals(maskStates(values, 2).map(({ state }) => state), ["none", "nose-out"]);
  assertEquals(maskStates(values).length, 4);
  const [{ probability, probabilities }] = maskStates(values, 1);
  assertEquals(probability, 0.75);
  assertEquals(probabilities, { none: 0.75, full: 0.125, "nose-out": 0.125 });
});

Deno.test("numbers that are no probabilities are refused", () => {
  assertThrows(() => maskStates(new Float32Array(4)), InvalidArgumentError);
  assertThrows(() => maskStates(new Float32Array(3), 2), InvalidArgumentError);
  assertThrows(() => maskStates(new Float32Array(6), 0.5), InvalidArgumentError);
  assertThrows(() => maskStates(new Float32Array([NaN, 0.5, 0.5])), DeviceError);
});
