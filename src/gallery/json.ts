// A gallery's answers as JSON: faces without meshes. json_schema.ts describes them.

import { type FaceJson, faceJson } from "../verify/json.ts";
import type { Enrolment, Identification } from "./result.ts";

type WithFaceJson<Result> = Result extends { readonly face?: unknown }
  ? Omit<Result, "face"> & { readonly face?: FaceJson }
  : Result;

/** What a search or an enrolment gave. */
export function galleryJson<Result extends Enrolment | Identification>(
  result: Result,
): WithFaceJson<Result> {
  const face = "face" in result && result.face ? { face: faceJson(result.face) } : {};
  return { ...result, ...face } as WithFaceJson<Result>;
}
