// Draws mask layers on pictures where a runtime computes: on a GPU, pictures of one width go there as one tall picture, so
// that a batch of crops costs one upload, one dispatch and one wait; without a GPU each is drawn by itself.

import type { Image } from "../image/image.ts";
import type { MaskLayer } from "../kernels/mask_overlay/layer.ts";
import { maskOverlayKernel } from "../kernels/mask_overlay/mod.ts";
import type { Homography } from "../math/homography.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A picture and the masks to draw on it. */
export interface LayeredPicture {
  /** The picture; it is not changed. */
  readonly image: Image;
  /** What to draw, in order, in the picture's pixels. */
  readonly layers: readonly MaskLayer[];
}

/** Pictures below each other. */
interface Sheet {
  readonly image: Image;
  readonly layers: readonly MaskLayer[];
  /** Which of the given pictures it is made of, from top to bottom. */
  readonly members: readonly number[];
}

/**
 * The most bytes of a tall picture, and of the textures of its layers: half of what a kernel can be given on every device
 * that WebGPU allows (`maxStorageBufferBindingSize`). A picture with more is one by itself.
 */
const MAX_SHEET_BYTES = 2 ** 26;

/**
 * Draws layers on pictures, by WGSL on a GPU and else by its TypeScript twin; the two differ by at most one grey level but for
 * single pixels at the edges of triangles.
 *
 * @returns New pictures, in the order of those given.
 * @throws {InvalidArgumentError} If a layer is not what `MaskLayer` says.
 * @throws {DeviceLostError} If the GPU was lost meanwhile.
 */
export async function drawLayers(
  runtime: Runtime,
  pictures: readonly LayeredPicture[],
): Promise<Image[]> {
  const overlay = await runtime.prepare(maskOverlayKernel);
  const sheets = runtime.device === "webgpu" ? sheetsOf(pictures) : pictures.map(single);
  using stack = new DisposableStack();
  const drawn = sheets.map(({ image, layers }) => {
    using photo = runtime.upload(image);
    return stack.use(overlay(photo, layers));
  });
  const images = await Promise.all(drawn.map((photo) => runtime.download(photo)));
  const out: Image[] = [];
  sheets.forEach(({ members }, i) => {
    let top = 0;
    for (const member of members) {
      out[member] = rowsOf(images[i], top, pictures[member].image.height);
      top += pictures[member].image.height;
    }
  });
  return out;
}

function single({ image, layers }: LayeredPicture, index: number): Sheet {
  return { image, layers, members: [index] };
}

/** Puts pictures of one width below each other, as many as may go together. */
function sheetsOf(pictures: readonly LayeredPicture[]): Sheet[] {
  const byWidth = new Map<number, number[]>();
  pictures.forEach(({ image: { width } }, i) => {
    byWidth.set(width, [...byWidth.get(width) ?? [], i]);
  });
  return [...byWidth.values()].flatMap((members) => inParts(members, pictures))
    .map((members) =>
      members.length === 1
        ? single(pictures[members[0]], members[0])
        : stackedSheet(members, pictures)
    );
}

function inParts(members: readonly number[], pictures: readonly LayeredPicture[]): number[][] {
  const parts: number[][] = [];
  let pixels = 0, texels = 0;
  for (const member of members) {
    const { image, layers } = pictures[member];
    const bytes = layers.reduce((sum, { texture }) => sum + texture.data.length, 0);
    pixels += image.data.length;
    texels += bytes;
    if (parts.length === 0 || pixels > MAX_SHEET_BYTES || texels > MAX_SHEET_BYTES) {
      parts.push([]);
      [pixels, texels] = [image.data.length, bytes];
    }
    parts.at(-1)!.push(member);
  }
  return parts;
}

function stackedSheet(members: readonly number[], pictures: readonly LayeredPicture[]): Sheet {
  const chosen = members.map((member) => pictures[member]);
  const { width } = chosen[0].image;
  const height = chosen.reduce((sum, { image }) => sum + image.height, 0);
  const data = new Uint8ClampedArray(width * height * 4);
  let top = 0;
  const layers = chosen.flatMap(({ image, layers }) => {
    data.set(image.data, top * width * 4);
    const moved = layers.map((layer) => lower(layer, top, image));
    top += image.height;
    return moved;
  });
  return { image: { width, height, data }, layers, members };
}

/** A layer of a picture that begins `top` rows further down; it may not reach over that picture's borders. */
function lower(layer: MaskLayer, top: number, image: Image): MaskLayer {
  const { x, y, width, height } = layer.region;
  const first = Math.max(0, y), end = Math.min(image.height, y + height);
  return {
    ...layer,
    region: { x, y: first + top, width, height: Math.max(0, end - first) },
    pieces: layer.pieces.map(({ triangle, toTexture }) => ({
      ...(triangle && { triangle: [down(triangle[0]), down(triangle[1]), down(triangle[2])] }),
      toTexture: before(toTexture, top),
    })),
  };

  function down({ x, y }: { readonly x: number; readonly y: number }): { x: number; y: number } {
    return { x, y: y + top };
  }
}

/** The map for places that are `top` rows further down. */
function before([a, b, c, d, e, f, g, h, i]: Homography, top: number): Homography {
  return [a, b, c - b * top, d, e, f - e * top, g, h, i - h * top];
}

function rowsOf(image: Image, top: number, height: number): Image {
  if (height === image.height) return image;
  const { width, data } = image;
  return { width, height, data: data.slice(top * width * 4, (top + height) * width * 4) };
}
