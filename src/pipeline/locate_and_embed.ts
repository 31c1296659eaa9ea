// The one way from photos to embeddings: the face that is meant is found and aligned, then cut out and given to the
// networks. Verifiers (and with them galleries and the server), evaluations and the data of distillation call it. Two
// steps, as large photos, masks and prepared crops come between them.

import type { Engine, Photo } from "../kernels/mod.ts";
import type { ChosenFace } from "./detect/choose.ts";
import type { Face } from "./detect/face.ts";
import { addMeshes } from "./detect/facemesh.ts";
import { locateFaces, type LocateOptions } from "./detect/locate.ts";
import {
  type AlignedFace,
  alignTo,
  type EmbeddedBlocks,
  embedFaces,
  type FaceToEmbed,
} from "./embed/embed.ts";

/** The face that is meant in a photo, aligned, with its mesh if that was asked for; or why there is none. */
export type LocatedFace =
  | {
    readonly kind: "face";
    readonly face: AlignedFace & { readonly mesh?: Float32Array };
  }
  | Exclude<ChosenFace<Face>, { readonly kind: "face" }>;

/** Which face is looked for, the crop that it is aligned to, and whether its mesh is fitted. */
export interface LocateAlignedOptions extends LocateOptions {
  /** Width and height of the aligned crop: of the embedding network's input. */
  readonly size: number;
  readonly mesh?: boolean;
}

/** The networks that faces are given to. */
export interface EmbedOptions {
  /** Name of the embedding network. */
  readonly network: string;
  /** Whether the embedding of the mirror image is added. */
  readonly mirrored: boolean;
  /** Name of the mask-state network, which is run on the same crops; none if absent. */
  readonly state?: string;
}

/** Finds the face that is meant in each photo and aligns it. */
export async function locateAligned(
  engine: Engine,
  photos: readonly Photo[],
  { size, mesh, ...locate }: LocateAlignedOptions,
): Promise<LocatedFace[]> {
  if (photos.length === 0) return [];
  const chosen = await locateFaces(engine, photos, locate);
  const found = chosen.flatMap((choice, i) =>
    choice.kind === "face" ? [{ photo: photos[i], face: choice.face }] : []
  );
  const faces = mesh ? await addMeshes(engine, found) : found.map(({ face }) => face);
  return chosen.map((choice) =>
    choice.kind === "face" ? { kind: "face", face: alignTo({ size }, faces.shift()!) } : choice
  );
}

/** Embeds aligned faces in one batch on the device; what is made is freed with the stack. */
export async function embedAligned(
  engine: Engine,
  faces: readonly FaceToEmbed[],
  { network, mirrored, state: stateName }: EmbedOptions,
  stack: DisposableStack,
): Promise<EmbeddedBlocks> {
  const embedding = await engine.network(network);
  const state = stateName === undefined ? undefined : await engine.network(stateName);
  const made = await embedFaces(engine.backend, { embedding, state }, faces, mirrored);
  for (const block of [made.embeddings, made.conditions, made.states]) stack.use(block);
  return made;
}
