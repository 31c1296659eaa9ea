// What results look like as JSON, for `--json` and the server: their fields are named as the library's.
// The types of json.ts come from here, and so does the description of the answers in /openapi.json.

import * as v from "npm:valibot@1.5.0";
import { CAUSES } from "../pipeline/embed/comparable.ts";
import { COVERINGS } from "../pipeline/embed/condition.ts";

const device = v.pipe(v.picklist(["webgpu", "wasm"]), v.description("the device that computed"));
const probability = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const interval = v.pipe(v.tuple([v.number(), v.number()]), v.description("95% interval"));
const situation = v.picklist(["none", "one", "both"]);
const basis = v.picklist(["seen", "uncertain", "unknown", "not-measured"]);
const point = v.object({ x: v.number(), y: v.number() });
const pixels = v.pipe(v.number(), v.integer(), v.minValue(0));

const maskState = v.object({
  state: v.picklist(["none", "full", "nose-out"]),
  probability,
  probabilities: v.object({ none: probability, full: probability, "nose-out": probability }),
});

const incomparable = v.object({
  causes: v.pipe(
    v.tupleWithRest([v.picklist(CAUSES)], v.picklist(CAUSES)),
    v.description("the most probable first"),
  ),
  expectedSimilarity: probability,
  floor: v.pipe(v.number(), v.description("the least that is asked for")),
});

const condition = v.object({
  expectedSimilarity: v.pipe(
    probability,
    v.description("cosine with the template of a faultless photo of the same face"),
  ),
  covering: v.picklist(COVERINGS),
  coverings: v.object({
    bare: probability,
    full: probability,
    "nose-out": probability,
    chin: probability,
    other: probability,
  }),
  darkGlasses: probability,
  child: probability,
  faults: v.object({
    "too-dark": probability,
    "washed-out": probability,
    blurred: probability,
    noisy: probability,
    "turned-away": probability,
    "cut-off": probability,
    "not-a-face": probability,
  }),
});

const faceFields = {
  box: v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() }),
  detectionScore: v.number(),
  interEyeDistance: v.pipe(v.number(), v.description("in pixels")),
  landmarks: v.object({
    rightEye: point,
    leftEye: point,
    nose: point,
    rightMouth: point,
    leftMouth: point,
  }),
  alignment: v.object({
    cropToPhoto: v.tuple([
      ...[v.number(), v.number(), v.number()] as const,
      ...[v.number(), v.number(), v.number()] as const,
    ]),
    residual: v.number(),
    roll: v.pipe(v.number(), v.description("in degrees, clockwise")),
  }),
  mask: v.optional(maskState),
  condition: v.optional(condition),
  incomparable: v.optional(incomparable),
  child: v.optional(v.pipe(v.boolean(), v.description("12 years or younger"))),
};

/** A face. */
export const FACE_JSON = v.object(faceFields);

/** What `detect` answers. */
export const DETECTION_JSON = v.object({
  width: pixels,
  height: pixels,
  faces: v.pipe(v.array(FACE_JSON), v.description("largest first")),
  omitted: v.pipe(v.number(), v.description("how many more faces there are than were asked for")),
  device,
});

/** A face of which so little is to be seen that it was not compared. */
export const NOT_COMPARABLE_JSON = v.object({
  kind: v.literal("not-comparable"),
  face: FACE_JSON,
});

/** A photo without the one face that was asked for. */
export const NO_FACE_JSON = [
  v.object({ kind: v.literal("no-face") }),
  v.object({
    kind: v.literal("several-faces"),
    faces: v.array(v.object({ box: faceFields.box, detectionScore: v.number() })),
    omitted: v.number(),
  }),
] as const;

/** The groups of people behind a rate. */
export const GROUPS_JSON = v.optional(v.pipe(
  v.object({ count: v.number(), worst: v.string() }),
  v.description("the groups of people for each of which the rate holds"),
));

const rates = {
  fmr: v.pipe(v.number(), v.description("false match rate")),
  interval,
};

const rule = v.object({
  threshold: v.pipe(v.number(), v.description("score from which on a comparison is a match")),
  basis: v.picklist(["given", ...basis.options]),
  measured: v.optional(v.object({
    ...rates,
    measuredFmr: v.number(),
    fnmr: v.optional(v.number()),
    situation,
    source: v.string(),
    impostors: v.number(),
    genuine: v.number(),
    groups: GROUPS_JSON,
  })),
});

const provenance = {
  device,
  model: v.object({ name: v.string(), sha256: v.string() }),
  timings: v.pipe(
    v.object({ decode: v.number(), detect: v.number(), compare: v.number(), total: v.number() }),
    v.description("in milliseconds"),
  ),
};

const photo = v.pipe(v.string(), v.description("what the photo is called"));
/** The score that decides. */
export const SCORE_JSON = v.pipe(
  v.number(),
  v.description("the score that decides: normalised by the model's cohort if it has one"),
);
/** The cosine beside it. */
export const COSINE_JSON = v.pipe(v.number(), v.description("of the templates, -1 to 1"));
const faces = v.pipe(
  v.array(v.object({ photo, ...faceFields })),
  v.length(2),
  v.description("of the probe and of the reference"),
);

/** What `verify` answers. */
export const VERIFICATION_JSON = v.variant("kind", [
  v.object({
    kind: v.literal("compared"),
    decision: v.picklist(["match", "no-match"]),
    score: SCORE_JSON,
    cosine: COSINE_JSON,
    scoreFmr: v.optional(v.object({
      ...rates,
      bound: v.picklist(["at", "below", "above"]),
      situation,
      basis,
      groups: GROUPS_JSON,
    })),
    rule,
    faces,
    ...provenance,
  }),
  v.object({
    kind: v.literal("scored"),
    score: SCORE_JSON,
    cosine: COSINE_JSON,
    faces,
    ...provenance,
  }),
  v.object({
    kind: v.literal("not-compared"),
    findings: v.pipe(
      v.array(v.variant("kind", [
        v.object({ photo, kind: v.literal("face"), face: FACE_JSON }),
        v.object({ photo, ...NOT_COMPARABLE_JSON.entries }),
        v.object({
          photo,
          kind: v.literal("child"),
          face: FACE_JSON,
          childFmr: v.optional(rates.fmr),
        }),
        ...NO_FACE_JSON.map((schema) => v.object({ photo, ...schema.entries })),
      ])),
      v.length(2),
    ),
    ...provenance,
  }),
]);
