// Fits a planned mask to a photo or an aligned crop. Where none can be fitted (no face, or none with a mesh) the
// picture stays as it is, and the report says how many did. The masks of a batch are then drawn together (src/mask/draw_layers.ts).

import { alignFace, ARCFACE_SIZE, ARCFACE_TEMPLATE } from "../../pipeline/align/arcface.ts";
import { type Affine, applyAffine, type Point } from "../../math/affine.ts";
import { cutPicture } from "../../pipeline/align/cut.ts";
import { type Face, type FaceWithMesh, fivePoints } from "../../pipeline/detect/face.ts";
import { mapFace } from "../../pipeline/detect/yunet.ts";
import { InvalidArgumentError } from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import { maskLayers } from "../../mask/apply.ts";
import type { LayeredPicture } from "../../mask/draw_layers.ts";
import { randomMaskOptions } from "../../mask/kinds.ts";
import type { MaskLayer, MaskTexture } from "../../kernels/mask_overlay/layer.ts";
import { type FivePoints, officialLayer } from "../../mask/official.ts";
import type { MaskPlan } from "./masks.ts";

/** A picture to embed, and the mask to draw on it before. */
export interface PlannedPicture extends LayeredPicture {
  /** Whether it is an aligned crop; if not, its face has to be found. */
  readonly aligned: boolean;
}

/** A photo with the mask to draw on it, or nothing if none can be fitted. */
export function maskPhoto(
  image: Image,
  face: Face | FaceWithMesh | undefined,
  plan: MaskPlan,
  texture: MaskTexture | undefined,
): PlannedPicture | undefined {
  if (!face) return undefined;
  if (plan.style === "maskinv" && plan.on === "crop") {
    const crop = cutPicture(
      image,
      alignFace(face.landmarks, ARCFACE_SIZE).cropToPhoto,
      ARCFACE_SIZE,
    );
    return { image: crop, layers: official(crop, plan.offset, texture), aligned: true };
  }
  if (plan.style === "maskinv") {
    const points = fivePoints(face.landmarks);
    return { image, layers: official(image, plan.offset, texture, points), aligned: false };
  }
  return "mesh" in face
    ? { image, layers: layersOf(image, face, plan), aligned: false }
    : undefined;
}

/** A crop with the mask to draw on it, or nothing if none can be fitted; `face` is where the mesh lies in the crop. */
export function maskCrop(
  crop: Image,
  face: Face | FaceWithMesh | undefined,
  plan: MaskPlan,
  texture: MaskTexture | undefined,
): PlannedPicture | undefined {
  if (plan.style === "maskinv") {
    const landmarks = plan.on === "photo" ? templateIn(crop) : undefined;
    return { image: crop, layers: official(crop, plan.offset, texture, landmarks), aligned: true };
  }
  return face && "mesh" in face
    ? { image: crop, layers: layersOf(crop, face, plan), aligned: true }
    : undefined;
}

function layersOf(
  image: Image,
  face: FaceWithMesh,
  { seed, kind }: Extract<MaskPlan, { style: "ours" }>,
): MaskLayer[] {
  const options = randomMaskOptions(seed);
  return maskLayers(image, [face], { ...options, kind: kind ?? options.kind, coverage: "full" });
}

function official(
  image: Image,
  offset: readonly [number, number, number],
  texture: MaskTexture | undefined,
  landmarks?: FivePoints,
): MaskLayer[] {
  if (!texture) {
    throw new InvalidArgumentError(
      "Cannot draw the paper's mask without its picture: give masks of style maskinv with a texture",
    );
  }
  const region = { x: 0, y: 0, width: image.width, height: image.height };
  return [officialLayer(texture, { region, offset, landmarks })];
}

/** Where aligned crops have their five points. */
function templateIn({ width }: Image): FivePoints {
  const [a, b, c, d, e] = ARCFACE_TEMPLATE.map((point): Point =>
    applyAffine(squareMap(ARCFACE_SIZE, width), point)
  );
  return [a, b, c, d, e];
}

/** The map from the pixels of a square to those of a larger or smaller one; pixel centres are whole numbers. */
export function squareMap(from: number, to: number): Affine {
  const step = to / from, shift = (step - 1) / 2;
  return [step, 0, shift, 0, step, shift];
}

/** A crop in the middle of a grey picture twice its size: detectors expect some room around a face. */
export function padded({ width, height, data }: Image): { image: Image; x: number; y: number } {
  const x = width >> 1, y = height >> 1, wide = 2 * width;
  const out = new Uint32Array(wide * 2 * height).fill(0xff808080);
  const pixels = new Uint32Array(data.slice().buffer);
  for (let row = 0; row < height; row++) {
    out.set(pixels.subarray(row * width, (row + 1) * width), (row + y) * wide + x);
  }
  return {
    image: { width: wide, height: 2 * height, data: new Uint8ClampedArray(out.buffer) },
    x,
    y,
  };
}

/** A face in the pixels of a picture whose origin is elsewhere. */
export function shifted(face: Face | FaceWithMesh, x: number, y: number): Face | FaceWithMesh {
  const moved = mapFace(face, (point) => ({ x: point.x + x, y: point.y + y }));
  if (!("mesh" in face)) return moved;
  return { ...moved, mesh: face.mesh.map((value, i) => value + [x, y, 0][i % 3]) };
}
