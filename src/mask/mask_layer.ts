// A mask on one face, ready for the overlay kernel: the pieces of its mesh, the texture, and the photo's light on it.
// Works on whole photos and on crops: the mesh is in the picture's coordinates.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Image } from "../image/image.ts";
import { type AtlasSize, atlasSize, maskPlace } from "./draw_outline.ts";
import { maskTexture, textureWidth } from "./draw_texture.ts";
import { meshPieces } from "./fit.ts";
import { fitMaskMesh, type MaskMesh } from "./fit_mesh.ts";
import { type Appearance, completeMaskOptions, type MaskOptions } from "./kinds.ts";
import type { MaskLayer, MaskPiece } from "../kernels/mask_overlay/layer.ts";
import { type FaceLight, faceLight } from "./face_light.ts";

/** Light factors along each side of the texture: shape of the mask, not of the face. */
const LIGHT_SIZE = 6;

/**
 * Creates the layer of a mask on a face for the overlay kernel.
 *
 * @param mesh The 468 points of FaceMesh (x, y, z) in the picture's pixels.
 * @param region The part of the picture that may change.
 * @param options Which mask, and what it covers.
 * @param image The picture, whose light the mask takes.
 * @returns The layer to draw; without pieces, on a region of no pixels, where the mask is outside of the region.
 * @throws {InvalidArgumentError} If the mesh has not 468 finite points or an option is unknown.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { loadImage } from "@maskinv/maskinv/image";
 * import { maskLayer } from "@maskinv/maskinv/mask";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const photo = await loadImage("tests/photos/collins.jpg");
 * const { faces: [{ mesh }] } = await verifier.detect(photo, { mesh: true });
 * if (mesh) {
 *   const whole = { x: 0, y: 0, width: photo.width, height: photo.height };
 *   const layer = maskLayer(mesh, whole, { kind: "ffp2", seed: 3 }, photo);
 *   console.log(layer.pieces.length > 100); // true
 * }
 * ```
 */
export function maskLayer(
  mesh: Float32Array,
  region: MaskLayer["region"],
  options: MaskOptions,
  image: Image,
): MaskLayer {
  const appearance = completeMaskOptions(options);
  if (mesh.length !== 468 * 3 || !mesh.every(Number.isFinite)) {
    throw new InvalidArgumentError(
      `Cannot fit a mask on a mesh of ${mesh.length} numbers: give the 468 finite points of FaceMesh`,
    );
  }
  const maskMesh = fitMaskMesh(mesh, appearance);
  const light = faceLight(mesh, maskMesh.head, image);
  const texture = maskTexture(appearance, textureWidth(maskMesh.head.width), light.grey);
  const size = atlasSize(appearance, texture.width);
  const pieces = meshPieces(maskMesh, appearance, size);
  return {
    region: common(region, pieces),
    texture,
    pieces,
    blend: { kind: "alpha", gain: light.gain, light: lightGrid(maskMesh, appearance, size, light) },
  };
}

/** Returns the part of the region that the pieces touch. */
function common(region: MaskLayer["region"], pieces: readonly MaskPiece[]): MaskLayer["region"] {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const { triangle } of pieces) {
    for (const { x, y } of triangle ?? []) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const x = Math.max(region.x, Math.floor(left)), y = Math.max(region.y, Math.floor(top));
  const width = Math.min(region.x + region.width, Math.ceil(right) + 1) - x;
  const height = Math.min(region.y + region.height, Math.ceil(bottom) + 1) - y;
  if (width > 0 && height > 0) return { x, y, width, height };
  return { x: region.x, y: region.y, width: 0, height: 0 };
}

/** Returns the light on the mask, at the places of a grid over the texture. */
function lightGrid(
  { vertices, rows, columns }: MaskMesh,
  appearance: Appearance,
  texture: AtlasSize,
  light: FaceLight,
): { size: number; factors: Float32Array } {
  const lit = vertices.map(({ normal }) => light.factor(normal));
  const factors = new Float32Array(LIGHT_SIZE * LIGHT_SIZE);
  const stepX = (texture.width - 1) / (LIGHT_SIZE - 1);
  const stepY = (texture.height - 1) / (LIGHT_SIZE - 1);
  for (let y = 0; y < LIGHT_SIZE; y++) {
    for (let x = 0; x < LIGHT_SIZE; x++) {
      const [u, v] = maskPlace(appearance, texture, x * stepX, y * stepY);
      let sum = 0, total = 0;
      // Near vertices count most; (u, v) of the vertices is no regular grid that could be interpolated.
      for (let k = 0; k < rows * columns; k++) {
        const far = (vertices[k].u - u) ** 2 + (vertices[k].v - v) ** 2 + 0.01,
          weight = 1 / (far * far);
        sum += weight * lit[k];
        total += weight;
      }
      factors[y * LIGHT_SIZE + x] = sum / total;
    }
  }
  return { size: LIGHT_SIZE, factors };
}
