// The first look at photos. On a device that works on its own it goes on to the crops around their likeliest faces, which a
// kernel finds in the detector's maps: to wait for where those faces are would take longer than the crops do.

import { CROP_MAP_LENGTH, squareCrop, unpackCropMap } from "../../kernels/crop_maps.ts";
import { letterboxFit } from "../../kernels/letterbox/cpu.ts";
import type { Block, Engine, Photo } from "../../kernels/mod.ts";
import { type Affine, applyAffine } from "../../math/affine.ts";
import type { Face } from "./face.ts";
import {
  detectInPhotos,
  type FaceCrop,
  facesInPhoto,
  facesInPhotos,
  type Pass,
  runOnPhotos,
} from "./pass.ts";
import { type DetectorRun, readRuns, runDetector } from "./run_detector.ts";

/** How crops around faces are cut. */
export interface CropForm {
  /** Width and height in pixels. */
  readonly size: number;
  /** The side over the face's. */
  readonly room: number;
}

/** What the detector shows on a crop that was cut before anyone asked for it. */
export interface CloseUp {
  /** Where the crop lies in the photo, and its width and height in pixels. */
  readonly cropToPhoto: Affine;
  readonly size: number;
  /** Its faces, in photo pixels. */
  readonly faces: readonly Face[];
}

/** What the first look at a photo shows. */
export interface FirstLook {
  readonly faces: readonly Face[];
  /** Of the likeliest face; absent where reading takes no wait. */
  readonly closeUp?: CloseUp;
}

/** Corners of the crop that was wanted may be so far from those of the one at hand, in pixels of the crop. */
const SAME_CROP = 0.05;

/** The faces that a pass shows of each photo, with a close-up where that saves a wait. */
export async function lookAt(
  engine: Engine,
  photos: readonly Photo[],
  pass: Pass,
  { size, room }: CropForm,
): Promise<FirstLook[]> {
  const { backend } = engine, jobs = photos.map((photo) => ({ photo }));
  if (!backend.asynchronous || photos.length === 0) {
    return (await detectInPhotos(engine, jobs, pass)).map((faces) => ({ faces }));
  }
  using stack = new DisposableStack();
  const first = await runOnPhotos(engine, jobs, pass, stack);
  const close: DetectorRun<Photo>[] = [], maps: Block[] = [];
  for (const run of first) {
    const part = run.jobs.map(({ photo }) => photo);
    const placed = part.map(({ width, height }) =>
      letterboxFit(width, height, pass.size, pass.margin)
    );
    const form = { size: pass.size, layout: run.layout, cropSize: size, room };
    const found = stack.use(backend.likeliestCrop(run.maps, placed, form));
    maps.push(found);
    // A part of photos has more pixels than its crops, so that these are one run.
    const runs = await runDetector(
      engine,
      part,
      size,
      (photos, spec) => backend.warpAffine({ photos, maps: found }, spec, false),
      stack,
    );
    close.push(...runs);
  }
  const { faces, others } = await readRuns(engine, [...first, ...close], maps);
  const seen = facesInPhotos(faces.slice(0, photos.length), jobs, pass);
  const crops = others.flatMap((rows) =>
    Array.from({ length: rows.length / CROP_MAP_LENGTH }, (_, i) => unpackCropMap(rows, i, size))
  );
  return seen.map((ofPhoto, i) => {
    const shown = facesInPhoto(faces[photos.length + i], crops[i]);
    return { faces: ofPhoto, closeUp: { cropToPhoto: crops[i], size, faces: shown } };
  });
}

/** Whether a close-up shows what the crop would, pixel by pixel up to rounding. */
export function shows(closeUp: CloseUp, crop: FaceCrop): boolean {
  const { size } = closeUp, wanted = squareCrop(crop, size);
  const most = SAME_CROP * crop.side / size;
  return [[0, 0], [size, 0], [0, size]].every(([x, y]) => {
    const there = applyAffine(closeUp.cropToPhoto, { x, y }), here = applyAffine(wanted, { x, y });
    return Math.hypot(there.x - here.x, there.y - here.y) <= most;
  });
}
