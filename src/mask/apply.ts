// Draws a mask on every face of a photo that has a mesh, in the light of the photo.
// The layers come from mask_layer.ts; the drawing is the overlay kernel's.

import type { Face, FaceWithMesh } from "../pipeline/detect/face.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { Image } from "../image/image.ts";
import type { MaskOptions } from "./kinds.ts";
import type { MaskLayer } from "../kernels/mask_overlay/layer.ts";
import { maskOverlay } from "../kernels/mask_overlay/cpu.ts";
import { maskLayer } from "./mask_layer.ts";

/**
 * Draws masks on the faces of a photo.
 *
 * @param image The photo; it is not changed.
 * @param faces The faces as `Verifier.detect` finds them with `mesh: true`; those without a mesh stay as they are.
 * @param options Which mask, and what it covers; each face has its own variation of the seed.
 * @returns The photo with masks.
 * @throws {InvalidArgumentError} If no face has a mesh, or an option is unknown.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { loadImage } from "@maskinv/maskinv/image";
 * import { applyMask } from "@maskinv/maskinv/mask";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const photo = await loadImage("tests/photos/collins.jpg");
 * const { faces } = await verifier.detect(photo, { mesh: true });
 * const masked = applyMask(photo, faces, { kind: "surgical", color: "#4a7", seed: 7 });
 * console.log(masked.width === photo.width); // true
 * ```
 */
export function applyMask(
  image: Image,
  faces: readonly (Face | FaceWithMesh)[],
  options: MaskOptions,
): Image {
  return maskOverlay(image, maskLayers(image, faces, options));
}

/**
 * Returns the layers that {@linkcode applyMask} draws, for drawing them elsewhere.
 *
 * @throws {InvalidArgumentError} If no face has a mesh, or an option is unknown.
 */
export function maskLayers(
  image: Image,
  faces: readonly (Face | FaceWithMesh)[],
  options: MaskOptions,
): MaskLayer[] {
  const meshes = faces.flatMap((face) => "mesh" in face && face.mesh ? [face.mesh] : []);
  if (meshes.length === 0) {
    throw new InvalidArgumentError(
      `Cannot put a mask on any of ${faces.length} faces as none has a mesh: ` +
        `detect with mesh: true, and give a photo that shows a face larger and uncovered`,
    );
  }
  const { seed = 0 } = options;
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  return meshes.map((mesh, i) => maskLayer(mesh, whole, { ...options, seed: seed + i }, image))
    .filter(({ region }) => region.width > 0);
}
