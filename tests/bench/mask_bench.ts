// Masks on 256 crops of 112x112, TypeScript against WebGPU, beside sharp: deno bench -A tests/bench/mask_bench.ts
// sharp has no perspective warp, so it only lays a mask that is already warped over the same tall picture: the
// compositing alone, without what most of the time goes to here.

import { type Backend, createBackend, type Photo } from "../../src/kernels/mod.ts";
import { maskOverlayKernel } from "../../src/kernels/mask_overlay/mod.ts";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { GpuRuntime } from "../../src/runtime/gpu/runtime.ts";
import { acquireDevice, probeAdapter } from "../../src/runtime/gpu/device.ts";
import type { MaskBlend, MaskLayer, MaskTexture } from "../../src/kernels/mask_overlay/layer.ts";
import { officialLayer } from "../../src/mask/official.ts";
import { maskOverlay } from "../../src/kernels/mask_overlay/cpu.ts";
import { texture } from "../kernels/helpers.ts";
import { outside } from "./outside.ts";

const CROP = 112, COUNT = 256;
const picture = texture(CROP, COUNT * CROP);
const mask = ellipse(1627, 1085);

/** A mask of the size of the paper's, which covers as much of a crop: opaque, with a soft rim. */
function ellipse(width: number, height: number): MaskTexture {
  const { data } = texture(width, height);
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const radius = Math.hypot((x - 760) / 480, (y - 470) / 460);
      data[i] = Math.max(0, 255 * Math.min(1, 12 * (1 - radius)));
    }
  }
  return { width, height, data };
}

/** One layer per crop, each with its own jitter, in the paper's way of blending or ours. */
function batch(kind: MaskBlend["kind"]): MaskLayer[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const region = { x: 0, y: i * CROP, width: CROP, height: CROP };
    const layer = officialLayer(mask, { region, seed: i });
    return kind === "alpha" ? { ...layer, blend: { kind, gain: [1, 0.9, 0.8] } } : layer;
  });
}

const backends: Backend[] = [await createBackend(new CpuRuntime())];
const adapter = await probeAdapter();
if (adapter) backends.push(await createBackend(new GpuRuntime(await acquireDevice(adapter))));

for (const kind of ["maskinv", "alpha"] as const) {
  const group = `mask_overlay 256 crops, ${kind}`;
  const layers = batch(kind);
  for (const backend of backends) {
    const isSoftware = backend.device === "webgpu" && adapter?.software;
    const one = backend.write(new Float32Array(1), [1]);
    let photo: Photo | undefined;
    Deno.bench({
      name: `${group}, ${backend.device}${isSoftware ? " (software)" : ""}`,
      group,
      baseline: backend === backends[0],
      async fn(): Promise<void> {
        photo ??= backend.upload(picture);
        const overlay = await backend.prepare(maskOverlayKernel);
        using _drawn = overlay(photo, layers);
        await backend.read(one);
      },
    });
  }
}

Deno.bench("the maps and colours of 256 crops (officialLayer)", { group: "officialLayer" }, () => {
  batch("maskinv");
});

const sharp = await outside("npm:sharp@0.35.5");
if (sharp) {
  const raw = { width: CROP, height: COUNT * CROP, channels: 4 };
  const input = warped();
  const group = "mask_overlay 256 crops, alpha";
  Deno.bench(`${group}, sharp without the warp`, { group }, async () => {
    await sharp(picture.data, { raw }).composite([{ input, raw }]).raw().toBuffer();
  });
}

/** The masks of the batch as they lie on the crops, on a transparent picture of the same size. */
function warped(): Uint8ClampedArray {
  const clear = { ...picture, data: new Uint8ClampedArray(picture.data.length) };
  const colours = maskOverlay(clear, batch("alpha")).data;
  const white = { ...mask, data: mask.data.map((value, i) => i % 4 === 3 ? value : 255) };
  const alphas =
    maskOverlay(clear, batch("alpha").map((layer) => ({ ...layer, texture: white }))).data;
  // Over black, white shows its alpha; gain 1 is that of red.
  for (let i = 3; i < colours.length; i += 4) colours[i] = alphas[i - 3];
  return colours;
}
