// What the page draws of a photo: the picture with box and landmarks, and the crop that the network sees.
/// <reference lib="dom" />

import { invertAffine, type Point } from "../../math/affine.ts";
import { fivePoints } from "../../pipeline/detect/face.ts";
import type { EmbeddedFace } from "../../pipeline/embed/embed.ts";
import type { Image } from "../../image/image.ts";

/** The longest side that is shown; photos are compared in full. */
const MAX_SHOWN = 960;

/** A canvas with the picture's pixels. */
export function canvasOf(image: Image): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  context(canvas).putImageData(new ImageData(image.data, image.width, image.height), 0, 0);
  return canvas;
}

/** Shows a picture, and of a face its box and landmarks. */
export function drawPhoto(
  canvas: HTMLCanvasElement,
  picture: HTMLCanvasElement,
  face: EmbeddedFace | undefined,
): void {
  const scale = Math.min(1, MAX_SHOWN / Math.max(picture.width, picture.height));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const pen = context(canvas);
  pen.scale(scale, scale);
  pen.drawImage(picture, 0, 0);
  if (!face) return;
  const { box, landmarks } = face, thick = Math.max(picture.width, picture.height) / 200;
  pen.lineWidth = thick;
  pen.strokeStyle = "#2bd4e0";
  pen.strokeRect(box.x, box.y, box.width, box.height);
  pen.fillStyle = "#ffd23f";
  for (const point of fivePoints(landmarks)) dot(pen, point, thick * 0.9);
}

/** Shows the face as the embedding network gets it. */
export function drawCrop(
  canvas: HTMLCanvasElement,
  picture: HTMLCanvasElement,
  face: EmbeddedFace | undefined,
): void {
  const pen = context(canvas);
  pen.resetTransform();
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (!face) return;
  const [a, b, c, d, e, f] = invertAffine(face.alignment.cropToPhoto);
  pen.imageSmoothingQuality = "high";
  pen.setTransform(a, d, b, e, c, f);
  pen.drawImage(picture, 0, 0);
}

function dot(pen: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext("2d", { willReadFrequently: true })!;
}
