// Which templates of the cache a run may take: those made by the same networks, in the same way.
// A file per model and kind of template; its name says everything that its templates depend on but photo and mask.

import { type ResolvedPhotoOptions, resolvePhotoOptions } from "../../verify/options.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { bytesOfPixels, sha256Hex } from "./bytes.ts";
import type { TemplateKind } from "./embedder.ts";
import type { ModelSet } from "./models.ts";
import type { RunOptions } from "./run_options.ts";
import { memoryCache, openTemplateCache, type TemplateCache } from "./template_cache.ts";

/**
 * Counts the ways in which photos were turned into crops: templates kept on disk are of this way. To be raised with
 * every change to detection, alignment or masks that the models' files do not show.
 */
const PIPELINE = 6;

/** How photos are read and embedded, and of which kinds templates are wanted. */
export interface CollectOptions extends RunOptions {
  readonly kinds: readonly TemplateKind[];
}

/** The options of photos, checked. */
export function photoOptions(options: CollectOptions): ResolvedPhotoOptions {
  const { face = "centred", maxFaces, maxPixels } = options;
  return resolvePhotoOptions({ face, maxFaces, maxPixels });
}

/** A cache for each model and kind: those of the first model, then of the next. */
export async function openCaches(
  set: ModelSet,
  dataset: Dataset,
  options: CollectOptions,
): Promise<AsyncDisposable & { readonly all: readonly TemplateCache[] }> {
  const { cache: folder, masks } = options;
  const { face, maxFaces } = photoOptions(options);
  const picture = masks?.style === "maskinv" ? await sha256Hex(bytesOfPixels(masks.texture)) : null;
  const { device = "auto" } = options;
  const way = JSON.stringify([
    PIPELINE,
    set.detection,
    face,
    maxFaces,
    dataset.aligned,
    picture,
    device,
  ]);
  const stack = new AsyncDisposableStack();
  const all: TemplateCache[] = [];
  for (const { entry, dim } of set.models) {
    const hash = await sha256Hex(new Uint8Array(), way + JSON.stringify(entry.input));
    for (const kind of options.kinds) {
      const name = `${entry.sha256.slice(0, 16)}-${kind}-${hash.slice(0, 16)}`;
      const cache = folder === undefined
        ? memoryCache()
        : await openTemplateCache(folder, name, dim);
      all.push(stack.use(cache));
    }
  }
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
