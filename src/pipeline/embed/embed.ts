// From chosen faces to embeddings on the device: align, cut, run the student, blend with the mirror image.
// Nothing is read back here; whoever asks decides whether templates or only scores come to JavaScript.

import { alignFace, type Alignment } from "../align/arcface.ts";
import type { Backend, Block, Network, Photo, WarpJob } from "../../kernels/mod.ts";
import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import type { Face } from "../detect/face.ts";
import { CONDITION_OUTPUT, type ModelEntry } from "../../model/manifest.ts";
import type { Incomparable } from "./comparable.ts";
import type { Condition } from "./condition.ts";
import type { MaskState } from "./mask_state.ts";

/** A face and how it was brought to the network's input. */
export interface AlignedFace extends Face {
  /** How it was brought to the crop. */
  readonly alignment: Alignment;
}

/** Aligns a face to the crop that a network with this input takes. */
export function alignTo<T extends Face>(
  { size }: Pick<TensorSpec, "size">,
  face: T,
): T & { readonly alignment: Alignment } {
  return { ...face, alignment: alignFace(face.landmarks, size) };
}

/** A face whose template was made. */
export interface EmbeddedFace extends AlignedFace {
  /** Whether it wears a mask; absent if neither the model nor a network beside it can tell. */
  readonly mask?: MaskState;
  /** How far the photo can be relied on, what covers the face, and more; absent if the model has no condition head. */
  readonly condition?: Condition;
  /** Why it should not be compared; absent if nothing speaks against it, or the model cannot tell. */
  readonly incomparable?: Incomparable;
  /** Whether it is taken for a child's face, 12 years or younger; absent if the model cannot tell. */
  readonly child?: boolean;
}

/** What the networks make of crops, on the device. */
export interface EmbeddedBlocks {
  /** Rows of length 1, one per face: `[faces, templateSize]`. */
  readonly embeddings: Block;
  /** What `readConditions` reads, if the network has a condition head: a row per crop, mirror images too. */
  readonly conditions?: Block;
  /** What `maskStates` reads, if there is a network for it. */
  readonly states?: Block;
}

/** A face of a photo, and where its crop lies. */
export interface FaceToEmbed {
  readonly photo: Photo;
  readonly face: { readonly alignment: Pick<Alignment, "cropToPhoto"> };
}

/**
 * Cuts aligned faces, and runs the embedding network and the mask-state network on the crops. Only the embedding network
 * is given mirror images.
 */
export async function embedFaces(
  backend: Backend,
  networks: { readonly embedding: Network; readonly state?: Network },
  faces: readonly FaceToEmbed[],
  mirrored: boolean,
): Promise<EmbeddedBlocks> {
  const jobs = faces.map(({ photo, face }) => ({
    photo,
    cropToPhoto: face.alignment.cropToPhoto,
  }));
  const { embedding, state } = networks;
  using crops = backend.warpAffine(jobs, embedding.model.entry.input, mirrored);
  const [raw, ...others] = await backend.run(embedding, crops);
  using rows = raw;
  // What is made is the caller's; if the next step fails or is aborted, nobody else would free it.
  using made = new DisposableStack();
  for (const block of others) made.use(block);
  const conditions = hasConditions(embedding.model.entry) ? others[0] : undefined;
  const embeddings = made.use(backend.blendNormalize(rows, mirrored));
  // With mirror images among them, the crops are twice what the mask-state network needs.
  const shared = mirrored ? undefined : { crops, input: embedding.model.entry.input };
  const [states] = state ? await runState(backend, state, jobs, shared) : [];
  made.move();
  return { embeddings, conditions, states };
}

/** Whether a network tells conditions as its second output. */
export function hasConditions({ outputs }: Pick<ModelEntry, "outputs">): boolean {
  return outputs[1] === CONDITION_OUTPUT;
}

/** Runs the mask-state network on the crops that were cut before, or on new ones if it takes another form of input. */
async function runState(
  backend: Backend,
  state: Network,
  jobs: readonly WarpJob[],
  shared: { readonly crops: Block; readonly input: TensorSpec } | undefined,
): Promise<Block[]> {
  const { input } = state.model.entry;
  if (shared && JSON.stringify(input) === JSON.stringify(shared.input)) {
    return await backend.run(state, shared.crops);
  }
  using crops = backend.warpAffine(jobs, input, false);
  return await backend.run(state, crops);
}

/** Returns whether two networks take crops of the same part of the photo, so that one alignment serves both. */
export function takeSameCrops(a: ModelEntry, b: ModelEntry): boolean {
  return a.input.size === b.input.size;
}
