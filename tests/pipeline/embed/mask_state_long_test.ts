// The shipped mask-state network on real photos that training has not seen: those that tests/train/mask_state.json,
// written with the model, names.
// deno-lint-ignore-file no-console

import { assert, assertEquals } from "@std/assert";
import { MASK_STATES } from "../../../src/pipeline/embed/mask_state.ts";
import { testWithShared } from "../../hosts.ts";
import { balancedAccuracy, report } from "../../train/confusion.ts";
import type { TrainedState } from "../../train/probe.ts";
import { stateOf } from "../../train/real_photos.ts";
import trained from "../../train/mask_state.json" with { type: "json" };
import { statesOf, withEngine } from "./mask_state_fixture.ts";

const { heldOut }: TrainedState = trained;

testWithShared("real photos that training has not seen", async (data) => {
  const paths = heldOut.map((file) => `${data}/${file}`);
  assertEquals(new Set(heldOut).size, heldOut.length);
  const truth = heldOut.map((file) => MASK_STATES.indexOf(stateOf(file)));
  assert(truth.filter((state) => state === 0).length >= 240);
  assert(truth.filter((state) => state > 0).length >= 240);
  const samples = heldOut.map((file) => ({ state: stateOf(file) }));
  for (const border of [false, true]) {
    const found = await withEngine("wasm", (engine) => statesOf(engine, paths, border));
    // Training leaves out photos without a face: one that is not found here counts as a wrong answer.
    const said = found.map((state, i) =>
      state ? MASK_STATES.indexOf(state.state) : Number(truth[i] === 0)
    );
    console.log(`${border ? "with a border of 25%" : "as they are"}\n${report(samples, said)}`);
    assert(balancedAccuracy(truth, said) >= 0.97);
  }
});
