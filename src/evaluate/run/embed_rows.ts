// From faces and crops on the device to rows of numbers, in one kind of template.
// The two passes over masked faces are those of `Verifier`; a test holds both to the same numbers.

import type { Backend, Network, Photo } from "../../backend/backend.ts";
import { type AlignedFace, alignUnderMask, embedFaces } from "../../embed/embed.ts";
import { maskStates } from "../../mask/state.ts";
import { squareMap } from "./dress.ts";

/** Embeds faces; those that turn out to wear a mask are aligned for it and embedded again, as `Verifier` does. */
export async function embedUnderMasks(
  backend: Backend,
  networks: { readonly embedding: Network; readonly state?: Network },
  faces: readonly { readonly photo: Photo; readonly face: AlignedFace }[],
  mirrored: boolean,
): Promise<Float32Array> {
  const { embeddings, states } = await embedFaces(backend, networks, faces, mirrored);
  using rows = embeddings;
  if (!states) return (await backend.read(rows))[0];
  using masks = states;
  const [values, probabilities] = await backend.read(rows, masks);
  const worn = maskStates(probabilities, faces.length).map((mask, i) => ({
    photo: faces[i].photo,
    face: alignUnderMask(networks.embedding, { ...faces[i].face, mask }),
  }));
  const moved = worn.keys().filter((i) => worn[i].face.alignment !== faces[i].face.alignment)
    .toArray();
  if (moved.length === 0) return values;
  const { embedding } = networks;
  const again = await embedFaces(backend, { embedding }, moved.map((i) => worn[i]), mirrored);
  using newRows = again.embeddings;
  const [newValues] = await backend.read(newRows);
  const out = values.slice(), size = out.length / faces.length;
  moved.forEach((i, at) => out.set(newValues.subarray(at * size, (at + 1) * size), i * size));
  return out;
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
  const [raw] = await backend.run(network, crops);
  using rows = raw;
  using normalised = backend.blendNormalize(rows, mirrored);
  return (await backend.read(normalised))[0];
}
