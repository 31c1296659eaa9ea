// The face that is meant in each photo of a call: found in the photo as it was decoded, told in the pixels of the photo
// itself, and cut from the whole photo where the reduced one shows too little of it.

import type { Image } from "../image/image.ts";
import type { Engine, Photo } from "../kernels/mod.ts";
import type { AlignedFace } from "../pipeline/embed/embed.ts";
import { locateAligned } from "../pipeline/locate_and_embed.ts";
import type { TensorSpec } from "../runtime/tensor_spec.ts";
import type { ResolvedPhotoOptions } from "./options.ts";
import { inWholePhoto, isTooReduced, type LoadedPhoto } from "./photo.ts";
import type { LocatedFinding } from "./result.ts";

/** A face that is to be embedded, and its photo. */
export interface FaceInPhoto {
  readonly photo: Photo;
  readonly face: AlignedFace;
}

/** What was found in a photo; of a face that is meant, where to cut it from. */
export interface LocatedFace {
  /** In the pixels of the whole photo. */
  readonly finding: LocatedFinding;
  /** In those of what was uploaded. */
  readonly cut?: FaceInPhoto;
}

/** Finds the face that is meant in each photo, aligned to a network's input; what is uploaded is freed with the stack. */
export async function locateInPhotos(
  engine: Engine,
  loaded: readonly LoadedPhoto[],
  input: TensorSpec,
  options: ResolvedPhotoOptions,
  stack: DisposableStack,
): Promise<LocatedFace[]> {
  const locate = (images: readonly Image[]): Promise<LocatedFace[]> =>
    locateInImages(engine, images, input, options, stack);
  const located = await locate(loaded.map(({ image }) => image));
  for (const [i, { cut }] of located.entries()) {
    if (!cut || !isTooReduced(loaded[i].image, cut.face)) continue;
    [located[i]] = await locate([await loaded[i].whole()]);
  }
  return located;
}

async function locateInImages(
  engine: Engine,
  images: readonly Image[],
  input: TensorSpec,
  options: ResolvedPhotoOptions,
  stack: DisposableStack,
): Promise<LocatedFace[]> {
  const photos = images.map((image) => stack.use(engine.backend.upload(image)));
  const { face, maxFaces } = options;
  const found = await locateAligned(engine, photos, { face, maxFaces, size: input.size });
  return found.map((finding, i): LocatedFace => {
    const image = images[i];
    if (finding.kind === "no-face") return { finding };
    if (finding.kind === "several-faces") {
      const faces = finding.faces.map((face) => inWholePhoto(face, image));
      return { finding: { ...finding, faces } };
    }
    const cut = { photo: photos[i], face: finding.face };
    return { finding: { kind: "face", face: inWholePhoto(finding.face, image) }, cut };
  });
}
