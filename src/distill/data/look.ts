// From a photo to its record: detect, align, cut with a margin, and ask the teacher once and for all.
// The same pipeline as verification, after a black border: on tight crops FaceMesh squashes what the picture's edge cuts.

import type { Affine } from "../../align/affine.ts";
import { alignByPoints, alignFace } from "../../align/arcface.ts";
import type { Engine } from "../../backend/backend.ts";
import { findFaces, refineFaces } from "../../detect/detect.ts";
import {
  type Face,
  interEyeDistance,
  type Landmarks,
  type MeshLandmarks,
} from "../../detect/face.ts";
import { MaskinvError } from "../../errors.ts";
import type { Image } from "../../image/image.ts";
import { loadImage } from "../../image/load.ts";
import { applyMask } from "../../mask/apply.ts";
import { type MaskOptions, randomMaskOptions } from "../../mask/kinds.ts";
import { withBorder } from "./border.ts";
import { hashName } from "./chance.ts";
import { CROP_SPEC, withMargin } from "./crop.ts";
import { strangeMesh } from "./mesh_shape.ts";
import type { PhotoRecord } from "./record.ts";
import type { LookedAt } from "./shard.ts";
import { type Shift, shiftBetween } from "./shift.ts";
import type { SourcePhoto } from "./source.ts";

/** How a photo is looked at. */
export interface LookOptions {
  /** The folder of the photos. */
  readonly folder: string;
  /** Name of the teacher in the manifest. */
  readonly teacher: string;
  /** Black border on each side, as a share of the photo's width and height. */
  readonly border: number;
  /** One photo in this many is masked and detected again, to measure its shift; 0 for none. */
  readonly shiftEvery: number;
}

interface FoundFace {
  readonly image: Image;
  readonly face: Face;
  readonly landmarks: MeshLandmarks;
  readonly cropToPhoto: Affine;
}

/** Looks at a photo; a photo that cannot be used says why. */
export async function lookAt(
  engine: Engine,
  photo: SourcePhoto,
  options: LookOptions,
): Promise<LookedAt> {
  const found = await open(engine, photo, options);
  if (typeof found === "string") return { facts: { ...photo, failed: found } };
  const record = await recordOf(engine, found, options.teacher);
  const masked = isMeasured(photo, options) ? await maskAgain(engine, found, photo) : undefined;
  const facts = {
    ...photo,
    eyes: Math.round(interEyeDistance(found.landmarks) * 100) / 100,
    ...(masked && { shift: shiftOf(found, masked) }),
  };
  return { facts, record };
}

/** The landmarks of a face, and what they become under a mask. */
export interface BareAndMasked {
  /** Of the face as it is. */
  readonly bare: MeshLandmarks;
  /** Of the same photo with a mask on. */
  readonly masked: Landmarks;
}

/** The landmarks of a photo's face bare and under a mask: of the photos whose shift `lookAt` measures, by the same mask. */
export async function lookUnderMask(
  engine: Engine,
  photo: SourcePhoto,
  options: LookOptions,
): Promise<BareAndMasked | undefined> {
  if (!isMeasured(photo, options)) return undefined;
  const found = await open(engine, photo, options);
  if (typeof found === "string") return undefined;
  const masked = await maskAgain(engine, found, photo);
  return masked && { bare: found.landmarks, masked: masked.landmarks };
}

function isMeasured({ file }: SourcePhoto, { shiftEvery }: LookOptions): boolean {
  return shiftEvery > 0 && hashName(`shift ${file}`) % shiftEvery === 0;
}

/** The face of a photo, or why there is none to use. */
async function open(
  engine: Engine,
  { file }: SourcePhoto,
  { folder, border }: LookOptions,
): Promise<FoundFace | string> {
  let image: Image;
  try {
    image = await loadImage(`${folder}/${file}`, { label: file });
  } catch (error) {
    if (!(error instanceof MaskinvError)) throw error;
    return `unreadable: ${error.message}`;
  }
  return await findFace(engine, withBorder(image, border));
}

/** The largest face if it has a mesh that is shaped like a face, or why there is none. */
async function findFace(engine: Engine, image: Image): Promise<FoundFace | string> {
  const face = await largestFace(engine, image);
  if (!face) return "no face";
  const { landmarks } = face;
  if (landmarks.source !== "mesh") return "no mesh";
  const strange = strangeMesh(landmarks.mesh);
  if (strange) return `mesh not shaped like a face: ${strange}`;
  return { image, face, landmarks, cropToPhoto: alignByPoints(landmarks).cropToPhoto };
}

async function largestFace(engine: Engine, image: Image): Promise<Face | undefined> {
  using photo = engine.backend.upload(image);
  const [[face]] = await refineFaces(engine, [photo], await findFaces(engine, [photo], 1));
  return face;
}

async function recordOf(
  engine: Engine,
  { image, landmarks, cropToPhoto }: FoundFace,
  teacher: string,
): Promise<PhotoRecord> {
  const { backend } = engine;
  const network = await engine.network(teacher);
  using stack = new DisposableStack();
  const photo = stack.use(backend.upload(image));
  const wide = withMargin(cropToPhoto);
  const crop = stack.use(
    backend.warpAffine([{ photo, cropToPhoto: wide }], CROP_SPEC, false),
  );
  const frames = stack.use(
    backend.warpAffine([{ photo, cropToPhoto }], network.model.entry.input, true),
  );
  const [raw] = (await backend.run(network, frames)).map((block) => stack.use(block));
  const [pixels, templates] = await backend.read(
    crop,
    stack.use(backend.blendNormalize(raw, false)),
  );
  const size = templates.length / 2;
  return {
    crop: new Uint8Array(Uint8ClampedArray.from(pixels).buffer),
    mesh: toCrop(landmarks.mesh, wide),
    template: templates.slice(0, size),
    mirrorTemplate: templates.slice(size),
  };
}

/** The mesh in crop pixels, with z on the same scale. */
function toCrop(mesh: Float32Array, [a, b, c, d, e, f]: Affine): Float32Array {
  const det = a * e - b * d, step = Math.sqrt(Math.abs(det));
  const out = new Float32Array(mesh.length);
  for (let i = 0; i < mesh.length; i += 3) {
    const x = mesh[i] - c, y = mesh[i + 1] - f;
    out[i] = (e * x - b * y) / det;
    out[i + 1] = (a * y - d * x) / det;
    out[i + 2] = mesh[i + 2] / step;
  }
  return out;
}

/** A face that was found again with a mask on. */
interface MaskedFace {
  readonly options: MaskOptions;
  readonly landmarks: Landmarks;
}

/** Draws a mask and detects again; undefined where the face is not found again. */
async function maskAgain(
  engine: Engine,
  { image, face }: FoundFace,
  { file }: SourcePhoto,
): Promise<MaskedFace | undefined> {
  const options = randomMaskOptions(hashName(`shift ${file}`) >>> 1);
  const again = await largestFace(engine, applyMask(image, [face], options));
  return again && { options, landmarks: again.landmarks };
}

/** How far the mask moved the frame. */
function shiftOf({ cropToPhoto }: FoundFace, { options, landmarks }: MaskedFace): Shift {
  return {
    ...shiftBetween(cropToPhoto, alignFace(landmarks).cropToPhoto),
    kind: options.kind,
    wearing: options.wearing ?? "full",
    source: landmarks.source,
  };
}
