// Aligned faces to calibrate and to measure on: of each photo the largest face as it is, and with a mask put on.
// The crops are kept in memory, in the form of the network; nothing of them is written.

import type { Engine } from "../kernels/mod.ts";
import { locateAligned } from "../pipeline/locate_and_embed.ts";
import { listPhotos } from "../distill/data/source.ts";
import { MaskinvError } from "../base/errors.ts";
import type { Image } from "../image/image.ts";
import { loadImage } from "../image/load.ts";
import { maskOverlayKernel } from "../kernels/mask_overlay/mod.ts";
import { maskLayers } from "../mask/apply.ts";
import { randomMaskOptions } from "../mask/kinds.ts";
import type { TensorSpec } from "../runtime/tensor_spec.ts";

/** So many photos of a folder, evenly taken. */
export function choosePhotos(folder: string, count: number): string[] {
  const photos = listPhotos(folder), step = Math.max(1, photos.length / count);
  return Array.from(
    { length: Math.min(count, photos.length) },
    (_, i) => `${folder}/${photos[Math.floor(i * step)].file}`,
  );
}

/** Returns the crops of a photo: none if it has no face or cannot be read. */
export async function facesOf(
  engine: Engine,
  path: string,
  spec: TensorSpec,
  seed: number,
): Promise<
  Float32Array[]
> {
  let image: Image;
  try {
    image = await loadImage(path);
  } catch (error) {
    if (error instanceof MaskinvError) return [];
    throw error;
  }
  const { backend } = engine;
  using stack = new DisposableStack();
  const photo = stack.use(backend.upload(image));
  const options = { face: "largest", maxFaces: 1, mesh: true, size: spec.size } as const;
  const [found] = await locateAligned(engine, [photo], options);
  if (found.kind !== "face" || !found.face.mesh) return [];
  const { face, face: { alignment: { cropToPhoto } } } = found;
  const overlay = await backend.prepare(maskOverlayKernel);
  using masked = overlay(photo, maskLayers(image, [face], randomMaskOptions(seed)));
  using crops = backend.warpAffine(
    [{ photo, cropToPhoto }, { photo: masked, cropToPhoto }],
    spec,
    false,
  );
  const [values] = await backend.read(crops), length = values.length / 2;
  return [values.slice(0, length), values.slice(length)];
}
