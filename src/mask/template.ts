// Masks from files: an RGBA picture and the points on it that belong to points of a face; MaskTheFace's masks.cfg too.
// A template becomes a layer by the homography from its points to the face's.

import type { Point } from "../math/affine.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { decodeRgba } from "../image/decode.ts";
import { DEFAULT_MAX_BYTES } from "../image/limits.ts";
import { describe, toBytes } from "../image/load.ts";
import { findHomography, invertHomography } from "../math/homography.ts";
import type { MaskBlend, MaskLayer, MaskTexture } from "../kernels/mask_overlay/layer.ts";

/** A mask that lies flat, and where it is fixed to a face. */
export interface MaskTemplate {
  /** The mask as it lies flat. */
  readonly texture: MaskTexture;
  /** Points in the texture, in pixels; at least four to be applied to a face. */
  readonly points: readonly Point[];
}

/** A mask of MaskTheFace's masks.cfg. */
export interface MaskTheFaceEntry {
  /** The path of its picture as the file has it, such as `masks/templates/surgical.png`. */
  readonly file: string;
  /**
   * Its points a to f: in the upper hem left, at the nose bridge and right; in the lower hem left, at the chin and
   * right (of the picture).
   */
  readonly points: readonly [Point, Point, Point, Point, Point, Point];
}

const CONFIG_POINTS = ["a", "b", "c", "d", "e", "f"] as const;

/**
 * Loads the picture of a mask with its transparency.
 *
 * @param input The path (a string is never a URL), `URL` or bytes of an image file with alpha (PNG or WebP), or its pixels.
 * @param points Points in the picture, in pixels, that will be carried to points of the face.
 * @returns The template.
 * @throws {ImageReadError} If the file cannot be read.
 * @throws {ImageDecodeError} If the bytes are no picture.
 * @throws {InvalidArgumentError} If a point is not finite.
 *
 * @example
 * ```ts
 * import { encodePng } from "@maskinv/maskinv/image";
 * import { loadMaskTemplate } from "@maskinv/maskinv/mask";
 *
 * const pixel = { width: 1, height: 1, data: new Uint8ClampedArray([9, 8, 7, 255]) };
 * const { texture } = await loadMaskTemplate(await encodePng(pixel), [{ x: 0, y: 0 }]);
 * console.log(texture.data); // Uint8ClampedArray [9, 8, 7, 255]
 * ```
 */
export async function loadMaskTemplate(
  input: string | URL | Uint8Array | MaskTexture,
  points: readonly Point[],
): Promise<MaskTemplate> {
  if (!points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) {
    throw new InvalidArgumentError(
      `Cannot use a mask whose points are not all finite: give {x, y} in pixels of its picture`,
    );
  }
  if (typeof input === "object" && "width" in input) return { texture: input, points };
  const label = input instanceof Uint8Array ? "the mask" : describe(input);
  const bytes = await toBytes(input, label, DEFAULT_MAX_BYTES);
  const { width, height, data } = await decodeRgba(bytes, { label });
  return { texture: { width, height, data }, points };
}

/**
 * Reads the masks.cfg of MaskTheFace. Entries without a picture (`[empty]`) are left out.
 *
 * @param text The file's content.
 * @returns The masks by name.
 * @throws {InvalidArgumentError} If a mask lacks one of its six points, or a line is neither section nor setting.
 *
 * @example
 * ```ts
 * import { parseMaskTheFaceConfig } from "@maskinv/maskinv/mask";
 *
 * const masks = parseMaskTheFaceConfig(`[blue]
 * template: masks/blue.png
 * mask_a: 21, 97
 * mask_b: 307, 22
 * mask_c: 600, 99
 * mask_d: 25, 322
 * mask_e: 295, 470
 * mask_f: 600, 323`);
 * console.log(masks.get("blue")?.points[1]); // { x: 307, y: 22 }
 * ```
 */
export function parseMaskTheFaceConfig(text: string): Map<string, MaskTheFaceEntry> {
  const masks = new Map<string, MaskTheFaceEntry>();
  for (const [name, settings] of readSections(text)) {
    const file = settings.get("template");
    if (file === undefined) continue;
    const [a, b, c, d, e, f] = CONFIG_POINTS.map((letter) =>
      parsePoint(name, `mask_${letter}`, settings.get(`mask_${letter}`))
    );
    masks.set(name, { file, points: [a, b, c, d, e, f] });
  }
  return masks;
}

/** Returns the sections of an ini file, whose comments begin with ";" or "#". */
function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  text.split(/\r?\n/).forEach((line, i) => {
    const content = line.trim();
    if (content === "" || /^[;#]/.test(content)) return;
    const [, name] = content.match(/^\[(.+)\]$/) ?? [];
    const [, key, value] = content.match(/^([^:=]+?)\s*[:=]\s*(.*)$/) ?? [];
    if (name !== undefined) sections.set(name, section = new Map());
    else if (section && key !== undefined) section.set(key, value);
    else {
      throw new InvalidArgumentError(
        `Cannot read line ${i + 1} of the mask config, "${content}": ` +
          `write [name], or "key: value" below a name`,
      );
    }
  });
  return sections;
}

function parsePoint(mask: string, key: string, value: string | undefined): Point {
  const [, x, y] = value?.match(/^(-?[\d.]+)\s*,\s*(-?[\d.]+)$/) ?? [];
  const point = { x: Number(x), y: Number(y) };
  if (Number.isFinite(point.x) && Number.isFinite(point.y)) return point;
  throw new InvalidArgumentError(
    `Cannot use mask "${mask}" of the mask config as its ${key} is ${value ?? "missing"}: ` +
      `write "${key}: x, y"`,
  );
}

/**
 * Creates the layer of a template on a face.
 *
 * @param template The template.
 * @param target Where its points belong in the picture, in the same order.
 * @param region The part of the picture that may change.
 * @param blend How its colours become the picture's; plain alpha blending by default.
 * @returns The layer for `maskOverlay`.
 * @throws {InvalidArgumentError} If there are not as many points, fewer than four, or they fix no single map.
 *
 * @example
 * ```ts
 * import { templateLayer } from "@maskinv/maskinv/mask";
 *
 * const points = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }];
 * const texture = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(255) };
 * const target = points.map(({ x, y }) => ({ x: 40 + 30 * x, y: 60 + 30 * y }));
 * const region = { x: 0, y: 0, width: 112, height: 112 };
 * console.log(templateLayer({ texture, points }, target, region).pieces.length); // 1
 * ```
 */
export function templateLayer(
  { texture, points }: MaskTemplate,
  target: readonly Point[],
  region: MaskLayer["region"],
  blend: MaskBlend = { kind: "alpha", gain: [1, 1, 1] },
): MaskLayer {
  const toTexture = invertHomography(findHomography(points, target));
  return { region, texture, pieces: [{ toTexture }], blend };
}
