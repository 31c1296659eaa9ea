// The shipped mask-state network on inputs and on photos, for its tests.

import { assertEquals } from "@std/assert";
import type { Backend, Engine, Network } from "../../../src/kernels/mod.ts";
import { EngineHost } from "../../../src/pipeline/engine/host.ts";
import { loadImage } from "../../../src/image/load.ts";
import {
  MASK_STATE_MODEL,
  type MaskState,
  maskStates,
} from "../../../src/pipeline/embed/mask_state.ts";
import { openModels } from "../../../src/model/model.ts";
import { CROP_SIZE, cutFaces, MARGIN } from "../../train/face_crops.ts";
import { withBorder } from "../../train/real_photos.ts";

/** Numbers of an input of the network. */
const INPUT = 112 * 112 * 3;

/** Runs a task on an engine of a device. */
export async function withEngine<T>(
  device: "wasm" | "webgpu",
  task: (engine: Engine) => Promise<T>,
): Promise<T> {
  await using host = new EngineHost(device, await openModels(), {});
  return await host.use(task);
}

/** What the network says of inputs: three numbers of each. */
export async function run(
  backend: Backend,
  network: Network,
  inputs: Float32Array[],
): Promise<number[]> {
  const values = new Float32Array(inputs.length * INPUT);
  inputs.forEach((input, i) => values.set(input, i * INPUT));
  using crops = backend.write(values, [inputs.length, 112, 112, 3]);
  const [block] = await backend.run(network, crops);
  using output = block;
  assertEquals(output.shape, [inputs.length, 3]);
  return Array.from((await backend.read(output))[0]);
}

/** The states of photos, whose largest faces are cut as `verify` does; undefined where no face is found. */
export async function statesOf(
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
