// Puts masks on the faces of a photo: it is uploaded once, its faces are found and its masks drawn where it is, and one
// picture comes back.

import type { Image } from "../image/image.ts";
import type { Engine } from "../kernels/mod.ts";
import { maskOverlayKernel } from "../kernels/mask_overlay/mod.ts";
import { maskLayers } from "../mask/apply.ts";
import type { MaskOptions } from "../mask/kinds.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { detectFaces } from "./detect_faces.ts";
import type { MaskedPhoto } from "./result.ts";

/** Draws masks on the faces of a photo. */
export async function maskPhoto(
  engine: Engine,
  { width, height, data }: Image,
  entry: ModelEntry,
  mask: MaskOptions,
  maxFaces: number,
): Promise<MaskedPhoto> {
  const { backend } = engine;
  // If it was reduced when it was loaded, masks and faces are in the pixels that there are.
  const image = { width, height, data };
  using photo = backend.upload(image);
  const detection = await detectFaces(engine, photo, image, entry, { maxFaces, mesh: true });
  const masked = detection.faces.filter(({ mesh }) => mesh !== undefined).length;
  if (masked === 0) return { ...detection, image, masked };
  const overlay = await backend.prepare(maskOverlayKernel);
  using drawn = overlay(photo, maskLayers(image, detection.faces, mask));
  return { ...detection, image: await backend.download(drawn), masked };
}
