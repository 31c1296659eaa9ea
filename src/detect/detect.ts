// Finds the faces of photos: BlazeFace, once more with room around the photo where that is in doubt, then FaceMesh on
// each face, then the gate. Written in the verbs of the backend, so that it is the same on wasm and WebGPU.

import type { Engine, Photo } from "../backend/backend.ts";
import type { CoarseFace, Face } from "./face.ts";
import { CROP_ENLARGEMENTS, isSane, meshCrop, type MeshGate, meshLandmarks } from "./facemesh.ts";
import { BACK_LOOK, lookAt, ROOMY_BACK_LOOK, ROOMY_SHORT_LOOK } from "./look.ts";
import { area, isDoubtful, settle, SURE } from "./settle.ts";

/** The models of detection; the short-range one is needed only when the first look is in doubt. */
export const DETECTION_MODELS = {
  back: BACK_LOOK.network,
  shortRange: ROOMY_SHORT_LOOK.network,
  mesh: "facemesh",
} as const;

/** Wide enough for profiles, where the mesh is right and the detector's keypoints are not (looked at on LFW). */
const GATE: MeshGate = { roll: 0.35, eyeRatio: [0.15, 0.65], score: 0.5, eyeShift: 0.4 };

/**
 * The faces of each photo, largest first, with the detector's keypoints; of more than `maxFaces` the largest. Photos
 * whose first look leaves doubt are looked at again by both models, with a border around the photo.
 */
export async function findFaces(
  engine: Engine,
  photos: readonly Photo[],
  maxFaces: number,
): Promise<CoarseFace[][]> {
  const plain = await lookAt(engine, photos.map((photo) => ({ photo, look: BACK_LOOK })));
  const found = plain.map((seen) => seen(SURE));
  const open = photos.map((_, i) => i).filter((i) => isDoubtful(found[i], photos[i]));
  if (open.length > 0) {
    const looks = open.flatMap((i) =>
      [ROOMY_BACK_LOOK, ROOMY_SHORT_LOOK].map((look) => ({ photo: photos[i], look }))
    );
    const roomy = await lookAt(engine, looks);
    open.forEach((i, at) => found[i] = settle(plain[i], roomy[2 * at], roomy[2 * at + 1]));
  }
  return found.map((faces) => largest(faces, maxFaces));
}

function largest(faces: readonly CoarseFace[], count: number): CoarseFace[] {
  return faces.toSorted((a, b) => area(b.box) - area(a.box)).slice(0, count);
}

/** A face of one of several photos. */
interface FaceOfPhoto {
  readonly photo: Photo;
  readonly face: CoarseFace;
}

/**
 * Adds the mesh to all faces of all photos, in one run; faces whose mesh fails the gate are tried again on a wider
 * crop. If that fails too, faces of a sure detection keep the detector's keypoints; unsure ones are none and left out.
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
  return faces.map((found) => refined.splice(0, found.length).filter(isBelieved));
}

/** The detector makes an unsure face of every second grey wall; FaceMesh has the casting vote. */
function isBelieved({ detectionScore, landmarks }: Face): boolean {
  return detectionScore >= SURE || landmarks.source === "mesh";
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
