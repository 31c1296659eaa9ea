// The face that is meant in each of several photos: found, chosen, and refined, as only that one is needed.

import type { Engine, Photo } from "../../kernels/mod.ts";
import { chooseFace, type ChosenFace, type FaceChoice } from "./choose.ts";
import { findFaces } from "./detect.ts";
import type { Face } from "./face.ts";
import { refineFaces } from "./refine.ts";

/** Which face of a photo is meant, and how many are listed where that is not clear. */
export interface LocateOptions {
  /** Which one is meant. */
  readonly face: FaceChoice;
  /** The most faces to list where there are several and the only one is meant. */
  readonly maxFaces: number;
}

/** Finds the face that is meant in each photo. */
export async function locateFaces(
  engine: Engine,
  photos: readonly Photo[],
  { face, maxFaces }: LocateOptions,
): Promise<ChosenFace<Face>[]> {
  const found = await findFaces(engine, photos);
  const chosen = found.map(({ faces }, i) => chooseFace(faces, photos[i], face, maxFaces));
  const wanted = chosen.flatMap((choice, i) =>
    choice.kind === "face"
      ? [{ photo: photos[i], face: choice.face, closeUp: found[i].closeUp }]
      : []
  );
  const refined = await refineFaces(engine, wanted);
  return chosen.map((choice) =>
    choice.kind === "face" ? { ...choice, face: refined.shift()! } : choice
  );
}
