// What covers faces beside masks: sunglasses, scarves, hands, veils, things held up. Drawn on the crop in simple forms:
// rare, so that the student learns to do without a part of the face and not to look for the shapes of masks.

import type { Point } from "../../math/affine.ts";
import type { Image } from "../../image/image.ts";
import { smoothNoise } from "../../mask/draw_noise.ts";
import type { Chance } from "./chance.ts";
import {
  capsule,
  type Depth,
  folds,
  meanColor,
  paint,
  polygon,
  type Shade,
} from "./cover_paint.ts";
import { CROP_SIZE } from "./crop.ts";
import { type FacePoints, facePoints } from "./face_points.ts";
import { anyColor } from "./mask_choice.ts";

/** The covers, and how often each is drawn. */
const COVERS: readonly (readonly [Draw, number])[] = [
  [sunglasses, 0.35],
  [scarf, 0.2],
  [hand, 0.2],
  [veil, 0.1],
  [block, 0.15],
];

type Draw = (image: Image, face: FacePoints, chance: Chance) => void;

/** Draws something on the crop, in place. */
export function drawCover(image: Image, mesh: Float32Array | undefined, chance: Chance): void {
  let left = chance.next();
  const [draw] = COVERS.find(([, share]) => (left -= share) < 0) ?? COVERS[0];
  draw(image, facePoints(mesh), chance);
}

/** Draws sunglasses on the crop, in place. */
export function drawSunglasses(
  image: Image,
  mesh: Float32Array | undefined,
  chance: Chance,
): void {
  sunglasses(image, facePoints(mesh), chance);
}

/** A plain mask without folds, by five points: for crops on which no mesh was found. */
export function drawPlainMask(image: Image, mesh: Float32Array | undefined, chance: Chance): void {
  const { rightEye, leftEye, nose, rightJaw, leftJaw, chin } = facePoints(mesh);
  const brow = (rightEye.y + leftEye.y) / 2,
    top = brow + chance.between(0.25, 0.6) * (nose.y - brow);
  const corners = [
    { x: rightJaw.x, y: top + 6 },
    { x: nose.x - 6, y: top },
    { x: nose.x + 6, y: top },
    { x: leftJaw.x, y: top + 6 },
    leftJaw,
    { x: chin.x + 12, y: chin.y },
    { x: chin.x - 12, y: chin.y },
    rightJaw,
  ];
  const shade = folds(chance, 0.08, 0.25), color = anyColor(chance);
  paint(image, { depth: polygon(corners), color, shade, top: top - 1, bottom: chin.y + 2 });
}

function sunglasses(image: Image, face: FacePoints, chance: Chance): void {
  const { rightEye: r, leftEye: l } = face;
  const span = Math.hypot(l.x - r.x, l.y - r.y), cos = (l.x - r.x) / span, sin = (l.y - r.y) / span;
  const halfWidth = span * chance.between(0.32, 0.46),
    halfHeight = span * chance.between(0.2, 0.36);
  const drop = span * chance.between(0, 0.12), power = chance.between(2, 4.5);
  const lens = (eye: Point): Depth => (x, y) => {
    const u = (x - eye.x) * cos + (y - eye.y) * sin;
    const v = (y - eye.y) * cos - (x - eye.x) * sin - drop;
    const round = (Math.abs(u / halfWidth) ** power + Math.abs(v / halfHeight) ** power) **
      (1 / power);
    return (1 - round) * halfHeight;
  };
  const right = lens(r), left = lens(l);
  const frame = chance.happens(0.7) ? anyColor(chance).map((level) => level * 0.5) : [20, 20, 22];
  const glass = anyColor(chance).map((level) => level * chance.between(0.05, 0.35));
  const thick = span * chance.between(0.02, 0.07),
    bar = drop - halfHeight * chance.between(0.2, 0.7);
  // The bridge and the temples, which run to the ears behind the frame.
  const bars: Depth = (x, y) => {
    const u = (x - (r.x + l.x) / 2) * cos + (y - (r.y + l.y) / 2) * sin;
    const v = (y - (r.y + l.y) / 2) * cos - (x - (r.x + l.x) / 2) * sin;
    const over = Math.abs(u) - span / 2 - halfWidth - 0.35 * span;
    return Math.min(thick * 0.7 - Math.abs(v - bar), -over);
  };
  const lenses: Depth = (x, y) => Math.max(right(x, y), left(x, y));
  const glint = chance.between(0, 0.9), low = Math.max(r.y, l.y) + halfHeight;
  const shade: Shade = (x, y) => 1 + glint * Math.max(0, (low - y) / halfHeight) ** 2 + 0.01 * x;
  const reach = 1.5 * halfHeight + drop + thick + 0.6 * Math.abs(l.y - r.y) + 2;
  const rows = { top: (r.y + l.y) / 2 - reach, bottom: (r.y + l.y) / 2 + reach };
  paint(image, { depth: bars, color: frame, ...rows });
  paint(image, { depth: (x, y) => lenses(x, y) + thick, color: frame, ...rows });
  paint(image, { depth: lenses, color: glass, shade, opacity: chance.between(0.75, 1), ...rows });
}

/** Cloth from below up to the mouth, the nose or over it, with an edge that is not straight. */
function scarf(
  image: Image,
  { nose, rightMouth, leftMouth, rightEye }: FacePoints,
  chance: Chance,
): void {
  const mouth = (rightMouth.y + leftMouth.y) / 2;
  const edge = chance.happens(0.3)
    ? mouth + chance.between(2, 10)
    : chance.between(rightEye.y + 0.45 * (nose.y - rightEye.y), mouth - 2);
  const tilt = chance.between(-0.15, 0.15), wave = chance.between(1, 5);
  const seed = Math.floor(chance.next() * 1000), sag = chance.between(-0.004, 0.004);
  const depth: Depth = (x, y) =>
    y - edge - tilt * (x - nose.x) - sag * (x - nose.x) ** 2 - wave * smoothNoise(x / 18, 0, seed);
  const color = anyColor(chance), top = edge - 25 - 0.004 * CROP_SIZE ** 2 / 4;
  paint(image, { depth, color, shade: folds(chance, 0.2, 0.4), top });
}

/** A palm and some fingers in the colour of the face, over its lower half. */
function hand(image: Image, face: FacePoints, chance: Chance): void {
  const { nose, rightMouth, leftMouth, chin } = face, side = chance.happens(0.5) ? 1 : -1;
  const middle = {
    x: (rightMouth.x + leftMouth.x) / 2 + side * chance.between(0, 22),
    y: chance.between(nose.y + 6, chin.y),
  };
  const angle = chance.between(-0.6, 0.6) - side * 0.7, length = chance.between(26, 46);
  const width = chance.between(4.5, 7.5), fan = chance.between(0.03, 0.16);
  const palm = { x: middle.x + side * 26, y: middle.y + chance.between(10, 30) };
  const fingers = [-1.5, -0.5, 0.5, 1.5].map((k) => {
    const turn = angle + k * fan, off = k * width * 1.75;
    const from = { x: palm.x + off * Math.cos(angle), y: palm.y + off * Math.sin(angle) };
    return {
      from,
      to: { x: from.x + length * Math.sin(turn), y: from.y - length * Math.cos(turn) },
    };
  });
  const parts = fingers.map(({ from, to }) => capsule(from, to, width));
  const back = capsule(palm, { x: palm.x, y: palm.y + 40 }, width * 3.4);
  const depth: Depth = (x, y) => {
    let depth = back(x, y);
    for (const part of parts) depth = Math.max(depth, part(x, y));
    return depth;
  };
  const light = chance.between(0.85, 1.1);
  const skin = meanColor(image, nose.x, nose.y).map((level) => level * light);
  // Round fingers are dark along their sides.
  const shade: Shade = (x, y) => 0.68 + 0.34 * Math.min(1, depth(x, y) / (0.8 * width));
  const top = Math.min(palm.y, ...fingers.flatMap(({ from, to }) => [from.y, to.y])) - 4 * width;
  paint(image, { depth, color: skin, shade, top });
}

/** A niqab or a balaclava: all but a band around the eyes. */
function veil(image: Image, { rightEye: r, leftEye: l, nose }: FacePoints, chance: Chance): void {
  const eyes = (r.y + l.y) / 2, span = Math.abs(l.x - r.x);
  const above = span * chance.between(0.3, 0.75),
    below = (nose.y - eyes) * chance.between(0.35, 0.8);
  const half = span * chance.between(0.95, 1.3), middle = (r.x + l.x) / 2;
  const depth: Depth = (x, y) => {
    const v = y < eyes ? (eyes - y) / above : (y - eyes) / below;
    return (Math.hypot(Math.abs((x - middle) / half) ** 1.6, v) - 1) * below;
  };
  const dark = chance.happens(0.75) ? 0.25 : 1;
  const color = anyColor(chance).map((level) => level * dark);
  paint(image, { depth, color, shade: folds(chance, 0.15, 0.3) });
}

/** A thing of one colour held before the face: a phone, a cup, a book. */
function block(image: Image, { nose }: FacePoints, chance: Chance): void {
  const x0 = nose.x + chance.between(-40, 40), y0 = nose.y + chance.between(-6, 45);
  const halfWidth = chance.between(11, 40), halfHeight = chance.between(11, 32);
  const angle = chance.between(-0.8, 0.8), cos = Math.cos(angle), sin = Math.sin(angle);
  const power = chance.between(2, 8), seed = Math.floor(chance.next() * 1000);
  const depth: Depth = (x, y) => {
    const u = ((x - x0) * cos + (y - y0) * sin) / halfWidth;
    const v = ((y - y0) * cos - (x - x0) * sin) / halfHeight;
    return (1 - (Math.abs(u) ** power + Math.abs(v) ** power) ** (1 / power)) * halfHeight;
  };
  const grain = chance.between(0, 0.3);
  const shade: Shade = (x, y) => 1 + grain * smoothNoise(x / 6, y / 6, seed);
  const reach = Math.hypot(halfWidth, halfHeight) + 1;
  paint(image, { depth, color: anyColor(chance), shade, top: y0 - reach, bottom: y0 + reach });
}
