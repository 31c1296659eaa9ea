// The mask of the MaskInv paper on an aligned face: its template points, its jitter, its colour formula.
// Facts of the authors' released code (CC BY-NC), of which nothing is copied; the mask's picture is the caller's.

import type { Point } from "../math/affine.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { findHomography, invertHomography } from "../math/homography.ts";
import type { MaskLayer, MaskTexture } from "../kernels/mask_overlay/layer.ts";
import { randomNumbers } from "../math/random.ts";

/** Eye, eye, nose, mouth corner, mouth corner, from left to right in the picture, as ARCFACE_TEMPLATE has them. */
export type FivePoints = readonly [Point, Point, Point, Point, Point];

/** How the mask is applied. */
export interface OfficialOptions {
  /** The crop; elsewhere nothing changes. */
  readonly region: MaskLayer["region"];
  /**
   * Chooses `rs`, `rx` and `offset`, as the authors' training does, where they are not given. Without a seed they are
   * 0, as in the authors' evaluation.
   */
  readonly seed?: number;
  /** Shift of the template points down, in template pixels, -40..39 in training: the mask goes up on the face. */
  readonly rs?: number;
  /** Shift of the template points to the right, -10..9 in training: the mirrored mask goes right too. */
  readonly rx?: number;
  /** Added to red, green and blue of the inverted template, 0..149. */
  readonly offset?: readonly [number, number, number];
  /**
   * Where the face has the five points, in picture pixels. By default {@linkcode OFFICIAL_LANDMARKS} in the region:
   * the authors' points for 112x112 crops, which are cut to whole pixels and lie 8 pixels left of ArcFace's, a fault
   * that results obtained with their code have in them. Points that are given are used as they are.
   */
  readonly landmarks?: FivePoints;
  /** The same points in the texture; by default those of the authors' mask of 1627x1085 pixels. */
  readonly templatePoints?: FivePoints;
}

/** The authors' points for every 112x112 crop. */
export const OFFICIAL_LANDMARKS: FivePoints = [
  { x: 30, y: 51 },
  { x: 65, y: 51 },
  { x: 48, y: 71 },
  { x: 33, y: 92 },
  { x: 62, y: 92 },
];

/** The same points in the authors' mask: the left eye of the picture is on its right, so the mask is mirrored. */
export const OFFICIAL_TEMPLATE_POINTS: FivePoints = [
  { x: 1009, y: 64 },
  { x: 557, y: 64 },
  { x: 678, y: 464 },
  { x: 991, y: 664 },
  { x: 548, y: 614 },
];

/**
 * Creates the layer of the paper's mask on one aligned face.
 *
 * The map minimises the distances from the mapped template points to the landmarks, in picture pixels, as the authors'
 * call of OpenCV does. The matrix known from their side lies a little before the minimum: it differs from ours in the
 * fourth digit, which shows at the mask's rim, in 2 of 1,000 pixels of a crop.
 *
 * @param texture The authors' mask, or another with `templatePoints`.
 * @param options See {@linkcode OfficialOptions}.
 * @returns The layer for `maskOverlay`.
 * @throws {InvalidArgumentError} If a number is not finite, an offset not in 0..149, or the points fix no map.
 *
 * @example
 * ```ts
 * import { officialLayer } from "@maskinv/maskinv/mask";
 * import { maskOverlay } from "@maskinv/maskinv/mask";
 *
 * const crop = { width: 112, height: 112, data: new Uint8ClampedArray(112 * 112 * 4).fill(255) };
 * const texture = { width: 1627, height: 1085, data: new Uint8ClampedArray(1627 * 1085 * 4).fill(255) };
 * const region = { x: 0, y: 0, width: 112, height: 112 };
 * const masked = maskOverlay(crop, [officialLayer(texture, { region, offset: [9, 90, 120] })]);
 * // White of the template is black, wrapped to 1, plus the offset.
 * console.log(masked.data.slice((80 * 112 + 50) * 4).slice(0, 3)); // Uint8ClampedArray [10, 91, 121]
 * ```
 */
export function officialLayer(texture: MaskTexture, options: OfficialOptions): MaskLayer {
  const { region } = options;
  const { rs, rx, offset } = { ...chosen(options.seed), ...given(options) };
  if (![rs, rx].every(Number.isFinite) || !offset.every((value) => value >= 0 && value < 150)) {
    throw new InvalidArgumentError(
      `Cannot put on the mask with rs ${rs}, rx ${rx} and offsets ${offset.join(", ")}: ` +
        `give finite shifts and offsets of 0 to 149`,
    );
  }
  const template = (options.templatePoints ?? OFFICIAL_TEMPLATE_POINTS)
    .map(({ x, y }) => ({ x: x + rx, y: y + rs }));
  const target = options.landmarks ??
    OFFICIAL_LANDMARKS.map(({ x, y }) => ({ x: x + region.x, y: y + region.y }));
  return {
    region,
    texture,
    pieces: [{ toTexture: invertHomography(findHomography(template, target)) }],
    blend: { kind: "maskinv", offset },
  };
}

type Jitter = Required<Pick<OfficialOptions, "rs" | "rx" | "offset">>;

function chosen(seed: number | undefined): Jitter {
  if (seed === undefined) return { rs: 0, rx: 0, offset: [0, 0, 0] };
  const next = randomNumbers(seed);
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from));
  return {
    rs: whole(-40, 40),
    rx: whole(-10, 10),
    offset: [whole(0, 150), whole(0, 150), whole(0, 150)],
  };
}

/** Returns the options that are given; one that is undefined must not replace the value of the seed. */
function given({ rs, rx, offset }: OfficialOptions): Partial<Jitter> {
  return { ...rs !== undefined && { rs }, ...rx !== undefined && { rx }, ...offset && { offset } };
}
