// Cuts turned and scaled crops out of photos: the reference of shaders/warp_affine.wgsl and the path without a GPU.
// FaceMesh's crops and the 112x112 faces of the embedding network both come from here.

import type { Image } from "../../image/image.ts";
import { channelPlan, type TensorSpec } from "../../runtime/tensor_spec.ts";
import type { Affine } from "../../math/affine.ts";
import { samplesPerSide } from "../crop_maps.ts";

/** One crop to cut out of a picture in memory. */
export interface ImageWarp {
  readonly image: Image;
  readonly cropToPhoto: Affine;
}

/**
 * Cuts one crop per job, bilinear, black outside of the photo; averages over the area when it shrinks more
 * than 1.5 times.
 *
 * @param jobs The photos and maps from crop to photo pixels (pixel centres at integers).
 * @param spec The form of the crops.
 * @param mirrored Whether the mirror image of every crop follows after all crops.
 * @returns The crops, `[n, size, size, 3]` or `[n, 3, size, size]` with n = jobs, or twice that if mirrored.
 */
export function warpAffine(
  jobs: readonly ImageWarp[],
  spec: TensorSpec,
  mirrored: boolean,
): Float32Array<ArrayBuffer> {
  const cropLength = spec.size * spec.size * 3;
  const out = new Float32Array(jobs.length * cropLength * (mirrored ? 2 : 1));
  jobs.forEach((job, i) => {
    const crop = out.subarray(i * cropLength, (i + 1) * cropLength);
    cutCrop(job, spec, crop);
    if (mirrored) mirrorCrop(crop, spec, out.subarray((jobs.length + i) * cropLength));
  });
  return out;
}

function cutCrop({ image, cropToPhoto }: ImageWarp, spec: TensorSpec, out: Float32Array): void {
  const { size } = spec;
  const [a, b, c, d, e, f] = cropToPhoto;
  const { pixelStride, offset: [offsetR, offsetG, offsetB], gain, bias } = channelPlan(spec);
  const side = samplesPerSide(cropToPhoto), share = 1 / (side * side);
  const { data, width, height } = image;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let red = 0, green = 0, blue = 0;
      for (let j = 0; j < side; j++) {
        const cropY = y + (j + 0.5) / side - 0.5;
        for (let i = 0; i < side; i++) {
          const cropX = x + (i + 0.5) / side - 0.5;
          const photoX = a * cropX + b * cropY + c, photoY = d * cropX + e * cropY + f;
          if (!(photoX > -1 && photoY > -1 && photoX < width && photoY < height)) continue;
          const left = Math.floor(photoX), top = Math.floor(photoY);
          const u = photoX - left, v = photoY - top;
          // Corners outside of the photo are black, so they weigh nothing; their index is clamped to stay readable.
          const w0 = left < 0 ? 0 : 1 - u, w1 = left + 1 < width ? u : 0;
          const h0 = top < 0 ? 0 : 1 - v, h1 = top + 1 < height ? v : 0;
          const x0 = left < 0 ? 0 : left, x1 = left + 1 < width ? left + 1 : left;
          const y0 = top < 0 ? 0 : top, y1 = top + 1 < height ? top + 1 : top;
          const p00 = (y0 * width + x0) * 4, p01 = (y0 * width + x1) * 4;
          const p10 = (y1 * width + x0) * 4, p11 = (y1 * width + x1) * 4;
          const w00 = h0 * w0, w01 = h0 * w1, w10 = h1 * w0, w11 = h1 * w1;
          red += w00 * data[p00] + w01 * data[p01] + w10 * data[p10] + w11 * data[p11];
          green += w00 * data[p00 + 1] + w01 * data[p01 + 1] + w10 * data[p10 + 1] +
            w11 * data[p11 + 1];
          blue += w00 * data[p00 + 2] + w01 * data[p01 + 2] + w10 * data[p10 + 2] +
            w11 * data[p11 + 2];
        }
      }
      const to = (y * size + x) * pixelStride;
      out[to + offsetR] = red * share * gain[0] + bias[0];
      out[to + offsetG] = green * share * gain[1] + bias[1];
      out[to + offsetB] = blue * share * gain[2] + bias[2];
    }
  }
}

function mirrorCrop(crop: Float32Array, spec: TensorSpec, out: Float32Array): void {
  const { size } = spec;
  const { pixelStride, offset } = channelPlan(spec);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * pixelStride, to = (y * size + size - 1 - x) * pixelStride;
      for (let channel = 0; channel < 3; channel++) {
        out[to + offset[channel]] = crop[from + offset[channel]];
      }
    }
  }
}
