// One look at whole photos: a BlazeFace, and how much room it sees around the photo.
// A face that fills its picture is larger than the faces the detectors know, and its eyes pass for faces; room helps.

import type { Point } from "../align/affine.ts";
import type { Engine, Photo } from "../backend/backend.ts";
import {
  BACK,
  type BlazeFaceSpec,
  decodeFaces,
  joinGrids,
  type RawDetection,
  type RawOutputs,
  SHORT_RANGE,
  splitRows,
} from "./blazeface.ts";
import { type CoarseFace, interEyeDistance } from "./face.ts";
import { letterboxFit } from "./letterbox.ts";

/** A detector, and the black border that it sees on each side as a share of the photo's longer side. */
export interface Look {
  /** The detector's name in the manifest. */
  readonly network: string;
  readonly margin: number;
  readonly spec: BlazeFaceSpec;
  readonly unify: (outputs: readonly Float32Array[]) => RawOutputs;
}

/** The back-camera model, which finds small faces too. */
export const BACK_LOOK: Look = {
  network: "blazeface-back",
  margin: 0,
  spec: BACK,
  unify: joinGrids,
};

/** The same model with room around the photo. */
export const ROOMY_BACK_LOOK: Look = { ...BACK_LOOK, margin: 0.25 };

/** The short-range model with room around the photo: finds faces under masks that the other one does not know. */
export const ROOMY_SHORT_LOOK: Look = {
  network: "blazeface-short-range",
  margin: 0.25,
  spec: SHORT_RANGE,
  unify: splitRows,
};

/**
 * Faces with their eyes closer than this many pixels cannot be aligned. An eye that passes for a face has both of its
 * eyes in one place: seen on masked faces, where it would hide the face that another look finds.
 */
const LEAST_INTER_EYE = 2;

/** What a look has seen: the faces above a score, most probable first. */
export type Seen = (leastScore: number) => CoarseFace[];

/** Looks at photos, one network run each, and waits once for all of them. */
export async function lookAt(
  engine: Engine,
  looks: readonly { readonly photo: Photo; readonly look: Look }[],
): Promise<Seen[]> {
  const { backend } = engine;
  using stack = new DisposableStack();
  const outputs = [], counts: number[] = [];
  for (const { photo, look } of looks) {
    const detector = await engine.network(look.network);
    const square = stack.use(backend.letterbox(photo, detector.model.entry.input, look.margin));
    const blocks = (await backend.run(detector, square)).map((block) => stack.use(block));
    outputs.push(...blocks);
    counts.push(blocks.length);
  }
  const values = await backend.read(...outputs);
  let next = 0;
  return looks.map(({ photo, look }, i) => {
    const raw = look.unify(values.slice(next, next += counts[i]));
    return (leastScore) => locate(raw, look, leastScore, photo);
  });
}

function locate(raw: RawOutputs, look: Look, leastScore: number, photo: Photo): CoarseFace[] {
  const fit = letterboxFit(photo.width, photo.height, look.spec.size, look.margin);
  return decodeFaces(raw, look.spec, leastScore).map((face) => toPhoto(face, fit))
    .filter(({ landmarks }) => interEyeDistance(landmarks) >= LEAST_INTER_EYE);
}

/** From the detector's square (pixel edges) to photo pixels: boxes as edges, points as pixel centres. */
function toPhoto(raw: RawDetection, fit: ReturnType<typeof letterboxFit>): CoarseFace {
  const { scale, padX, padY } = fit;
  const [rightEye, leftEye, nose, mouth] = raw.keypoints.map((point): Point => ({
    x: (point.x - padX) / scale - 0.5,
    y: (point.y - padY) / scale - 0.5,
  }));
  return {
    box: {
      x: (raw.left - padX) / scale,
      y: (raw.top - padY) / scale,
      width: (raw.right - raw.left) / scale,
      height: (raw.bottom - raw.top) / scale,
    },
    detectionScore: raw.score,
    landmarks: { source: "detector", rightEye, leftEye, nose, mouth },
  };
}
