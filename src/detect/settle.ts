// Whether one look at a photo is enough, and what several looks at it come to.
// A face that fills its photo shows as a box that falls short of it, or in pieces: an eye, the middle of the face.

import type { Photo } from "../backend/backend.ts";
import type { Box, CoarseFace } from "./face.ts";
import type { Seen } from "./look.ts";

/** A detection above this is a face. */
export const SURE = 0.5;
/** What the likeliest detection of all looks must reach when none is sure. */
const UNSURE = 0.15;
/** A large face below this may be a piece of one that fills the photo. */
const CERTAIN = 0.85;
/** What is large: the box's side over the photo's longer side. */
const LARGE = 0.25;
/** A box above this falls short of its face in every other photo, however certain it is (seen on tight crops). */
const FILLING = 0.55;
/** The share of a box inside another one above which both are of one face. */
const PIECE_SHARE = 0.4;
/** Intersection over union above which two looks agree on a face. */
const AGREED_OVERLAP = 0.7;

/** Whether a photo needs another look: no face, one that fills it, a large one without certainty, or pieces of one. */
export function isDoubtful(
  faces: readonly CoarseFace[],
  { width, height }: Pick<Photo, "width" | "height">,
): boolean {
  if (faces.length === 0) return true;
  const [{ box, detectionScore }, ...rest] = faces.toSorted((a, b) => area(b.box) - area(a.box));
  const size = Math.max(box.width, box.height) / Math.max(width, height);
  return size > FILLING || size > LARGE && detectionScore < CERTAIN ||
    rest.some((face) => shareInside(face.box, box) > PIECE_SHARE);
}

/** What three looks at one photo come to: the more certain one with room around it, and what lies beside its faces. */
export function settle(plain: Seen, roomyBack: Seen, roomyShort: Seen): CoarseFace[] {
  const first = plain(SURE);
  const [likelier] = [roomyBack(SURE), roomyShort(SURE)]
    .sort((a, b) => certainty(b) - certainty(a));
  // Where the looks agree, the first one has seen the face larger and places it better.
  const roomy = likelier.map((face) =>
    first.find(({ box }) => overlap(box, face.box) > AGREED_OVERLAP) ?? face
  );
  const beside = first.filter(({ box }) =>
    !roomy.some((face) => shareInside(box, face.box) > PIECE_SHARE)
  );
  const sure = [...roomy, ...beside];
  const isPiece = ({ box }: CoarseFace): boolean =>
    sure.some((face) => area(face.box) > area(box) && shareInside(box, face.box) > PIECE_SHARE);
  if (sure.length > 0) return sure.filter((face) => !isPiece(face));
  const unsure = [plain, roomyBack, roomyShort].flatMap((seen) => seen(UNSURE));
  return unsure.sort((a, b) => b.detectionScore - a.detectionScore).slice(0, 1);
}

/** The score of the likeliest face, which comes first. */
function certainty([face]: readonly CoarseFace[]): number {
  return face?.detectionScore ?? 0;
}

/** The area of a box in square pixels. */
export function area({ width, height }: Box): number {
  return width * height;
}

/** The share of a box that lies inside another one. */
function shareInside(box: Box, other: Box): number {
  return intersection(box, other) / area(box);
}

/** Intersection over union of two boxes. */
function overlap(a: Box, b: Box): number {
  const common = intersection(a, b);
  return common / (area(a) + area(b) - common);
}

function intersection(a: Box, b: Box): number {
  const along = (at: "x" | "y", size: "width" | "height"): number =>
    Math.max(0, Math.min(a[at] + a[size], b[at] + b[size]) - Math.max(a[at], b[at]));
  return along("x", "width") * along("y", "height");
}
