// From chosen faces to embeddings on the device: align, cut, run the student, blend with the mirror image.
// Nothing is read back here; whoever asks decides whether templates or only scores come to JavaScript.

import { alignFace, type Alignment } from "../align/arcface.ts";
import type { Backend, Block, Network, Photo } from "../backend/backend.ts";
import type { Face } from "../detect/face.ts";

/** A face and how it was brought to the network's input. */
export interface AlignedFace extends Face {
  /** How it was brought to the crop. */
  readonly alignment: Alignment;
}

/** Aligns a face to the crop that a network takes. */
export function alignTo(network: Network, face: Face): AlignedFace {
  return { ...face, alignment: alignFace(face.landmarks, network.model.entry.input.size) };
}

/** The embeddings of aligned faces, one row of length 1 per face: `[faces, templateSize]`. */
export async function embedFaces(
  backend: Backend,
  network: Network,
  faces: readonly { readonly photo: Photo; readonly face: AlignedFace }[],
  mirrored: boolean,
): Promise<Block> {
  const jobs = faces.map(({ photo, face }) => ({
    photo,
    cropToPhoto: face.alignment.cropToPhoto,
  }));
  using crops = backend.warpAffine(jobs, network.model.entry.input, mirrored);
  const [raw] = await backend.run(network, crops);
  using embeddings = raw;
  return backend.blendNormalize(embeddings, mirrored);
}
