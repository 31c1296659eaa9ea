// Photos as the verifier looks at them: large JPEGs reduced, which halves the time and the memory, and what is found in
// them in the pixels of the photo itself.

import type { Image, ImageInput } from "../image/image.ts";
import { loadImage, toBytes } from "../image/load.ts";
import { DEFAULT_MAX_BYTES } from "../image/limits.ts";
import { publicName } from "../image/name.ts";
import type { Alignment } from "../pipeline/align/arcface.ts";
import { type Face, interEyeDistance } from "../pipeline/detect/face.ts";
import type { ResolvedPhotoOptions } from "./options.ts";

/**
 * The least distance between the eyes, in pixels, of a face that is cut from a reduced photo: twice that of the 112x112
 * crop, so that the crop has no fewer details than one from the whole photo.
 */
const MIN_REDUCED_EYES = 70;

/** A photo in memory. */
export interface LoadedPhoto {
  /** The photo, perhaps reduced. */
  readonly image: Image;
  /** Decodes it again at its full size. */
  whole(): Promise<Image>;
}

/** Loads a photo, reduced if it is a large JPEG. */
export async function loadPhoto(
  input: ImageInput,
  options: ResolvedPhotoOptions,
): Promise<LoadedPhoto> {
  const label = input instanceof URL ? publicName(input.href) : undefined;
  // What is fetched is fetched once, even if it is decoded twice.
  const source = label !== undefined && (input as URL).protocol !== "file:"
    ? await toBytes(input as URL, label, DEFAULT_MAX_BYTES, options.signal)
    : input;
  const { maxPixels, reduceAbove, signal } = options;
  return {
    image: await loadImage(source, { label, maxPixels, reduceAbove, signal }),
    whole: () => loadImage(source, { label, maxPixels, signal }),
  };
}

/** Whether a face is so small in a reduced photo that the whole photo shows more of it. */
export function isTooReduced({ reduction }: Image, face: Face): boolean {
  return reduction !== undefined && interEyeDistance(face.landmarks) < MIN_REDUCED_EYES;
}

/** A face that was found in an image, in the pixels of the whole photo. */
export function inWholePhoto<T extends FoundFace>(face: T, { reduction = 1 }: Image): T {
  if (reduction === 1) return face;
  // Pixel centres are at integers, so that the first pixel of the reduced photo has its centre inside a block.
  const shift = (reduction - 1) / 2;
  const at = (value: number): number => value * reduction + shift;
  const { x, y, width, height } = face.box;
  const { alignment, mesh } = face;
  const landmarks = Object.fromEntries(
    Object.entries(face.landmarks).map(([name, { x, y }]) => [name, { x: at(x), y: at(y) }]),
  );
  const size = { width: width * reduction, height: height * reduction };
  return {
    ...face,
    box: { x: x * reduction, y: y * reduction, ...size },
    landmarks,
    ...(alignment && { alignment: enlarged(alignment, reduction, shift) }),
    ...(mesh && { mesh: mesh.map((value, i) => i % 3 === 2 ? value * reduction : at(value)) }),
  };
}

/** A face, with whatever else of it is in pixels. */
interface FoundFace extends Face {
  readonly alignment?: Alignment;
  readonly mesh?: Float32Array;
}

function enlarged(alignment: Alignment, by: number, shift: number): Alignment {
  const [a, b, c, d, e, f] = alignment.cropToPhoto;
  return {
    ...alignment,
    cropToPhoto: [a * by, b * by, c * by + shift, d * by, e * by, f * by + shift],
  };
}
