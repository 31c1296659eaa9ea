// FaceMesh on the faces that a mask is to be drawn on: the crop it wants, its 468 points, and whether they can be
// believed. After Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019).

import { type Affine, applyAffine, type Point } from "../../math/affine.ts";
import { ARCFACE_TEMPLATE } from "../align/arcface.ts";
import { umeyama } from "../../math/umeyama.ts";
import { squareCrop } from "../../kernels/crop_maps.ts";
import type { Engine } from "../../kernels/mod.ts";
import { type Face, type FaceWithMesh, fivePoints } from "./face.ts";
import type { FaceOfPhoto } from "./refine.ts";

/** The network's name in the manifest. */
export const FACE_MESH_MODEL = "facemesh";

/** The middle of the crop in the ArcFace template, and its side: the head with some room, as MediaPipe cuts it. */
const CROP_MIDDLE: Point = { x: 56, y: 74 };
const CROP_SIDES: readonly number[] = [128, 160];
/** The least probability that the crop holds a face. */
const MIN_MESH_SCORE = 0.5;
/** How far the mesh's five points may be from the detector's, as a share of the crop template's eye distance. */
const MAX_POINT_DISTANCE = 0.4;
const POINTS = 468;

/** The faces with their meshes; without one where FaceMesh cannot be believed, which happens under masks and hands. */
export async function addMeshes(
  engine: Engine,
  faces: readonly FaceOfPhoto[],
): Promise<(Face | FaceWithMesh)[]> {
  let found: (Face | FaceWithMesh)[] = faces.map(({ face }) => face);
  // Where the first crop fails, a wider one often shows enough of the head.
  for (const side of CROP_SIDES) {
    const open = faces.filter((_, i) => !("mesh" in found[i]));
    const tried = await tryMeshes(engine, open, side);
    found = found.map((face) => "mesh" in face ? face : tried.shift()!);
  }
  return found;
}

async function tryMeshes(
  engine: Engine,
  faces: readonly FaceOfPhoto[],
  side: number,
): Promise<(Face | FaceWithMesh)[]> {
  if (faces.length === 0) return [];
  const { backend } = engine;
  const network = await engine.network(FACE_MESH_MODEL);
  const spec = network.model.entry.input;
  const crops = faces.map(({ photo, face }) => ({
    photo,
    cropToPhoto: meshCrop(face, side, spec.size),
  }));
  using stack = new DisposableStack();
  const input = stack.use(backend.warpAffine(crops, spec, false));
  const outputs = (await backend.run(network, input)).map((block) => stack.use(block));
  const [points, scores] = await backend.read(...outputs);
  const length = points.length / faces.length;
  return faces.map(({ face }, i) => {
    const mesh = toPhoto(points.subarray(i * length, (i + 1) * length), crops[i].cropToPhoto);
    return scores[i] >= MIN_MESH_SCORE && isOnFace(mesh, face) ? { ...face, mesh } : face;
  });
}

/** The map from FaceMesh's crop to the photo: a square about the head, turned so that the face is upright. */
export function meshCrop({ landmarks }: Face, side: number, size: number): Affine {
  const { map: [a, b, c, d, e, f] } = umeyama(ARCFACE_TEMPLATE, fivePoints(landmarks));
  const centre = applyAffine([a, b, c, d, e, f], CROP_MIDDLE);
  return squareCrop({ centre, side: side * Math.hypot(a, d), angle: Math.atan2(d, a) }, size);
}

/** The mesh in photo pixels from FaceMesh's 1404 numbers in crop pixels. */
function toPhoto(output: Float32Array, cropToPhoto: Affine): Float32Array {
  const mesh = new Float32Array(POINTS * 3);
  const step = Math.hypot(cropToPhoto[0], cropToPhoto[3]);
  for (let i = 0; i < mesh.length; i += 3) {
    // FaceMesh counts from the crop's border, maskinv from the centre of the first pixel.
    const point = applyAffine(cropToPhoto, { x: output[i] - 0.5, y: output[i + 1] - 0.5 });
    mesh[i] = point.x;
    mesh[i + 1] = point.y;
    mesh[i + 2] = output[i + 2] * step;
  }
  return mesh;
}

/** Whether the mesh lies where the detector's points are: under some masks FaceMesh slips off the face. */
export function isOnFace(mesh: Float32Array, { landmarks }: Face): boolean {
  const { map } = umeyama(fivePoints(landmarks), ARCFACE_TEMPLATE);
  const scale = Math.hypot(map[0], map[3]);
  const eyes = Math.hypot(
    ARCFACE_TEMPLATE[1].x - ARCFACE_TEMPLATE[0].x,
    ARCFACE_TEMPLATE[1].y - ARCFACE_TEMPLATE[0].y,
  );
  const points = meshPoints(mesh), seen = fivePoints(landmarks);
  const squares = points.map((point, i) => (point.x - seen[i].x) ** 2 + (point.y - seen[i].y) ** 2);
  const distance = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
  return distance * scale <= MAX_POINT_DISTANCE * eyes;
}

/** The five points of a mesh, in the order of the ArcFace template. */
export function meshPoints(mesh: Float32Array): [Point, Point, Point, Point, Point] {
  const at = (index: number): Point => ({ x: mesh[3 * index], y: mesh[3 * index + 1] });
  const between = (i: number, j: number): Point => ({
    x: (at(i).x + at(j).x) / 2,
    y: (at(i).y + at(j).y) / 2,
  });
  return [between(33, 133), between(362, 263), at(1), at(61), at(291)];
}
