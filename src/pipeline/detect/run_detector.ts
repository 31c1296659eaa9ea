// Runs of the detector on pictures of one size: asked for first, read later, so that several share one wait.

import type { MapLayout } from "../../kernels/likeliest_crop/cpu.ts";
import type { Block, Engine } from "../../kernels/mod.ts";
import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import type { Face } from "./face.ts";
import { decodeFaces } from "./yunet.ts";

/** The detector's name in the manifest. */
export const DETECTOR_MODEL = "yunet";

/** Detections below this are not looked at further. */
const MIN_CANDIDATE_SCORE = 0.3;

/** Pixels of one run: more would only take memory. */
const MAX_BATCH_PIXELS = 16 * 320 * 320;

/** A run that may not have ended. */
export interface DetectorRun<Job> {
  /** What it was given a picture of each. */
  readonly jobs: readonly Job[];
  readonly maps: readonly Block[];
  /** Width and height of its pictures. */
  readonly size: number;
  readonly layout: MapLayout;
}

/** Runs the detector on pictures of one size, in batches; `fill` makes them. The maps are freed with the stack. */
export async function runDetector<Job>(
  engine: Engine,
  jobs: readonly Job[],
  size: number,
  fill: (part: readonly Job[], spec: TensorSpec) => Block,
  stack: DisposableStack,
): Promise<DetectorRun<Job>[]> {
  const detector = await engine.network(DETECTOR_MODEL);
  const { input, maps: layout = "NCHW" } = detector.model.entry;
  const most = Math.max(1, Math.floor(MAX_BATCH_PIXELS / size ** 2));
  const runs: DetectorRun<Job>[] = [];
  for (let start = 0; start < jobs.length; start += most) {
    const part = jobs.slice(start, start + most);
    using pictures = fill(part, { ...input, size });
    const maps = await engine.backend.run(detector, pictures);
    for (const map of maps) stack.use(map);
    runs.push({ jobs: part, maps, size, layout });
  }
  return runs;
}

/** Waits once, for runs and for other blocks: the faces of each picture in its pixels, and the numbers of the others. */
export async function readRuns(
  { backend }: Engine,
  runs: readonly DetectorRun<unknown>[],
  others: readonly Block[] = [],
): Promise<{ faces: Face[][]; others: Float32Array[] }> {
  const values = await backend.read(...runs.flatMap(({ maps }) => maps), ...others);
  const faces = runs.flatMap(({ jobs, maps, size, layout }) => {
    const ofRun = values.splice(0, maps.length);
    return jobs.map((_, picture) => decodeFaces(ofRun, picture, size, MIN_CANDIDATE_SCORE, layout));
  });
  return { faces, others: values };
}
