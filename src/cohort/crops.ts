// Templates of aligned crops, bare and with drawn masks: what cohorts and the thresholds of groups are made of.
// Masks are drawn as in training's validation set, and masked faces cut where a detector would have found them.

import { concatFloats } from "../base/concat.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { chanceOf, hashName } from "../distill/data/chance.ts";
import type { SourceCrop } from "../distill/data/crop_index.ts";
import { fitMeshes } from "../distill/data/mesh_fit.ts";
import { readCrop } from "../distill/data/open_crop.ts";
import { drawPlace, placeMap } from "../distill/data/place.ts";
import { maskedCrop } from "../distill/data/sample.ts";
import type { Affine } from "../math/affine.ts";
import type { Image } from "../image/image.ts";
import type { Engine } from "../kernels/mod.ts";
import { MASK_KINDS, randomMaskOptions } from "../mask/kinds.ts";
import type { EngineHost } from "../pipeline/engine/host.ts";
import { FRAME_SIZE } from "../distill/data/crop.ts";

/** Crops that go through the networks at a time. */
const BATCH = 16;
const AS_PREPARED = placeMap({ x: 0, y: 0, scale: 1, angle: 0 });

/** Templates of crops, row by row. */
export interface CropTemplates {
  /** The crops that could be read. */
  readonly crops: readonly SourceCrop[];
  /** Numbers per template. */
  readonly size: number;
  /** `[crops, size]`: templates of the bare faces. */
  readonly bare: Float32Array<ArrayBuffer>;
  /** The same faces with drawn masks. */
  readonly masked: Float32Array<ArrayBuffer>;
}

/** How templates are made. */
export interface CropTemplatesOptions {
  /** Name of the embedding network in the manifest. */
  readonly model: string;
  /** Whether the mirror image is added; by default not. */
  readonly mirrored?: boolean;
  /** Ends the work at its next step. */
  readonly signal?: AbortSignal;
  /** Told after every batch. */
  readonly progress?: (done: number, of: number) => void;
}

/** Makes the templates of crops below a folder. What cannot be read is left out. */
export async function cropTemplates(
  host: EngineHost,
  folder: string,
  crops: readonly SourceCrop[],
  options: CropTemplatesOptions,
): Promise<CropTemplates> {
  const { signal, progress } = options;
  const kept: SourceCrop[] = [], bare: Float32Array[] = [], masked: Float32Array[] = [];
  for (let from = 0; from < crops.length; from += BATCH) {
    const batch = crops.slice(from, from + BATCH);
    await host.use(async (engine) => {
      const opened = await openBatch(engine, folder, batch);
      if (opened.length === 0) return;
      const { values, size } = await embedFrames(engine, opened.flatMap(framesOf), options);
      opened.forEach(({ source }, i) => {
        kept.push(source);
        bare.push(values.slice(2 * i * size, (2 * i + 1) * size));
        masked.push(values.slice((2 * i + 1) * size, (2 * i + 2) * size));
      });
    }, signal);
    progress?.(Math.min(crops.length, from + BATCH), crops.length);
  }
  if (kept.length === 0) {
    throw new InvalidArgumentError(
      `Cannot make templates of the ${crops.length} crops of ${folder} as none can be read: ` +
        `check that the folder has the files of its index.tsv`,
    );
  }
  return {
    crops: kept,
    size: bare[0].length,
    bare: concatFloats(bare),
    masked: concatFloats(masked),
  };
}

/** A crop with what its masks are fitted to. */
interface OpenedCrop {
  readonly source: SourceCrop;
  readonly image: Image;
  readonly mesh?: Float32Array;
}

async function openBatch(
  engine: Engine,
  folder: string,
  batch: readonly SourceCrop[],
): Promise<OpenedCrop[]> {
  const opened: { source: SourceCrop; image: Image }[] = [];
  for (const source of batch) {
    const read = await readCrop(engine, `${folder}/${source.file}`, source.file);
    if ("crop" in read) opened.push({ source, image: read.crop });
  }
  if (opened.length === 0) return [];
  using stack = new DisposableStack();
  const photos = opened.map(({ image }) => stack.use(engine.backend.upload(image)));
  const meshes = await fitMeshes(engine, photos);
  return opened.map((crop, i) => ({ ...crop, mesh: meshes[i] }));
}

/** A picture and where the network's frame lies in it. */
interface PlacedFrame {
  readonly image: Image;
  readonly cropToPhoto: Affine;
}

/** The bare frame of a crop and its masked one; the same in every run. */
function framesOf({ source, image, mesh }: OpenedCrop): [PlacedFrame, PlacedFrame] {
  const chance = chanceOf(`cohort ${source.file}`);
  const mask = {
    ...randomMaskOptions(Math.floor(chance.next() * 2 ** 31)),
    kind: MASK_KINDS[hashName(source.file) % MASK_KINDS.length],
  };
  // A mask is drawn into the picture where there is no mesh, so that it must be a copy.
  const copy = { ...image, data: image.data.slice() };
  const masked = maskedCrop(copy, mesh, chance, mask);
  return [
    { image, cropToPhoto: AS_PREPARED },
    { image: masked, cropToPhoto: drawPlace(chance, true, 1) },
  ];
}

async function embedFrames(
  engine: Engine,
  frames: readonly PlacedFrame[],
  { model, mirrored = false }: CropTemplatesOptions,
): Promise<{ values: Float32Array; size: number }> {
  const { backend } = engine, network = await engine.network(model);
  const { input } = network.model.entry;
  if (input.size !== FRAME_SIZE) {
    throw new InvalidArgumentError(
      `Cannot embed crops of ${FRAME_SIZE}x${FRAME_SIZE} pixels with model "${model}" as it takes ` +
        `${input.size}x${input.size}: use a network for ArcFace's frame`,
    );
  }
  using stack = new DisposableStack();
  const jobs = frames.map(({ image, cropToPhoto }) => ({
    photo: stack.use(backend.upload(image)),
    cropToPhoto,
  }));
  const crops = stack.use(backend.warpAffine(jobs, input, mirrored));
  const [raw] = (await backend.run(network, crops)).map((block) => stack.use(block));
  const rows = stack.use(backend.blendNormalize(raw, mirrored));
  const [values] = await backend.read(rows);
  return { values, size: values.length / frames.length };
}
