// The routes under /v1: what each takes, and what it does with a verifier and a gallery.
// Photos live as long as their request; what is answered are results, never templates.

import * as v from "npm:valibot@1.5.0";
import { FACE_CHOICES, type FaceChoice } from "../pipeline/detect/choose.ts";
import type { Gallery } from "../gallery/gallery.ts";
import { galleryJson } from "../gallery/json.ts";
import { ENROLMENT_JSON, IDENTIFICATION_JSON } from "../gallery/json_schema.ts";
import { encodePng } from "../image/encode.ts";
import { COVERAGES, MASK_KINDS, PATTERNS } from "../mask/kinds.ts";
import { detectionJson, verificationJson } from "../verify/json.ts";
import { DETECTION_JSON, VERIFICATION_JSON } from "../verify/json_schema.ts";
import {
  explainFinding,
  type FoundFace,
  type NotCompared,
  type PhotoFinding,
} from "../verify/result.ts";
import type { Verifier } from "../verify/verifier.ts";
import { choice, flag, number, photo, type RequestSchema, text } from "./fields.ts";
import { ProblemError } from "./problem.ts";

/** What /health answers. */
export const HEALTH_JSON = v.object({ status: v.literal("ok") });

/** What /metrics answers: Prometheus' text format. */
export const METRICS_TEXT = v.string();

/** What a route works with. */
export interface RouteContext {
  readonly verifier: Pick<Verifier, "verify" | "detect" | "mask">;
  readonly gallery?: Gallery;
  readonly maxPixels: number;
  readonly signal: AbortSignal;
}

/** What a route answers if all goes well. */
export interface RouteAnswer {
  readonly status: number;
  readonly type: string;
  readonly meaning: string;
  /** The name and the schema of a JSON answer. */
  readonly schema?: readonly [name: string, schema: v.GenericSchema];
}

/** A route under /v1, always a POST. */
export interface Route {
  readonly path: string;
  readonly summary: string;
  readonly request: RequestSchema;
  readonly answer: RouteAnswer;
  run(fields: Record<string, unknown>, context: RouteContext): Promise<Response>;
}

/** A route whose fields have the types of its schema, which `readFields` has checked. */
function route<Schema extends RequestSchema>(
  route: Omit<Route, "request" | "run"> & {
    readonly request: Schema;
    run(fields: v.InferOutput<Schema>, context: RouteContext): Promise<Response>;
  },
): Route {
  return {
    ...route,
    run: (fields, context) => route.run(fields as v.InferOutput<Schema>, context),
  };
}

const face = v.optional(
  choice(FACE_CHOICES, `which face of a photo is meant: ${FACE_CHOICES.join(", ")} (only)`),
);
const threshold = v.optional(number("a threshold of your own instead, of the score that decides"));

/** All routes under /v1. */
export const ROUTES: readonly Route[] = [
  route({
    path: "/v1/verify",
    summary: "Compare the faces of two photos",
    request: v.strictObject({
      probe: photo("the photo in question"),
      reference: photo("the photo to compare it with"),
      fmr: v.optional(number("accepted false match rate, such as 0.001 (0.001)")),
      threshold,
      face,
    }),
    answer: {
      status: 200,
      type: "application/json",
      meaning:
        'kind "compared" with decision, score, threshold and false match rates; "scored" if ' +
        'the model was never calibrated and no threshold given; or "not-compared" with what was ' +
        "found in each photo",
      schema: ["Verification", VERIFICATION_JSON],
    },
    run: async ({ probe, reference, fmr, threshold, face }, context) => {
      const options = { ...photoOptions(face, context), decision: { fmr, threshold } };
      const result = await context.verifier.verify(probe, reference, options);
      const answer = verificationJson(result, ["probe", "reference"]);
      if (result.kind === "not-compared" && isRefused(result)) throw notComparable(result, answer);
      return json(answer);
    },
  }),
  route({
    path: "/v1/identify",
    summary: "Say who of the gallery a photo shows",
    request: v.strictObject({
      photo: photo("the photo in question"),
      k: v.optional(number("how many candidates to return (5)")),
      fpir: v.optional(
        number("accepted false positive identification rate of a search (0.01)"),
      ),
      threshold,
      face,
    }),
    answer: {
      status: 200,
      type: "application/json",
      meaning:
        'kind "identified" or "unknown" with the best candidates; "ranked" with candidates ' +
        "and no decision if no threshold was measured for the rate in a gallery of this size; or " +
        '"no-face" or "several-faces"',
      schema: ["Identification", IDENTIFICATION_JSON],
    },
    run: async ({ photo, face, ...options }, context) => {
      const gallery = galleryOf(context);
      const result = await gallery.identify(photo, { ...photoOptions(face, context), ...options });
      if (result.kind === "not-comparable") {
        const detail = explainFinding(result, "the photo");
        throw new ProblemError("not-comparable", detail, { members: { ...galleryJson(result) } });
      }
      return json(galleryJson(result));
    },
  }),
  route({
    path: "/v1/enrol",
    summary: "Add a photo of a person to the gallery",
    request: v.strictObject({
      identity: text("name or number of the person, 1 to 256 characters"),
      photo: photo("the photo, of which more is asked than of others"),
      replace: v.optional(flag("in the place of what the identity has (false)")),
      force: v.optional(
        flag(
          "enrol also where something speaks for a mistake, as two people under one name (false)",
        ),
      ),
      face,
    }),
    answer: {
      status: 201,
      type: "application/json",
      meaning: 'kind "enrolled": the template is stored, the photo is not',
      schema: ["Enrolment", ENROLMENT_JSON],
    },
    run: enrol,
  }),
  route({
    path: "/v1/mask",
    summary: "Put masks on the faces of a photo",
    request: v.strictObject({
      photo: photo("the photo"),
      kind: v.optional(choice(MASK_KINDS, `${MASK_KINDS.join(", ")} (surgical)`)),
      color: v.optional(text("CSS hex colour (one that the kind is made in)")),
      pattern: v.optional(choice(PATTERNS, PATTERNS.join(", "))),
      coverage: v.optional(choice(COVERAGES, `${COVERAGES.join(", ")} (full)`)),
      seed: v.optional(number("chooses what is left open (0)")),
    }),
    answer: { status: 200, type: "image/png", meaning: "the photo with masks" },
    run: async ({ photo, ...options }, context) => {
      const given = { kind: "surgical", ...options } as const;
      const { maxPixels, signal, verifier } = context;
      const { image, faces, masked } = await verifier.mask(photo, given, { maxPixels, signal });
      if (masked === 0) {
        throw new ProblemError(
          "no-face-for-mask",
          `Cannot put a mask on any of ${faces.length} faces: ` +
            `send a photo that shows a face larger and uncovered`,
        );
      }
      signal.throwIfAborted();
      const png = await encodePng(image);
      return new Response(png, {
        headers: { "content-type": "image/png", "cache-control": "no-store" },
      });
    },
  }),
  route({
    path: "/v1/detect",
    summary: "Find the faces of a photo",
    request: v.strictObject({ photo: photo("the photo") }),
    answer: {
      status: 200,
      type: "application/json",
      meaning: "size of the photo, and its faces, largest first",
      schema: ["Detection", DETECTION_JSON],
    },
    run: async ({ photo }, { maxPixels, signal, verifier }) =>
      json(detectionJson(await verifier.detect(photo, { maxPixels, signal }))),
  }),
];

/** Whether a face was found in both photos, and it was refused what it shows. */
function isRefused({ findings }: NotCompared): boolean {
  return findings.every((finding) => "face" in finding);
}

/** A client that looks at the status alone must not take it for an answer. */
function notComparable({ findings }: NotCompared, answer: object): ProblemError {
  const detail = findings.flatMap((finding, i) =>
    isReason(finding) ? [explainFinding(finding, `the ${["probe", "reference"][i]}`)] : []
  ).join("; ");
  return new ProblemError("not-comparable", detail, { members: { ...answer } });
}

function isReason(finding: PhotoFinding): finding is Exclude<PhotoFinding, FoundFace> {
  return finding.kind !== "face";
}

async function enrol(
  { identity, photo, replace, force = false, face }: {
    readonly identity: string;
    readonly photo: File;
    readonly replace?: boolean;
    readonly force?: boolean;
    readonly face?: FaceChoice;
  },
  context: RouteContext,
): Promise<Response> {
  const gallery = galleryOf(context), options = { ...photoOptions(face, context), force };
  const result =
    await (replace
      ? gallery.update(identity, photo, options)
      : gallery.enrol(identity, photo, options));
  if (result.kind === "enrolled") return json(galleryJson(result), 201);
  // A client that looks at the status alone must not take it for enrolled.
  const detail = result.kind === "refused"
    ? `Cannot enrol the photo as ${result.defects.map(({ message }) => message).join("; and ")}`
    : result.kind === "doubtful"
    ? `Cannot enrol the photo as ${result.doubts.map(({ message }) => message).join("; and ")}: ` +
      `check photo and name, or send force`
    : explainFinding(result, "the photo");
  throw new ProblemError("not-enrolled", detail, { members: { ...galleryJson(result) } });
}

function photoOptions(
  face: FaceChoice | undefined,
  { maxPixels, signal }: RouteContext,
): { face?: FaceChoice; maxPixels: number; signal: AbortSignal } {
  return { face, maxPixels, signal };
}

function galleryOf({ gallery }: RouteContext): Gallery {
  if (gallery) return gallery;
  throw new ProblemError("no-gallery", "This server was started without a gallery");
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store" } });
}
