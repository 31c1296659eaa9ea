// One run of the detector over whole photos, or over crops around faces, with the faces carried back to the photos.
// The detector takes any input size; a pass chooses it, and how the photo lies in it.

import { type Affine, applyAffine, type Point } from "../../math/affine.ts";
import { type PhotoSquare, squareCrop } from "../../kernels/crop_maps.ts";
import { letterboxFit, type QuarterTurns } from "../../kernels/letterbox/cpu.ts";
import type { Engine, Photo } from "../../kernels/mod.ts";
import type { Face } from "./face.ts";
import { type DetectorRun, readRuns, runDetector } from "./run_detector.ts";
import { mapFace } from "./yunet.ts";

/** How whole photos are given to the detector. */
export interface Pass {
  /** Width and height of its input; a multiple of 32. */
  readonly size: number;
  /** Black border on each side, as a share of the photo's longer side. */
  readonly margin: number;
}

/** A crop around a face. */
export interface FaceCrop extends PhotoSquare {
  readonly photo: Photo;
}

/** A photo to show to the detector, upright if nothing else is said. */
export interface PhotoJob {
  readonly photo: Photo;
  readonly turns?: QuarterTurns;
}

/** The scale of a pass: its pixels per photo pixel. */
export function passScale({ width, height }: Pick<Photo, "width" | "height">, pass: Pass): number {
  return letterboxFit(width, height, pass.size, pass.margin).scale;
}

/** The faces that passes of one size and margin show, one list per photo and pass, in photo pixels. */
export async function detectInPhotos(
  engine: Engine,
  jobs: readonly PhotoJob[],
  pass: Pass,
): Promise<Face[][]> {
  if (jobs.length === 0) return [];
  using stack = new DisposableStack();
  const runs = await runOnPhotos(engine, jobs, pass, stack);
  return facesInPhotos((await readRuns(engine, runs)).faces, jobs, pass);
}

/** Runs the detector on photos; the maps are freed with the stack. */
export function runOnPhotos(
  engine: Engine,
  jobs: readonly PhotoJob[],
  { size, margin }: Pass,
  stack: DisposableStack,
): Promise<DetectorRun<PhotoJob>[]> {
  const { backend } = engine;
  return runDetector(
    engine,
    jobs,
    size,
    (part, spec) => backend.letterbox(part, spec, margin),
    stack,
  );
}

/** Carries what a pass shows of each photo back to the photo. */
export function facesInPhotos(
  found: readonly (readonly Face[])[],
  jobs: readonly PhotoJob[],
  { size, margin }: Pass,
): Face[][] {
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
  if (crops.length === 0) return [];
  const { backend } = engine;
  const jobs = crops.map((crop) => ({ photo: crop.photo, cropToPhoto: squareCrop(crop, size) }));
  using stack = new DisposableStack();
  const runs = await runDetector(
    engine,
    jobs,
    size,
    (part, spec) => backend.warpAffine(part, spec, false),
    stack,
  );
  const { faces } = await readRuns(engine, runs);
  return faces.map((found, i) => facesInPhoto(found, jobs[i].cropToPhoto));
}

/** Carries what a crop shows back to its photo. */
export function facesInPhoto(faces: readonly Face[], cropToPhoto: Affine): Face[] {
  return faces.map((face) => mapFace(face, (point) => applyAffine(cropToPhoto, point)));
}

/** A point of a turned square in the upright one (pixel centres). */
function turnedBack({ x, y }: Point, size: number, turns: QuarterTurns): Point {
  const last = size - 1;
  return [{ x, y }, { x: y, y: last - x }, { x: last - x, y: last - y }, { x: last - y, y: x }][
    turns
  ];
}
