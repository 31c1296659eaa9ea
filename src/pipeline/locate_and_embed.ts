// The one way from photos to embeddings: the face that is meant is found, aligned, cut out and given to the networks.
// Verifiers (and with them galleries and the server), evaluations and the data of distillation call it.

import type { Engine, Photo } from "../kernels/mod.ts";
import type { Affine } from "../math/affine.ts";
import type { ChosenFace } from "./detect/choose.ts";
import type { Face } from "./detect/face.ts";
import { addMeshes } from "./detect/facemesh.ts";
import { locateFaces, type LocateOptions } from "./detect/locate.ts";
import { type AlignedFace, alignTo, type EmbeddedBlocks, embedFaces } from "./embed/embed.ts";

/** The face that is meant in a photo, aligned, with its mesh if that was asked for; or why there is none. */
export type LocatedFace =
  | {
    readonly kind: "face";
    readonly face: AlignedFace & { readonly mesh?: Float32Array };
  }
  | Exclude<ChosenFace<Face>, { readonly kind: "face" }>;

/** A face that need not be looked for: where it is, or the map from the network's input to an aligned picture. */
export type KnownFace = Face | { readonly cropToPhoto: Affine };

/** What is wanted of photos. */
export interface LocateAndEmbedOptions {
  /** Which face is looked for, and whether its mesh is fitted. */
  readonly locate?: LocateOptions & { readonly mesh?: boolean };
  /** The faces, one per photo, in place of `locate`. */
  readonly known?: readonly KnownFace[];
  /** Width and height of the aligned crop: of the embedding network's input. */
  readonly size: number;
  /** What is embedded; nothing if absent, so that the faces are only located. */
  readonly embed?: {
    /** Name of the embedding network. */
    readonly network: string;
    /** Whether the embedding of the mirror image is added. */
    readonly mirrored: boolean;
    /** Name of the mask-state network, which is run on the same crops; none if absent. */
    readonly state?: string;
    /** Whether nothing is embedded unless every photo has its face; by default false. */
    readonly onlyIfAll?: boolean;
  };
}

/** What was found in photos, and the embeddings of the faces. */
export interface LocatedAndEmbedded {
  /** One per photo; empty if the faces were known. */
  readonly located: readonly LocatedFace[];
  /** When the faces had been located, as `performance.now()` counts. */
  readonly locatedAt: number;
  /** A row per face, in the order of the photos; absent if nothing was embedded. */
  readonly embedded?: EmbeddedBlocks;
}

/**
 * Finds the face that is meant in each photo, aligns it, and embeds all of them in one batch on the device.
 *
 * @param engine The backend and its networks.
 * @param photos The photos, uploaded.
 * @param options Which faces, and what is wanted of them.
 * @param stack Owns the embeddings: they are freed with it.
 * @returns The faces, and the blocks of their embeddings.
 */
export async function locateAndEmbed(
  engine: Engine,
  photos: readonly Photo[],
  options: LocateAndEmbedOptions,
  stack: DisposableStack,
): Promise<LocatedAndEmbedded> {
  const { size, embed } = options;
  const located = await locateAligned(engine, photos, options);
  const locatedAt = performance.now();
  const faces = options.known
    ? options.known.map((known, i) => ({ photo: photos[i], face: aligned(known, size) }))
    : located.flatMap((found, i) =>
      found.kind === "face" ? [{ photo: photos[i], face: found.face }] : []
    );
  const tooFew = faces.length === 0 || (embed?.onlyIfAll && faces.length < photos.length);
  if (!embed || tooFew) return { located, locatedAt };
  const embedding = await engine.network(embed.network);
  const state = embed.state === undefined ? undefined : await engine.network(embed.state);
  const made = await embedFaces(engine.backend, { embedding, state }, faces, embed.mirrored);
  stack.use(made.embeddings);
  if (made.states) stack.use(made.states);
  return { located, locatedAt, embedded: made };
}

async function locateAligned(
  engine: Engine,
  photos: readonly Photo[],
  { locate, size }: LocateAndEmbedOptions,
): Promise<LocatedFace[]> {
  if (!locate || photos.length === 0) return [];
  const chosen = await locateFaces(engine, photos, locate);
  const found = chosen.flatMap((choice, i) =>
    choice.kind === "face" ? [{ photo: photos[i], face: choice.face }] : []
  );
  const faces = locate.mesh ? await addMeshes(engine, found) : found.map(({ face }) => face);
  return chosen.map((choice) =>
    choice.kind === "face" ? { kind: "face", face: alignTo({ size }, faces.shift()!) } : choice
  );
}

function aligned(
  known: KnownFace,
  size: number,
): { readonly alignment: { readonly cropToPhoto: Affine } } {
  return "cropToPhoto" in known
    ? { alignment: { cropToPhoto: known.cropToPhoto } }
    : alignTo({ size }, known);
}
