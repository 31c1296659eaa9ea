// Aligned crops of faces with a margin around them, as bytes: what the mask-state network is tested on.

import type { Engine, Photo } from "../../src/kernels/mod.ts";
import type { TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { locateFaces } from "../../src/pipeline/detect/locate.ts";
import type { Face } from "../../src/pipeline/detect/face.ts";
import { alignFace } from "../../src/pipeline/align/arcface.ts";
import type { Affine } from "../../src/math/affine.ts";
import type { Image } from "../../src/image/image.ts";

/** Pixels around the 112x112 crop on each side. */
export const MARGIN = 16;
/** Width and height of a crop with its margin. */
export const CROP_SIZE = 112 + 2 * MARGIN;
/** Bytes of a crop: rows of RGB pixels. */
export const CROP_BYTES = CROP_SIZE * CROP_SIZE * 3;

const BYTES: TensorSpec = {
  size: CROP_SIZE,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};

/** A face that was found, and its crop. */
export interface FaceCrop {
  readonly face: Face;
  readonly crop: Uint8Array;
}

/** The largest face of each picture as the pipeline aligns it; undefined where there is none. */
export async function cutFaces(
  engine: Engine,
  images: readonly Image[],
): Promise<(FaceCrop | undefined)[]> {
  const { backend } = engine;
  using stack = new DisposableStack();
  const photos = images.map((image): Photo => stack.use(backend.upload(image)));
  const found = await locateFaces(engine, photos, { face: "largest", maxFaces: 1 });
  const jobs = found.flatMap((choice, i) =>
    choice.kind === "face"
      ? [{
        photo: photos[i],
        cropToPhoto: withMargin(alignFace(choice.face.landmarks).cropToPhoto),
      }]
      : []
  );
  if (jobs.length === 0) return images.map(() => undefined);
  const [values] = await backend.read(stack.use(backend.warpAffine(jobs, BYTES, false)));
  const crops = Uint8ClampedArray.from(values);
  let next = 0;
  return found.map((choice) => {
    if (choice.kind !== "face") return undefined;
    const { face } = choice, start = CROP_BYTES * next++;
    return { face, crop: new Uint8Array(crops.slice(start, start + CROP_BYTES)) };
  });
}

function withMargin([a, b, c, d, e, f]: Affine): Affine {
  return [a, b, c - MARGIN * (a + b), d, e, f - MARGIN * (d + e)];
}
