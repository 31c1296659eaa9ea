// From faces and crops on the device to rows of numbers, in one kind of template.
// What it does with faces is what `Verifier` does; a test holds both to the same numbers.

import type { Backend, Network, Photo } from "../../kernels/mod.ts";
import { type AlignedFace, embedFaces } from "../../pipeline/embed/embed.ts";
import { squareMap } from "./dress.ts";

/** Embeds faces as `Verifier` does. */
export async function embedAligned(
  backend: Backend,
  embedding: Network,
  faces: readonly { readonly photo: Photo; readonly face: AlignedFace }[],
  mirrored: boolean,
): Promise<Float32Array> {
  const { embeddings, conditions } = await embedFaces(backend, { embedding }, faces, mirrored);
  using rows = embeddings;
  using _unread = conditions;
  return (await backend.read(rows))[0];
}

/** Embeds crops as they are. */
export async function embedCrops(
  backend: Backend,
  network: Network,
  photos: readonly Photo[],
  mirrored: boolean,
): Promise<Float32Array> {
  const { input } = network.model.entry;
  const jobs = photos.map((photo) => ({ photo, cropToPhoto: squareMap(input.size, photo.width) }));
  using crops = backend.warpAffine(jobs, input, mirrored);
  const [raw, condition] = await backend.run(network, crops);
  using rows = raw;
  using _unread = condition;
  using normalised = backend.blendNormalize(rows, mirrored);
  return (await backend.read(normalised))[0];
}
