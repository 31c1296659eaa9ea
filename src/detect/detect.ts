// Finds the faces of photos: BlazeFace in three tries, then FaceMesh on each face, then the gate.
// Written in the verbs of the backend, so that it is the same on wasm and WebGPU.

import type { Point } from "../align/affine.ts";
import type { Backend, Engine, Network, Photo } from "../backend/backend.ts";
import {
  BACK,
  type BlazeFaceSpec,
  decodeFaces,
  joinGrids,
  type RawDetection,
  type RawOutputs,
  SHORT_RANGE,
  splitRows,
} from "./blazeface.ts";
import { type CoarseFace, type Face, interEyeDistance } from "./face.ts";
import { CROP_ENLARGEMENTS, isSane, meshCrop, type MeshGate, meshLandmarks } from "./facemesh.ts";
import { letterboxFit } from "./letterbox.ts";

/** The models of detection; the short-range one is needed only when the first try finds nothing. */
export const DETECTION_MODELS = {
  back: "blazeface-back",
  shortRange: "blazeface-short-range",
  mesh: "facemesh",
} as const;

/** A detection above this is a face at the first try of each model. */
const SURE = 0.5;
/** What the back-camera model says at the last try, when nothing else was found. */
const UNSURE = 0.15;
/** Faces with their eyes closer than this many pixels cannot be aligned. */
const LEAST_INTER_EYE = 2;
/** Wide enough for profiles, where the mesh is right and the detector's keypoints are not (looked at on LFW). */
const GATE: MeshGate = { roll: 0.35, eyeRatio: [0.15, 0.65], score: 0.5, eyeShift: 0.4 };

/**
 * The faces of each photo, largest first, with the detector's keypoints; of more than `maxFaces` the largest.
 */
export async function findFaces(
  engine: Engine,
  photos: readonly Photo[],
  maxFaces: number,
): Promise<CoarseFace[][]> {
  const { backend } = engine;
  const backNetwork = await engine.network(DETECTION_MODELS.back);
  const back = await runDetector(backend, backNetwork, photos, joinGrids);
  const found = photos.map((photo, i) => locate(back[i], BACK, SURE, photo));
  const missed = photos.map((_, i) => i).filter((i) => found[i].length === 0);
  if (missed.length > 0) {
    const shortRange = await runDetector(
      backend,
      await engine.network(DETECTION_MODELS.shortRange),
      missed.map((i) => photos[i]),
      splitRows,
    );
    missed.forEach((i, at) => {
      found[i] = locate(shortRange[at], SHORT_RANGE, SURE, photos[i]);
      if (found[i].length === 0) found[i] = locate(back[i], BACK, UNSURE, photos[i]);
    });
  }
  return found.map((faces) => largest(faces, maxFaces));
}

function largest(faces: readonly CoarseFace[], count: number): CoarseFace[] {
  return faces.filter((face) => interEyeDistance(face.landmarks) >= LEAST_INTER_EYE)
    .sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)
    .slice(0, count);
}

/** Runs a detector on each photo (its batch size is 1) and reads all outputs in one go. */
async function runDetector(
  backend: Backend,
  network: Network,
  photos: readonly Photo[],
  unify: (outputs: readonly Float32Array[]) => RawOutputs,
): Promise<RawOutputs[]> {
  using stack = new DisposableStack();
  const outputs = [];
  for (const photo of photos) {
    const input = stack.use(backend.letterbox(photo, network.model.entry.input));
    for (const block of await backend.run(network, input)) outputs.push(stack.use(block));
  }
  const values = await backend.read(...outputs);
  const perPhoto = network.model.entry.outputs.length;
  return photos.map((_, i) => unify(values.slice(i * perPhoto, (i + 1) * perPhoto)));
}

function locate(
  outputs: RawOutputs,
  spec: BlazeFaceSpec,
  leastScore: number,
  photo: Photo,
): CoarseFace[] {
  const fit = letterboxFit(photo.width, photo.height, spec.size);
  return decodeFaces(outputs, spec, leastScore).map((raw) => toPhoto(raw, fit));
}

/** From the detector's square (pixel edges) to photo pixels: boxes as edges, points as pixel centres. */
function toPhoto(raw: RawDetection, fit: ReturnType<typeof letterboxFit>): CoarseFace {
  const { scale, padX, padY } = fit;
  const [rightEye, leftEye, nose, mouth] = raw.keypoints.map((point): Point => ({
    x: (point.x - padX) / scale - 0.5,
    y: (point.y - padY) / scale - 0.5,
  }));
  return {
    box: {
      x: (raw.left - padX) / scale,
      y: (raw.top - padY) / scale,
      width: (raw.right - raw.left) / scale,
      height: (raw.bottom - raw.top) / scale,
    },
    detectionScore: raw.score,
    landmarks: { source: "detector", rightEye, leftEye, nose, mouth },
  };
}

/** A face of one of several photos. */
interface FaceOfPhoto {
  readonly photo: Photo;
  readonly face: CoarseFace;
}

/**
 * Adds the mesh to all faces of all photos, in one run; faces whose mesh fails the gate are tried again on a wider
 * crop, and keep the detector's keypoints if that fails too.
 */
export async function refineFaces(
  engine: Engine,
  photos: readonly Photo[],
  faces: readonly CoarseFace[][],
): Promise<Face[][]> {
  const wanted = faces.flatMap((found, i) => found.map((face) => ({ photo: photos[i], face })));
  let refined: Face[] = wanted.map(({ face }) => ({ ...face, meshScore: 0 }));
  for (const enlargement of CROP_ENLARGEMENTS) {
    const open = wanted.filter((_, i) => refined[i].landmarks.source === "detector");
    const tried = await tryMesh(engine, open, enlargement);
    refined = refined.map((face) => face.landmarks.source === "detector" ? tried.shift()! : face);
  }
  return faces.map((found) => refined.splice(0, found.length));
}

async function tryMesh(
  engine: Engine,
  faces: readonly FaceOfPhoto[],
  enlargement: number,
): Promise<Face[]> {
  if (faces.length === 0) return [];
  const { backend } = engine;
  const mesh = await engine.network(DETECTION_MODELS.mesh);
  const spec = mesh.model.entry.input;
  const crops = faces.map(({ photo, face: { box, landmarks } }) => ({
    photo,
    cropToPhoto: meshCrop(box, landmarks, enlargement, spec.size),
  }));
  using stack = new DisposableStack();
  const input = stack.use(backend.warpAffine(crops, spec, false));
  const outputs = (await backend.run(mesh, input)).map((block) => stack.use(block));
  const [points, scores] = await backend.read(...outputs);
  const length = points.length / faces.length;
  return faces.map(({ face }, i): Face => {
    const output = points.subarray(i * length, (i + 1) * length);
    const landmarks = meshLandmarks(output, crops[i].cropToPhoto);
    const sane = isSane(landmarks, scores[i], face.box, face.landmarks, GATE);
    return { ...face, meshScore: scores[i], landmarks: sane ? landmarks : face.landmarks };
  });
}
