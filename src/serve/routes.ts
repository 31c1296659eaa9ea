// The routes under /v1: what each takes, and what it does with a verifier and a gallery.
// Photos live as long as their request; what is answered are results, never templates.

import { FACE_CHOICES, type FaceChoice } from "../pipeline/detect/choose.ts";
import type { Gallery } from "../gallery/gallery.ts";
import type { Enrolment, Identification } from "../gallery/result.ts";
import { encodePng } from "../image/encode.ts";
import { loadImage } from "../image/load.ts";
import { applyMask } from "../mask/apply.ts";
import {
  completeMaskOptions,
  MASK_KINDS,
  type MaskOptions,
  PATTERNS,
  WEARINGS,
} from "../mask/kinds.ts";
import { faceJson, verificationJson } from "../verify/json.ts";
import { explainFinding, type NoFace, type SeveralFaces } from "../verify/result.ts";
import type { Verifier } from "../verify/verifier.ts";
import type { Field, Fields } from "./fields.ts";
import { ProblemError } from "./problem.ts";

/** What a route works with. */
export interface RouteContext {
  readonly verifier: Pick<Verifier, "verify" | "detect">;
  readonly gallery?: Gallery;
  readonly maxPixels: number;
  readonly signal: AbortSignal;
}

/** A route under /v1, always a POST. */
export interface Route {
  readonly path: string;
  readonly summary: string;
  readonly fields: readonly Field[];
  /** Status, type and meaning of the answer. */
  readonly answer: readonly [status: number, type: string, meaning: string];
  run(fields: Fields, context: RouteContext): Promise<Response>;
}

const FACE: Field = {
  name: "face",
  kind: "text",
  oneOf: FACE_CHOICES,
  help: `which face of a photo is meant: ${FACE_CHOICES.join(", ")} (only)`,
};

const photo = (name: string, help: string): Field => ({
  name,
  kind: "photo",
  required: true,
  help,
});

/** All routes under /v1. */
export const ROUTES: readonly Route[] = [
  {
    path: "/v1/verify",
    summary: "Compare the faces of two photos",
    fields: [
      photo("probe", "the photo in question"),
      photo("reference", "the photo to compare it with"),
      { name: "fmr", kind: "number", help: "accepted false match rate, such as 0.001 (0.001)" },
      { name: "threshold", kind: "number", help: "a threshold of your own instead, -1 to 1" },
      FACE,
    ],
    answer: [
      200,
      "application/json",
      'kind "compared" with decision, score, threshold and false match rates; "scored" if the model ' +
      'was never calibrated and no threshold given; or "not-compared" with what was found in each photo',
    ],
    run: verify,
  },
  {
    path: "/v1/identify",
    summary: "Say who of the gallery a photo shows",
    fields: [
      photo("photo", "the photo in question"),
      { name: "k", kind: "number", help: "how many candidates to return (5)" },
      {
        name: "fpir",
        kind: "number",
        help: "accepted false positive identification rate of a search (0.01)",
      },
      { name: "threshold", kind: "number", help: "a threshold of your own instead, -1 to 1" },
      FACE,
    ],
    answer: [
      200,
      "application/json",
      'kind "identified" or "unknown" with the best candidates; "ranked" with candidates and no decision ' +
      'if no threshold was measured for the rate in a gallery of this size; or "no-face" or "several-faces"',
    ],
    run: identify,
  },
  {
    path: "/v1/enrol",
    summary: "Add a photo of a person to the gallery",
    fields: [
      {
        name: "identity",
        kind: "text",
        required: true,
        help: "name or number of the person, 1 to 256 characters",
      },
      photo("photo", "the photo, of which more is asked than of others"),
      { name: "replace", kind: "flag", help: "in the place of what the identity has (false)" },
      {
        name: "force",
        kind: "flag",
        help:
          "enrol also where something speaks for a mistake, as two people under one name (false)",
      },
      FACE,
    ],
    answer: [201, "application/json", 'kind "enrolled": the template is stored, the photo is not'],
    run: enrol,
  },
  {
    path: "/v1/mask",
    summary: "Put masks on the faces of a photo",
    fields: [
      photo("photo", "the photo"),
      {
        name: "kind",
        kind: "text",
        oneOf: MASK_KINDS,
        help: `${MASK_KINDS.join(", ")} (surgical)`,
      },
      { name: "color", kind: "text", help: "CSS hex colour (one that the kind is made in)" },
      { name: "pattern", kind: "text", oneOf: PATTERNS, help: PATTERNS.join(", ") },
      { name: "wearing", kind: "text", oneOf: WEARINGS, help: `${WEARINGS.join(", ")} (full)` },
      { name: "seed", kind: "number", help: "chooses what is left open (0)" },
    ],
    answer: [200, "image/png", "the photo with masks"],
    run: mask,
  },
  {
    path: "/v1/detect",
    summary: "Find the faces of a photo",
    fields: [photo("photo", "the photo")],
    answer: [200, "application/json", "size of the photo, and its faces, largest first"],
    run: detect,
  },
];

async function verify(fields: Fields, context: RouteContext): Promise<Response> {
  const decision = { fmr: fields.number("fmr"), threshold: fields.number("threshold") };
  const [probe, reference] = [fields.photo("probe"), fields.photo("reference")];
  const options = { ...photoOptions(fields, context), decision };
  const result = await context.verifier.verify(probe, reference, options);
  return json(verificationJson(result, ["probe", "reference"]));
}

async function identify(fields: Fields, context: RouteContext): Promise<Response> {
  const options = {
    ...photoOptions(fields, context),
    k: fields.number("k"),
    fpir: fields.number("fpir"),
    threshold: fields.number("threshold"),
  };
  const result = await galleryOf(context).identify(fields.photo("photo"), options);
  return json(galleryJson(result));
}

async function enrol(fields: Fields, context: RouteContext): Promise<Response> {
  const gallery = galleryOf(context);
  const options = { ...photoOptions(fields, context), force: fields.flag("force") };
  const identity = fields.text("identity")!, input = fields.photo("photo");
  const result =
    await (fields.flag("replace")
      ? gallery.update(identity, input, options)
      : gallery.enrol(identity, input, options));
  if (result.kind === "enrolled") return json(galleryJson(result), 201);
  // A client that looks at the status alone must not take it for enrolled.
  const detail = result.kind === "refused"
    ? `Cannot enrol the photo as ${result.defects.map(({ message }) => message).join("; and ")}`
    : result.kind === "doubtful"
    ? `Cannot enrol the photo as ${result.doubts.map(({ message }) => message).join("; and ")}: ` +
      `check photo and name, or send force`
    : explainFinding(result, "the photo");
  throw new ProblemError("not-enrolled", detail, { members: galleryJson(result) });
}

async function mask(
  fields: Fields,
  { verifier, maxPixels, signal }: RouteContext,
): Promise<Response> {
  const given = {
    kind: fields.text("kind") ?? "surgical",
    color: fields.text("color"),
    pattern: fields.text("pattern"),
    wearing: fields.text("wearing"),
    seed: fields.number("seed"),
  } as MaskOptions;
  // Refuses what does not exist before the photo is looked at.
  completeMaskOptions(given);
  const image = await loadImage(fields.photo("photo"), { maxPixels, signal });
  const { faces } = await verifier.detect(image, { signal, mesh: true });
  if (!faces.some(({ mesh }) => mesh)) {
    throw new ProblemError(
      "no-face-for-mask",
      `Cannot put a mask on any of ${faces.length} faces: send a photo that shows a face larger and uncovered`,
    );
  }
  signal.throwIfAborted();
  const png = await encodePng(applyMask(image, faces, given));
  return new Response(png, {
    headers: { "content-type": "image/png", "cache-control": "no-store" },
  });
}

async function detect(fields: Fields, context: RouteContext): Promise<Response> {
  const { maxPixels, signal, verifier } = context;
  const found = await verifier.detect(fields.photo("photo"), { maxPixels, signal });
  const { width, height, faces, omitted, device } = found;
  return json({ width, height, faces: faces.map(faceJson), omitted, device });
}

function photoOptions(
  fields: Fields,
  { maxPixels, signal }: RouteContext,
): { face?: FaceChoice; maxPixels: number; signal: AbortSignal } {
  return { face: fields.text("face") as FaceChoice | undefined, maxPixels, signal };
}

function galleryOf({ gallery }: RouteContext): Gallery {
  if (gallery) return gallery;
  throw new ProblemError("no-gallery", "This server was started without a gallery");
}

/** A gallery's answer without meshes. */
function galleryJson(
  result: Identification | Enrolment | NoFace | SeveralFaces,
): Record<string, unknown> {
  if (!("face" in result)) return { ...result };
  return { ...result, face: result.face && faceJson(result.face) };
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store" } });
}
