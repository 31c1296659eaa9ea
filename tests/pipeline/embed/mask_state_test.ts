// The shipped mask-state network: its answers on the demo photos and on real photos that training has not seen.
// tests/train/mask_state.json, written with the model, says which photos those are.
// deno-lint-ignore-file no-console

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Backend, Engine, Network } from "../../../src/kernels/mod.ts";
import { EngineHost } from "../../../src/pipeline/engine/host.ts";
import { DeviceError, InvalidArgumentError } from "../../../src/base/errors.ts";
import { loadImage } from "../../../src/image/load.ts";
import {
  MASK_STATE_MODEL,
  MASK_STATES,
  type MaskState,
  maskStates,
} from "../../../src/pipeline/embed/mask_state.ts";
import { openModels } from "../../../src/model/model.ts";
import { photo, testOnDevices, testWithShared } from "../../hosts.ts";
import { balancedAccuracy, report } from "../../train/confusion.ts";
import { CROP_SIZE, cutFaces, MARGIN } from "../../train/face_crops.ts";
import { probeInputs, type TrainedState } from "../../train/probe.ts";
import { stateOf, withBorder } from "../../train/real_photos.ts";
import trained from "../../train/mask_state.json" with { type: "json" };

const { sha256, probes, heldOut }: TrainedState = trained;
const INPUT = 112 * 112 * 3;

async function withEngine<T>(
  device: "wasm" | "webgpu",
  task: (engine: Engine) => Promise<T>,
): Promise<T> {
  await using host = new EngineHost(device, await openModels(), {});
  return await host.use(task);
}

async function run(backend: Backend, network: Network, inputs: Float32Array[]): Promise<number[]> {
  const values = new Float32Array(inputs.length * INPUT);
  inputs.forEach((input, i) => values.set(input, i * INPUT));
  using crops = backend.write(values, [inputs.length, 112, 112, 3]);
  const [block] = await backend.run(network, crops);
  using output = block;
  assertEquals(output.shape, [inputs.length, 3]);
  return Array.from((await backend.read(output))[0]);
}

/** The states of photos, whose largest faces are cut as `verify` does; undefined where no face is found. */
async function statesOf(
  engine: Engine,
  paths: readonly string[],
  border: boolean,
): Promise<(MaskState | undefined)[]> {
  const network = await engine.network(MASK_STATE_MODEL);
  const states: (MaskState | undefined)[] = [];
  for (const path of paths) {
    const image = await loadImage(path);
    const [found] = await cutFaces(engine, [border ? withBorder(image) : image]);
    const values = found && await run(engine.backend, network, [inputOf(found.crop)]);
    states.push(values && maskStates(new Float32Array(values))[0]);
  }
  return states;
}

/** The network's input from a crop of bytes with its margin. */
function inputOf(crop: Uint8Array): Float32Array {
  const input = new Float32Array(INPUT);
  for (let y = 0; y < 112; y++) {
    const from = ((y + MARGIN) * CROP_SIZE + MARGIN) * 3;
    const row = crop.subarray(from, from + 112 * 3);
    input.set(Float32Array.from(row, (value) => (value - 127.5) / 128), y * 112 * 3);
  }
  return input;
}

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
