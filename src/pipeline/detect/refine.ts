// Makes sure which way up a face is, and where its points are. YuNet knows faces that are about upright, and of others
// it invents points that look like an upright face's: what gives them away is a score below that of an upright face. And
// it places points best of a face about 100 pixels high, so that in the end each face is shown to it once more like that.

import type { Engine, Photo } from "../../kernels/mod.ts";
import { type Face, rollAngle } from "./face.ts";
import type { QuarterTurns } from "../../kernels/letterbox/cpu.ts";
import { type CloseUp, shows } from "./close_up.ts";
import { FACE_CROP, FIRST_PASS } from "./detect.ts";
import { detectInCrops, detectInPhotos, type FaceCrop, type Pass, passScale } from "./pass.ts";

/** A face of a photo. */
export interface FaceOfPhoto {
  readonly photo: Photo;
  readonly face: Face;
  /** A crop of the photo that the detector has seen already; it may be of another face. */
  readonly closeUp?: CloseUp;
}

/** No face that is turned by 75 degrees or more reached this score (of 200 photos, half with masks; upright ones have 0.93). */
const UPRIGHT_SCORE = 0.9;
/** By how much the upright pass must beat the turned ones to be believed without crops. */
const CLEAR_LEAD = 0.1;
/**
 * By how much a turned pass must beat the upright one if it is not sure itself: masks lower the score of upright faces,
 * and most photos are upright.
 */
const TURNED_LEAD = 0.1;
/** A face that leans by more is not upright. */
const MAX_ROLL = degrees(15);
/** Roll that is left on a crop beyond which one more crop is cut, and the most crops that are. */
const MAX_ROLL_LEFT = degrees(12), MAX_CROPS = 3;
/** Turned passes are half the size of the first pass, unless the face would be too small there. */
const SMALL_TURNED_PASS: Pass = { ...FIRST_PASS, size: 128 };
/** The least width of a face in a pass, in its pixels. */
const MIN_FACE_IN_PASS = 20;
/** The side over the face's of crops that say at which angle it is: looser, as the box of a turned face may be off. */
const ANGLE_CROP_ROOM = 1.8;
/** A crop at another angle must beat the one at hand by this where the face seems to be upright, else by nothing. */
const UPRIGHT_LEAD = 0.05;
/** A face with a lower score on the best of the near angles is tried at all angles; found there if it reaches this. */
const SURE_ON_CROP = 0.9, SURE_LEAD = 0.02;

const NEAR_ANGLES = [0, 45, -45].map(degrees);
const FAR_ANGLES = [90, 135, 180, -135, -90].map(degrees);

/** What is known of a face so far. */
interface State extends FaceOfPhoto {
  /** The turn of the crop that showed it, or of the pass. */
  readonly angle: number;
  /** Whether it is still open at which angle the face is. */
  readonly open: boolean;
  /** What its points were found in: the whole photo, or a crop; `nowhere` if a crop did not show it. */
  readonly placed: "photo" | "crop" | "nowhere";
}

/** The faces with the points of the orientation that the detector is most sure of, in their order. */
export async function refineFaces(
  engine: Engine,
  faces: readonly FaceOfPhoto[],
): Promise<Face[]> {
  let states: State[] = faces.map((given) => ({
    ...given,
    angle: 0,
    open: given.face.detectionScore < UPRIGHT_SCORE,
    placed: "photo",
  }));
  states = await chooseQuarter(engine, states);
  states = await chooseAngle(engine, states, NEAR_ANGLES);
  states = await chooseAngle(engine, states, FAR_ANGLES);
  states = await placeAgain(engine, states);
  return states.map(({ face }) => face);
}

/** Gives whole photos to the detector on their sides and upside down, where it is open which way up a face is. */
async function chooseQuarter(engine: Engine, states: readonly State[]): Promise<State[]> {
  const shown = new Map<State, { turns: QuarterTurns; face?: Face }[]>();
  for (const pass of [SMALL_TURNED_PASS, FIRST_PASS]) {
    const suited = states.filter((state) => state.open && passFor(state) === pass);
    const photos = [...new Set(suited.map(({ photo }) => photo))];
    const jobs = photos.flatMap((photo) =>
      ([0, 1, 2, 3] as const).map((turns) => ({ photo, turns }))
    );
    const found = await detectInPhotos(engine, jobs, pass);
    for (const state of suited) {
      shown.set(
        state,
        jobs.flatMap(({ photo, turns }, i) =>
          photo === state.photo ? [{ turns, face: bestNear(found[i], state.face) }] : []
        ),
      );
    }
  }
  return states.map((state) => {
    const views = shown.get(state);
    if (!views) return state;
    const likelihood = ({ turns, face }: typeof views[number]): number =>
      scoreOf(face) - (turns > 0 && scoreOf(face) < SURE_ON_CROP ? TURNED_LEAD : 0);
    const [best, ...others] = views.toSorted((a, b) => likelihood(b) - likelihood(a));
    if (best.turns === 0 || !best.face) {
      const lead = scoreOf(best.face) - Math.max(...others.map(({ face }) => scoreOf(face)));
      const clear = lead > CLEAR_LEAD && Math.abs(rollAngle(state.face.landmarks)) <= MAX_ROLL;
      return { ...state, open: !clear };
    }
    // The photo was turned clockwise, so that the face in it is turned the other way.
    const angle = -best.turns * Math.PI / 2;
    return { ...state, face: best.face, angle };
  });
}

function passFor({ photo, face }: FaceOfPhoto): Pass | undefined {
  return [SMALL_TURNED_PASS, FIRST_PASS].find((pass) =>
    face.box.width * passScale(photo, pass) >= MIN_FACE_IN_PASS
  );
}

/** Cuts crops around the faces that are still open, at angles about their roll, and keeps what scores best. */
async function chooseAngle(
  engine: Engine,
  states: readonly State[],
  angles: readonly number[],
): Promise<State[]> {
  const open = states.filter((state) => state.open);
  const far = angles === FAR_ANGLES;
  const crops = open.flatMap(({ photo, face }) => {
    const roll = rollAngle(face.landmarks);
    return angles.map((angle) => cropAround(photo, face, roll + angle, ANGLE_CROP_ROOM));
  });
  const found = await detectInCrops(engine, crops, FACE_CROP.size);
  return states.map((state) => {
    const at = open.indexOf(state);
    if (at < 0) return state;
    const start = at * angles.length, roll = rollAngle(state.face.landmarks);
    const upright = Math.abs(roll) <= MAX_ROLL && state.angle === 0;
    const tried = angles.map((_, i) => ({
      face: bestNear(found[start + i], state.face),
      angle: crops[start + i].angle,
    }));
    const best = tried.toSorted((a, b) => scoreOf(b.face) - scoreOf(a.face))[0];
    if (!best.face) return state;
    if (far) {
      const sure = best.face.detectionScore >= SURE_ON_CROP &&
        best.face.detectionScore > state.face.detectionScore + SURE_LEAD;
      const found = sure && { face: best.face, angle: best.angle, placed: "crop" as const };
      return { ...state, ...found, open: false };
    }
    const here = scoreOf(tried[0].face);
    const chosen = best.face.detectionScore > here + (upright ? UPRIGHT_LEAD : 0) ? best : tried[0];
    return {
      ...state,
      ...(chosen.face && { face: chosen.face, angle: chosen.angle, placed: "crop" as const }),
      open: scoreOf(chosen.face) < SURE_ON_CROP,
    };
  });
}

/**
 * Finds the points on a crop that is turned with the face, where they are not yet. Of a leaning face the detector sees
 * less than its whole roll, so that a crop may show that there is more.
 */
async function placeAgain(engine: Engine, states: readonly State[]): Promise<State[]> {
  let all = [...states];
  for (let crop = 0; crop < MAX_CROPS; crop++) {
    const jobs = all.filter(({ face, angle, placed }) =>
      placed === "photo" ||
      placed === "crop" &&
        Math.abs(turnBetween(rollAngle(face.landmarks), angle)) > MAX_ROLL_LEFT
    );
    const crops = jobs.map(({ photo, face }) =>
      cropAround(photo, face, rollAngle(face.landmarks), FACE_CROP.room)
    );
    const known = crops.map((crop, i) => {
      const { closeUp } = jobs[i];
      return closeUp && shows(closeUp, crop) ? closeUp.faces : undefined;
    });
    const unknown = crops.filter((_, i) => !known[i]);
    const shown = await detectInCrops(engine, unknown, FACE_CROP.size);
    const found = known.map((faces) => faces ?? shown.shift()!);
    all = all.map((state) => {
      const at = jobs.indexOf(state);
      if (at < 0) return state;
      const face = bestNear(found[at], state.face);
      if (!face) return { ...state, placed: "nowhere" };
      return { ...state, face, angle: crops[at].angle, placed: "crop" };
    });
  }
  return all;
}

function cropAround(
  photo: Photo,
  { box }: Face,
  angle: number,
  room: number,
): FaceCrop {
  const centre = { x: box.x + box.width / 2 - 0.5, y: box.y + box.height / 2 - 0.5 };
  return { photo, centre, side: room * Math.max(box.width, box.height), angle };
}

/** The most probable of the faces whose middle is in the box of the face that is meant. */
function bestNear(faces: readonly Face[], { box }: Face): Face | undefined {
  return faces.find((face) => {
    const x = face.box.x + face.box.width / 2, y = face.box.y + face.box.height / 2;
    return x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
  });
}

function scoreOf(face: Face | undefined): number {
  return face?.detectionScore ?? 0;
}

function turnBetween(a: number, b: number): number {
  return Math.atan2(Math.sin(a - b), Math.cos(a - b));
}

function degrees(value: number): number {
  return value * Math.PI / 180;
}
