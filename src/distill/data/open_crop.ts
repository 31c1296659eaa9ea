// From a photo on disk to its aligned crop: read as it is where the folder holds crops, detected and aligned where it
// holds photos. This is the one place of the training data that asks for a detector.

import { ARCFACE_SIZE } from "../../pipeline/align/arcface.ts";
import { warpAffine } from "../../kernels/warp_affine/cpu.ts";
import type { Engine } from "../../kernels/mod.ts";
import { interEyeDistance } from "../../pipeline/detect/face.ts";
import type { AlignedFace } from "../../pipeline/embed/embed.ts";
import { locateAligned } from "../../pipeline/locate_and_embed.ts";
import { MaskinvError } from "../../base/errors.ts";
import { fromPixels, type Image } from "../../image/image.ts";
import { loadImage } from "../../image/load.ts";
import { CROP_SIZE, CROP_SPEC, cropImage, FRAME_SIZE, MARGIN, withMargin } from "./crop.ts";

/** A crop of 144 x 144 pixels, or why there is none. */
export type OpenedCrop =
  | { readonly crop: Image; readonly eyes?: number }
  | { readonly failed: string };

/** Opens the crop of a file. */
export type CropOpener = (engine: Engine, path: string, label: string) => Promise<OpenedCrop>;

/** Reads a crop that is aligned already: with the margin, or the bare frame, which gets a black one. */
export const readCrop: CropOpener = async (_engine, path, label) => {
  const image = await load(path, label);
  if (typeof image === "string") return { failed: image };
  const { width, height } = image;
  if (width === CROP_SIZE && height === CROP_SIZE) return { crop: image };
  if (width === FRAME_SIZE && height === FRAME_SIZE) return { crop: withBlackMargin(image) };
  return {
    failed: `no aligned crop: it has ${width}x${height} pixels and not ${CROP_SIZE}x${CROP_SIZE}`,
  };
};

/** Cuts the crop of the largest face of a photo. */
export const cutCrop: CropOpener = async (engine, path, label) => {
  const image = await load(path, label);
  if (typeof image === "string") return { failed: image };
  const face = await largestFace(engine, image);
  if (!face) return { failed: "no face" };
  const cropToPhoto = withMargin(face.alignment.cropToPhoto);
  const pixels = warpAffine([{ image, cropToPhoto }], CROP_SPEC, false);
  const crop = cropImage(new Uint8Array(Uint8ClampedArray.from(pixels).buffer));
  return { crop, eyes: Math.round(interEyeDistance(face.landmarks) * 10) / 10 };
};

async function largestFace(engine: Engine, image: Image): Promise<AlignedFace | undefined> {
  using photo = engine.backend.upload(image);
  const options = { face: "largest", maxFaces: 1, size: ARCFACE_SIZE } as const;
  const [found] = await locateAligned(engine, [photo], options);
  return found.kind === "face" ? found.face : undefined;
}

/** Returns the picture, or why it cannot be read. */
async function load(path: string, label: string): Promise<Image | string> {
  try {
    return await loadImage(path, { label });
  } catch (error) {
    if (!(error instanceof MaskinvError)) throw error;
    return `unreadable: ${error.message}`;
  }
}

function withBlackMargin({ data }: Image): Image {
  const out = new Uint8Array(CROP_SIZE * CROP_SIZE * 4), row = FRAME_SIZE * 4;
  for (let i = 3; i < out.length; i += 4) out[i] = 255;
  for (let y = 0; y < FRAME_SIZE; y++) {
    out.set(data.subarray(y * row, (y + 1) * row), ((y + MARGIN) * CROP_SIZE + MARGIN) * 4);
  }
  return fromPixels({ width: CROP_SIZE, height: CROP_SIZE, data: out });
}
