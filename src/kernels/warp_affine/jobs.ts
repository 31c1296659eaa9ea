// What warp_affine is given: crops that the host knows, or those that another kernel has found.

import type { Affine } from "../../math/affine.ts";
import type { Block, Photo } from "../../runtime/memory.ts";

/** One crop to cut: which photo, and the map from crop pixels to photo pixels (pixel centres at integers). */
export interface WarpJob {
  readonly photo: Photo;
  readonly cropToPhoto: Affine;
}

/** Crops that a kernel has found, one in each photo: their maps, `[n, CROP_MAP_LENGTH]`, are on the device. */
export interface FoundWarps {
  readonly photos: readonly Photo[];
  readonly maps: Block;
}

/** The crops to cut. */
export type WarpJobs = readonly WarpJob[] | FoundWarps;
