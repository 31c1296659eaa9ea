// Masks on the pictures of the page: by the project's WGSL kernel on the browser's GPU, or by its TypeScript twin.
// A device of its own, so that the networks and the masks never wait for each other's buffers.

import type { Image } from "../../image/image.ts";
import { maskOverlayKernel } from "../../kernels/mask_overlay/mod.ts";
import { maskLayer, type MaskOptions } from "../../mask/mod.ts";
import { startRuntime } from "../../runtime/start.ts";

/** Puts masks on pictures. */
export interface MaskPainter extends AsyncDisposable {
  /** Puts a mask on the face of a mesh; the picture is not changed. */
  paint(image: Image, mesh: Float32Array, options: MaskOptions): Promise<Image>;
}

/** The painter of this browser; `gpu` says whether WGSL may be used. */
export async function createPainter(gpu: boolean): Promise<MaskPainter> {
  const runtime = await startRuntime(gpu ? "auto" : "wasm");
  const overlay = await runtime.prepare(maskOverlayKernel);
  return {
    async paint(image, mesh, options): Promise<Image> {
      using photo = runtime.upload(image);
      using masked = overlay(photo, [layerOf(image, mesh, options)]);
      return await runtime.download(masked);
    },
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}

function layerOf(
  image: Image,
  mesh: Float32Array,
  options: MaskOptions,
): ReturnType<typeof maskLayer> {
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  return maskLayer(mesh, whole, options, image);
}
