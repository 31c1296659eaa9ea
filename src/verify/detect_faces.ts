// The faces of one photo that is on the device already, with all that a result tells of them.

import type { Image } from "../image/image.ts";
import type { Engine, Photo } from "../kernels/mod.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { findFaces } from "../pipeline/detect/detect.ts";
import { addMeshes } from "../pipeline/detect/facemesh.ts";
import { refineFaces } from "../pipeline/detect/refine.ts";
import { alignTo } from "../pipeline/embed/embed.ts";
import { inWholePhoto } from "./photo.ts";
import type { Detection } from "./result.ts";

/** How faces are looked for. */
export interface DetectFacesOptions {
  /** The most faces to list. */
  readonly maxFaces: number;
  /** Whether to fit the mesh that masks are drawn by. */
  readonly mesh: boolean;
}

/** Finds the faces of a photo, aligned for the network of `entry`; `image` is what was uploaded. */
export async function detectFaces(
  engine: Engine,
  photo: Photo,
  image: Image,
  { input }: Pick<ModelEntry, "input">,
  { maxFaces, mesh }: DetectFacesOptions,
): Promise<Detection> {
  const [{ faces: all, closeUp }] = await findFaces(engine, [photo]);
  const listed = all.slice(0, maxFaces).map((face) => ({ photo, face, closeUp }));
  const refined = await refineFaces(engine, listed);
  const faces = mesh ? await addMeshes(engine, refined.map((face) => ({ photo, face }))) : refined;
  const { width, height } = image.reducedFrom ?? image;
  return {
    width,
    height,
    faces: faces.map((face) => inWholePhoto(alignTo(input, face), image)),
    omitted: all.length - listed.length,
    device: engine.backend.device,
  };
}
