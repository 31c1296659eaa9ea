// Says where the crop around the likeliest box of each picture lies, on the device that has the detector's maps.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/likeliest_crop.wgsl. Change both or none.

import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { CROP_MAP_LENGTH, packCropMaps } from "../crop_maps.ts";
import { type LikeliestCropOptions, likeliestCrops, type PlacedPhoto } from "./cpu.ts";
import { createLikeliestCrop } from "./gpu.ts";

/** Gives the crops that `warpAffine` cuts, `[n, CROP_MAP_LENGTH]`, of the detector's maps of n photos. */
export type LikeliestCrop = (
  maps: readonly Block[],
  photos: readonly PlacedPhoto[],
  options: LikeliestCropOptions,
) => Block;

/** The kernel. */
export const likeliestCropKernel: Kernel<LikeliestCrop> = {
  name: "likeliest_crop",
  cpu: (context) => (maps, photos, options) => {
    const values = maps.map((map) => context.block(map).data);
    const crops = likeliestCrops(values, photos, options)
      .map((cropToPhoto, slot) => ({ cropToPhoto, slot }));
    const packed = new Float32Array(packCropMaps(crops, options.cropSize));
    return new CpuBlock(packed, [photos.length, CROP_MAP_LENGTH]);
  },
  gpu: createLikeliestCrop,
};
