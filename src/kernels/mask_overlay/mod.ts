// Draws masks on photos: textures, each laid over a part of the photo by projective maps.
// What it draws is defined in layer.ts (the input), plan.ts (which pixels) and cpu.ts (their colours); gpu.ts launches
// shaders/mask_overlay.wgsl. Change all or none.

import { CpuPhoto } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Photo } from "../../runtime/memory.ts";
import { maskOverlay } from "./cpu.ts";
import { createMaskOverlay } from "./gpu.ts";
import type { MaskLayer } from "./layer.ts";

/** Gives a new photo: the old one with the layers drawn on it, in order. */
export type MaskOverlay = (photo: Photo, layers: readonly MaskLayer[]) => Photo;

/** The kernel. */
export const maskOverlayKernel: Kernel<MaskOverlay> = {
  name: "mask_overlay",
  cpu: (context) => (photo, layers) =>
    new CpuPhoto(maskOverlay(context.photo(photo).image, layers)),
  gpu: createMaskOverlay,
};
