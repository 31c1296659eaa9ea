// What a gallery's answers look like as JSON, for `--json` and the server.

import * as v from "npm:valibot@1.5.0";
import {
  COSINE_JSON,
  FACE_JSON,
  GROUPS_JSON,
  NO_FACE_JSON,
  NOT_COMPARABLE_JSON,
  SCORE_JSON,
} from "../verify/json_schema.ts";

const estimated = {
  fpir: v.pipe(v.number(), v.description("false positive identification rate of a search")),
  interval: v.pipe(v.tuple([v.number(), v.number()]), v.description("95% interval")),
  bound: v.picklist(["at", "below", "above"]),
  groups: GROUPS_JSON,
};
const rates = { ...estimated, fmr: v.pipe(v.number(), v.description("of each comparison")) };
const candidate = {
  identity: v.string(),
  score: SCORE_JSON,
  cosine: COSINE_JSON,
  fpir: v.optional(v.object(estimated)),
};
const search = {
  templates: v.pipe(v.number(), v.description("how many templates were compared")),
  face: v.optional(FACE_JSON),
};
const decided = {
  candidates: v.pipe(
    v.array(v.object({ ...candidate, decision: v.picklist(["match", "no-match"]) })),
    v.description("highest score first"),
  ),
  threshold: v.number(),
  rates: v.optional(v.object(rates)),
  ...search,
};

/** What `identify` answers. */
export const IDENTIFICATION_JSON = v.variant("kind", [
  v.object({ kind: v.literal("identified"), ...decided }),
  v.object({ kind: v.literal("unknown"), ...decided }),
  v.object({
    kind: v.literal("ranked"),
    candidates: v.array(v.object(candidate)),
    fpir: v.pipe(v.number(), v.description("what was asked for and is not measured")),
    strictest: v.optional(v.object({ ...rates, threshold: v.number() })),
    ...search,
  }),
  NOT_COMPARABLE_JSON,
  ...NO_FACE_JSON,
]);

const doubts = v.array(v.object({
  kind: v.picklist(["unlike", "like-another", "similar-name"]),
  identity: v.string(),
  score: v.number(),
  threshold: v.optional(v.number()),
  message: v.string(),
}));

/** What `enrol` answers. */
export const ENROLMENT_JSON = v.variant("kind", [
  v.object({
    kind: v.literal("enrolled"),
    identity: v.string(),
    face: v.optional(FACE_JSON),
    already: v.optional(v.literal(true)),
    doubts: v.optional(doubts),
  }),
  v.object({
    kind: v.literal("refused"),
    identity: v.string(),
    defects: v.array(v.object({
      kind: v.picklist(["small", "unclear", "turned", "masked", "incomparable"]),
      message: v.string(),
    })),
    face: FACE_JSON,
  }),
  v.object({
    kind: v.literal("doubtful"),
    identity: v.string(),
    doubts,
    face: v.optional(FACE_JSON),
  }),
  ...NO_FACE_JSON,
]);
