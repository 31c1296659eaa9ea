// What the tests of the detector's training share: a small configuration, its start, and photos to show.

import { checkDetectorConfig, type DetectorConfig } from "../../src/distill/detector/config.ts";
import { DetectorGraph } from "../../src/distill/detector/graph.ts";
import { photo } from "../hosts.ts";
import { FOLDER } from "./torch_fixture.ts";

/** The network that training begins with. */
export const START: string = decodeURIComponent(
  new URL("../../models/yunet.onnx", import.meta.url).pathname,
);
/** The shipped configuration. */
export const CONFIG: string = decodeURIComponent(
  new URL("../../src/distill/configs/detector.json", import.meta.url).pathname,
);

/** A small training by the name of its folder. */
export function configFor(name: string, changes: Partial<DetectorConfig> = {}): DetectorConfig {
  return checkDetectorConfig({
    ...JSON.parse(Deno.readTextFileSync(CONFIG)),
    data: `${FOLDER}/shards`,
    start: START,
    out: `${FOLDER}/${name}`,
    batch: 3,
    steps: 3,
    warmUp: 1,
    checkpointEvery: 2,
    heldOut: 2,
    photos: undefined,
    photoNumbers: undefined,
    ...changes,
  }, name);
}

/** The graph of the start. */
export function startGraph(): DetectorGraph {
  return new DetectorGraph(Deno.readFileSync(START), START);
}

/** A folder of photos of faces with numbers, one without, and something else; it is written once. */
export async function photoFolder(): Promise<string> {
  const folder = `${FOLDER}/photos`;
  await Deno.mkdir(folder, { recursive: true });
  for (const [i, name] of ["collins", "hopper_mirrored", "collins_dark"].entries()) {
    await Deno.copyFile(photo(name), `${folder}/face-00${i + 1}.jpg`);
  }
  await Deno.copyFile(photo("collins"), `${folder}/face.jpg`);
  await Deno.writeTextFile(`${folder}/notes-2.txt`, "no photo");
  return folder;
}
