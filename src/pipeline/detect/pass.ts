// One run of the detector over whole photos, or over crops around faces, with the faces carried back to the photos.
// The detector takes any input size; a pass chooses it, and how the photo lies in it.

import { type Affine, applyAffine, type Point } from "../../math/affine.ts";
import type { Block, Engine, Photo } from "../../kernels/mod.ts";
import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import type { Face } from "./face.ts";
import { letterboxFit, type QuarterTurns } from "../../kernels/letterbox/cpu.ts";
import { decodeFaces, mapFace } from "./yunet.ts";

/** The detector's name in the manifest. */
export const DETECTOR_MODEL = "yunet";

/** Detections below this are not looked at further. */
export const MIN_CANDIDATE_SCORE = 0.3;

/** How whole photos are given to the detector. */
export interface Pass {
  /** Width and height of its input; a multiple of 32. */
  readonly size: number;
  /** Black border on each side, as a share of the photo's longer side. */
  readonly margin: number;
}

/** A crop around a face: the square, in photo pixels, and how far it is turned clockwise. */
export interface FaceCrop {
  readonly photo: Photo;
  readonly centre: Point;
  /** Side of the square in photo pixels. */
  readonly side: number;
  /** Turn of the crop in the photo, in radians clockwise. */
  readonly angle: number;
}

/** Pictures of one run: more would only take memory. */
const MAX_BATCH_PIXELS = 16 * 320 * 320;

/** The scale of a pass: its pixels per photo pixel. */
export function passScale({ width, height }: Pick<Photo, "width" | "height">, pass: Pass): number {
  return letterboxFit(width, height, pass.size, pass.margin).scale;
}

/** The faces that passes of one size and margin show, one list per photo and pass, in photo pixels. */
export async function detectInPhotos(
  engine: Engine,
  jobs: readonly { readonly photo: Photo; readonly turns?: QuarterTurns }[],
  { size, margin }: Pass,
): Promise<Face[][]> {
  const found = await runDetector(
    engine,
    jobs,
    size,
    (part, spec) => engine.backend.letterbox(part, spec, margin),
  );
  return found.map((faces, i) => {
    const { photo, turns = 0 } = jobs[i];
    const { scale, padX, padY } = letterboxFit(photo.width, photo.height, size, margin);
    return faces.map((face) =>
      mapFace(face, (point) => {
        const { x, y } = turnedBack(point, size, turns);
        return { x: (x + 0.5 - padX) / scale - 0.5, y: (y + 0.5 - padY) / scale - 0.5 };
      })
    );
  });
}

/** The faces that crops show, one list per crop, in photo pixels. */
export async function detectInCrops(
  engine: Engine,
  crops: readonly FaceCrop[],
  size: number,
): Promise<Face[][]> {
  const jobs = crops.map((crop) => ({ photo: crop.photo, cropToPhoto: cropMap(crop, size) }));
  const found = await runDetector(
    engine,
    jobs,
    size,
    (part, spec) => engine.backend.warpAffine(part, spec, false),
  );
  return found.map((faces, i) =>
    faces.map((face) => mapFace(face, (point) => applyAffine(jobs[i].cropToPhoto, point)))
  );
}

/** The map from pixels of a turned square crop to photo pixels. */
export function cropMap({ centre, side, angle }: Omit<FaceCrop, "photo">, size: number): Affine {
  const step = side / size, a = step * Math.cos(angle), d = step * Math.sin(angle);
  const middle = (size - 1) / 2;
  return [a, -d, centre.x - (a - d) * middle, d, a, centre.y - (d + a) * middle];
}

/** Runs the detector on pictures of one size, in batches, and waits once. */
async function runDetector<Job>(
  engine: Engine,
  jobs: readonly Job[],
  size: number,
  fill: (part: readonly Job[], spec: TensorSpec) => Block,
): Promise<Face[][]> {
  if (jobs.length === 0) return [];
  const { backend } = engine;
  const detector = await engine.network(DETECTOR_MODEL);
  const spec = { ...detector.model.entry.input, size };
  const most = Math.max(1, Math.floor(MAX_BATCH_PIXELS / size ** 2));
  using stack = new DisposableStack();
  const outputs: Block[] = [], counts: number[] = [];
  for (let start = 0; start < jobs.length; start += most) {
    const part = jobs.slice(start, start + most);
    using input = fill(part, spec);
    outputs.push(...(await backend.run(detector, input)).map((block) => stack.use(block)));
    counts.push(part.length);
  }
  const values = await backend.read(...outputs);
  const perRun = outputs.length / counts.length;
  return counts.flatMap((count, run) => {
    const maps = values.slice(run * perRun, (run + 1) * perRun);
    return Array.from(
      { length: count },
      (_, picture) =>
        decodeFaces(maps, picture, size, MIN_CANDIDATE_SCORE, detector.model.entry.maps),
    );
  });
}

/** A point of a turned square in the upright one (pixel centres). */
function turnedBack({ x, y }: Point, size: number, turns: QuarterTurns): Point {
  const last = size - 1;
  return [{ x, y }, { x: y, y: last - x }, { x: last - x, y: last - y }, { x: last - y, y: x }][
    turns
  ];
}
