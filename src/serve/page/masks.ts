// Masks on the pictures of the page: by the project's WGSL kernel on the browser's GPU, or by its TypeScript twin.
// A device of its own, so that the networks and the masks never wait for each other's buffers.

import { acquireDevice, probeAdapter } from "../../runtime/gpu/device.ts";
import { GpuContext } from "../../runtime/gpu/context.ts";
import { createMaskOverlay } from "../../kernels/mask_overlay/gpu.ts";
import type { Image } from "../../image/image.ts";
import { type MaskOptions, maskOverlay, wearMask } from "../../mask/mod.ts";

/** Puts masks on pictures. */
export interface MaskPainter extends Disposable {
  /** Puts a mask on the face of a mesh; the picture is not changed. */
  paint(image: Image, mesh: Float32Array, options: MaskOptions): Promise<Image>;
}

/** The painter of this browser; `gpu` says whether WGSL may be used. */
export async function createPainter(gpu: boolean): Promise<MaskPainter> {
  const adapter = gpu ? await probeAdapter() : undefined;
  if (!adapter) {
    return {
      paint: (image, mesh, options) =>
        Promise.resolve(maskOverlay(image, [layerOf(image, mesh, options)])),
      [Symbol.dispose]: () => {},
    };
  }
  const context = new GpuContext(await acquireDevice(adapter));
  const overlay = await createMaskOverlay(context);
  return {
    async paint(image, mesh, options): Promise<Image> {
      using photo = context.upload(image);
      using masked = overlay(photo, [layerOf(image, mesh, options)]);
      const [bytes] = await context.readBack.read([masked]);
      return { ...image, data: new Uint8ClampedArray(bytes) };
    },
    [Symbol.dispose]: () => context[Symbol.dispose](),
  };
}

function layerOf(
  image: Image,
  mesh: Float32Array,
  options: MaskOptions,
): ReturnType<typeof wearMask> {
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  return wearMask(mesh, whole, options, image);
}
