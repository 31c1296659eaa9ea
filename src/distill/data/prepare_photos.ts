// From photos to what is kept of them: the crop, the teacher's template of the clean frame, and the mesh for masks.
// Several at a time: networks run on whole batches.

import type { Affine } from "../../math/affine.ts";
import type { Engine, Photo } from "../../kernels/mod.ts";
import type { Image } from "../../image/image.ts";
import { embedAligned } from "../../pipeline/locate_and_embed.ts";
import { CROP_BYTES, MARGIN } from "./crop.ts";
import { fitMeshes } from "./mesh_fit.ts";
import type { CropOpener } from "./open_crop.ts";
import type { PhotoFacts, PreparedPhoto } from "./shard.ts";

/** How photos are prepared. */
interface PhotoOptions {
  /** The folder of the photos. */
  readonly folder: string;
  /** Name of the teacher in the engine's models. */
  readonly teacher: string;
  /** Reads or cuts crops. */
  readonly open: CropOpener;
}

/** The frame within its crop. */
const FRAME_IN_CROP: Affine = [1, 0, MARGIN, 0, 1, MARGIN];

interface OpenedPhoto {
  readonly facts: PhotoFacts;
  readonly crop?: Image;
}

/** Prepares photos; those that cannot be used say why. */
export async function preparePhotos(
  engine: Engine,
  photos: readonly PhotoFacts[],
  { folder, teacher, open }: PhotoOptions,
): Promise<PreparedPhoto[]> {
  const opened: OpenedPhoto[] = [];
  for (const facts of photos) {
    const { file } = facts, found = await open(engine, `${folder}/${file}`, file);
    if ("failed" in found) opened.push({ facts: { ...facts, failed: found.failed } });
    else {
      const { crop, eyes } = found;
      opened.push({ facts: { ...facts, ...(eyes !== undefined && { eyes }) }, crop });
    }
  }
  const crops = opened.flatMap(({ crop }) => crop ? [crop] : []);
  if (crops.length === 0) return opened.map(({ facts }) => ({ facts }));
  using stack = new DisposableStack();
  const uploaded = crops.map((crop) => stack.use(engine.backend.upload(crop)));
  const templates = await teacherTemplates(engine, teacher, uploaded);
  const meshes = await fitMeshes(engine, uploaded);
  const size = templates.length / crops.length;
  let next = 0;
  return opened.map(({ facts, crop }) => {
    if (!crop) return { facts };
    const i = next++, mesh = meshes[i];
    const record = {
      crop: cropBytes(crop),
      ...(mesh && { mesh }),
      template: templates.slice(i * size, (i + 1) * size),
    };
    return { facts: { ...facts, mesh: mesh !== undefined }, record };
  });
}

/** Returns the templates of the clean frames and their mirror images together, a row of length 1 each. */
async function teacherTemplates(
  engine: Engine,
  teacher: string,
  crops: readonly Photo[],
): Promise<Float32Array> {
  using stack = new DisposableStack();
  const faces = crops.map((photo) => ({
    photo,
    face: { alignment: { cropToPhoto: FRAME_IN_CROP } },
  }));
  const options = { network: teacher, mirrored: true };
  const { embeddings } = await embedAligned(engine, faces, options, stack);
  const [templates] = await engine.backend.read(embeddings);
  return templates;
}

/** Returns the picture's rows of RGB. */
function cropBytes({ data }: Image): Uint8Array {
  const bytes = new Uint8Array(CROP_BYTES);
  for (let from = 0, to = 0; to < CROP_BYTES; from += 4, to += 3) {
    bytes[to] = data[from];
    bytes[to + 1] = data[from + 1];
    bytes[to + 2] = data[from + 2];
  }
  return bytes;
}
