// Finds the faces of photos with YuNet: one pass over all photos at 256 pixels, then more only where that leaves doubt.
// Written in the verbs of the backend, so that it is the same on wasm and WebGPU.

import type { QuarterTurns } from "../../kernels/letterbox/cpu.ts";
import type { Engine, Photo } from "../../kernels/mod.ts";
import { boxArea, commonArea } from "./box.ts";
import { type CropForm, type FirstLook, lookAt } from "./close_up.ts";
import type { Face } from "./face.ts";
import { detectInPhotos, type Pass, passScale } from "./pass.ts";
import { suppressOverlaps } from "./yunet.ts";

/** A detection from this score on is a face. */
export const MIN_FACE_SCORE = 0.6;

/**
 * The first pass; faces that fill their photo are known only with room around them. With a quarter of room at 320 pixels
 * the photo itself has as many pixels and genuine pairs match no more often, but the pass takes half as long again.
 */
export const FIRST_PASS: Pass = { size: 256, margin: 0.1 };

/** The crop on which every face is looked at once more, where YuNet places points best. */
export const FACE_CROP: CropForm = { size: 160, room: 1.6 };

/** What is tried where the first pass shows no face: on its sides and upside down, closer, and from farther away. */
const OTHER_PASSES: readonly { readonly pass: Pass; readonly turns: readonly QuarterTurns[] }[] = [
  { pass: FIRST_PASS, turns: [1, 2, 3] },
  { pass: { size: 320, margin: 0 }, turns: [0] },
  { pass: { size: 320, margin: 0.5 }, turns: [0] },
];

/** Passes for small faces, one after the other while there is reason to. */
const FINER_PASSES: readonly Pass[] = [640, 1280, 1920].map((size) => ({ size, margin: 0 }));

/** Where a pass shows a face smaller than this, in its pixels, it may have missed smaller ones. */
const SMALL_FACE = 32;

/** The share of a box inside another from which both are of one face: a part of it, or a loose box around it. */
const SAME_FACE_SHARE = 0.8;

/**
 * All faces of each photo, largest first. Photos without a face at the first pass are given to the detector on their
 * sides, upside down and larger; those with several faces, or small ones, larger. Where all of that shows no face, the
 * likeliest detection of a lower score is given: so real faces behind mask and sunglasses are found.
 */
export async function findFaces(engine: Engine, photos: readonly Photo[]): Promise<FirstLook[]> {
  const looks = await lookAt(engine, photos, FIRST_PASS, FACE_CROP);
  const found = looks.map(({ faces }) => [...faces]);
  const without = indices(photos, (i) => facesOf(found[i]).length === 0);
  for (const { pass, turns } of OTHER_PASSES) {
    const jobs = without.flatMap((i) =>
      turns.map((turn) => ({ i, photo: photos[i], turns: turn }))
    );
    const shown = await detectInPhotos(engine, jobs, pass);
    jobs.forEach(({ i }, at) => found[i].push(...shown[at]));
  }
  let before: Pass = FIRST_PASS;
  for (const pass of FINER_PASSES) {
    const open = indices(photos, (i) => mayHideMore(facesOf(found[i]), photos[i], before));
    const finer = await detectInPhotos(engine, open.map((i) => ({ photo: photos[i] })), pass);
    open.forEach((i, at) => found[i].push(...finer[at]));
    before = pass;
  }
  return looks.map(({ closeUp }, i) => ({ faces: facesToGive(found[i]), closeUp }));
}

function facesToGive(detections: readonly Face[]): Face[] {
  const faces = facesOf(detections);
  if (faces.length === 0) return suppressOverlaps(detections).slice(0, 1);
  return faces.sort((a, b) => boxArea(b.box) - boxArea(a.box));
}

/** The detections that are faces, each once. */
function facesOf(detections: readonly Face[]): Face[] {
  const likely = detections.filter(({ detectionScore }) => detectionScore >= MIN_FACE_SCORE);
  const faces = suppressOverlaps(likely);
  return faces.filter((face) => !faces.some((other) => isLessSureOfSameFace(face, other)));
}

function isLessSureOfSameFace({ box, detectionScore }: Face, other: Face): boolean {
  const smaller = Math.min(boxArea(box), boxArea(other.box));
  return other.detectionScore > detectionScore &&
    commonArea(box, other.box) / smaller > SAME_FACE_SHARE;
}

/** Whether a photo has more pixels than a pass gave the detector, and what it showed gives reason to use them. */
function mayHideMore(faces: readonly Face[], photo: Photo, pass: Pass): boolean {
  const scale = passScale(photo, pass);
  if (scale >= 1) return false;
  const smallest = Math.min(...faces.map(({ box }) => Math.max(box.width, box.height)));
  return faces.length !== 1 || smallest * scale < SMALL_FACE;
}

function indices(photos: readonly Photo[], wanted: (index: number) => boolean): number[] {
  return [...photos.keys()].filter(wanted);
}
