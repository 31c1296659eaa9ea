// The mesh that drawn masks are fitted to, found once per crop: FaceMesh on the crop, and whether it lies on the face.
// Crops are aligned, so the face is always in the same place, and the five points of the mesh must be near the template.

import { ARCFACE_TEMPLATE } from "../../pipeline/align/arcface.ts";
import type { Affine, Point } from "../../math/affine.ts";
import type { Engine, Photo } from "../../kernels/mod.ts";
import { MARGIN } from "./crop.ts";
import { meshFault } from "./mesh_shape.ts";

/** The name of FaceMesh in the manifest. */
export const MESH_MODEL = "facemesh";
/** The square around the face that FaceMesh sees, in crop pixels: forehead to chin with MediaPipe's room around them. */
const SIDE = 144, CENTRE = { x: 71.5, y: 84 };
/** FaceMesh's probability of a face below which its mesh is not used. */
const MIN_SCORE = 0.5;
/**
 * Root mean square distance of the mesh's five points from the template, in crop pixels, above which it lies beside the
 * face. Half of the training crops have less than 4.7 (turned heads do not fit the template), 2% more than 8.
 */
const MAX_DISTANCE = 9;
/** Points of the mesh whose mean is the right eye, left eye, nose, right and left corner of the mouth. */
const FIVE_POINTS = [[33, 133], [362, 263], [1], [61], [291]];

/** Returns the meshes of crops in crop pixels; undefined where there is none to be believed. */
export async function fitMeshes(
  engine: Engine,
  crops: readonly Photo[],
): Promise<(Float32Array | undefined)[]> {
  const { backend } = engine;
  const network = await engine.network(MESH_MODEL), spec = network.model.entry.input;
  const step = SIDE / spec.size, middle = (spec.size - 1) / 2;
  const place: Affine = [step, 0, CENTRE.x - step * middle, 0, step, CENTRE.y - step * middle];
  using stack = new DisposableStack();
  const jobs = crops.map((photo) => ({ photo, cropToPhoto: place }));
  const input = stack.use(backend.warpAffine(jobs, spec, false));
  const outputs = (await backend.run(network, input)).map((block) => stack.use(block));
  const [points, scores] = await backend.read(...outputs);
  const length = points.length / crops.length;
  return crops.map((_, i) => {
    const mesh = points.slice(i * length, (i + 1) * length);
    for (let k = 0; k < length; k += 3) {
      // FaceMesh counts from the picture's border, maskinv from the centre of the first pixel.
      mesh[k] = step * (mesh[k] - 0.5) + place[2];
      mesh[k + 1] = step * (mesh[k + 1] - 0.5) + place[5];
      mesh[k + 2] *= step;
    }
    return scores[i] >= MIN_SCORE && liesOnFace(mesh) ? mesh : undefined;
  });
}

/** Returns whether a mesh is shaped like a face and lies where the face of an aligned crop is. */
export function liesOnFace(mesh: Float32Array): boolean {
  let squares = 0;
  FIVE_POINTS.forEach((indices, i) => {
    const { x, y } = meanOf(mesh, indices);
    squares += (x - ARCFACE_TEMPLATE[i].x - MARGIN) ** 2 +
      (y - ARCFACE_TEMPLATE[i].y - MARGIN) ** 2;
  });
  const distance = Math.sqrt(squares / FIVE_POINTS.length);
  return distance <= MAX_DISTANCE && meshFault(mesh) === "";
}

function meanOf(mesh: Float32Array, indices: readonly number[]): Point {
  let x = 0, y = 0;
  for (const i of indices) {
    x += mesh[3 * i] / indices.length;
    y += mesh[3 * i + 1] / indices.length;
  }
  return { x, y };
}
