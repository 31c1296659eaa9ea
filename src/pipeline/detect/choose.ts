// Which of several faces is meant: said by the caller, never guessed.

import type { Image } from "../../image/image.ts";
import { boxArea } from "./box.ts";
import type { Box } from "./face.ts";

/**
 * Which face of a photo is meant: the `"only"` one (several are refused), the `"largest"`, or the one whose box is
 * nearest to the photo's centre (`"centred"`).
 */
export type FaceChoice = "only" | "largest" | "centred";

/** The values of {@linkcode FaceChoice}. */
export const FACE_CHOICES: readonly FaceChoice[] = ["only", "largest", "centred"];

/** What the choice led to. */
export type ChosenFace<T> =
  | { readonly kind: "face"; readonly face: T }
  | { readonly kind: "no-face" }
  | { readonly kind: "several-faces"; readonly faces: readonly T[]; readonly omitted: number };

/**
 * Chooses the face that is meant.
 *
 * @param faces The faces of one photo, in any order.
 * @param photo The photo's size in pixels.
 * @param choice Which one is meant.
 * @param maxFaces Of several faces so many are given back, the largest.
 * @returns The face, or that there is none, or that there are several and `"only"` was asked for.
 *
 * @example
 * ```ts
 * import { chooseFace } from "@maskinv/maskinv/detect";
 *
 * console.log(chooseFace([], { width: 640, height: 480 }, "only").kind); // "no-face"
 * ```
 */
export function chooseFace<T extends { readonly box: Box }>(
  faces: readonly T[],
  photo: Pick<Image, "width" | "height">,
  choice: FaceChoice,
  maxFaces = Infinity,
): ChosenFace<T> {
  if (faces.length === 0) return { kind: "no-face" };
  if (choice === "only" && faces.length > 1) {
    const largest = faces.toSorted((a, b) => boxArea(b.box) - boxArea(a.box)).slice(0, maxFaces);
    return { kind: "several-faces", faces: largest, omitted: faces.length - largest.length };
  }
  const offCentre = ({ x, y, width, height }: Box): number =>
    Math.hypot(x + (width - photo.width) / 2, y + (height - photo.height) / 2);
  const cost = choice === "centred" ? offCentre : (box: Box): number => -boxArea(box);
  return { kind: "face", face: faces.reduce((a, b) => cost(b.box) < cost(a.box) ? b : a) };
}
