// Which mask a photo gets in an evaluation: decided by the style, the seed and the photo alone, so that runs repeat
// and templates can be kept. How it is drawn is in apply_plan.ts.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { MaskKind } from "../../mask/kinds.ts";
import type { MaskTexture } from "../../kernels/mask_overlay/layer.ts";
import { randomNumbers } from "../../math/random.ts";

/** The masks of an evaluation. */
export type MaskStyle = DrawnMasks | OfficialMasks;

/** Masks of chance kinds (or all of one) and colours, in full coverage, in the photo's light; the photo is then detected again. */
export interface DrawnMasks {
  /** Always `"ours"`. */
  readonly style: "ours";
  /** Chooses the masks; 0 by default. */
  readonly seed?: number;
  /** The only kind that is applied, to see what one kind costs; by default all kinds are. */
  readonly kind?: MaskKind;
}

/** The mask of the MaskInv paper, of chance colours. */
export interface OfficialMasks {
  /** Always `"maskinv"`. */
  readonly style: "maskinv";
  /** The authors' mask with its transparency. */
  readonly texture: MaskTexture;
  /** Chooses the colours where no list does; 0 by default. */
  readonly seed?: number;
  /** The authors' colour lists: for one masked photo of a pair, and for both. */
  readonly colors?: ColorLists;
}

/** One colour offset (red, green, blue, 0..149) per photo, in the order of the pairs. */
export type ColorList = readonly (readonly [number, number, number])[];

/** The authors' colour lists of a data set. */
export interface ColorLists {
  /** Of `<set>_both_False.txt`: the photos of the second half of the pairs. */
  readonly one?: ColorList;
  /** Of `<set>_both_True.txt`: all photos. */
  readonly both?: ColorList;
}

/** One mask on one photo. Its JSON names it in the template cache. */
export type MaskPlan =
  | { readonly style: "ours"; readonly seed: number; readonly kind?: MaskKind }
  | {
    readonly style: "maskinv";
    /** On the photo by its own landmarks, or on the aligned crop by the authors' fixed ones. */
    readonly on: "photo" | "crop";
    readonly offset: readonly [number, number, number];
  };

/**
 * Reads a colour list of the paper's evaluation code: a line per photo with the offsets in brackets, as `7,[ 12 99 140]`.
 *
 * @param text The file's text.
 * @param label What messages call it.
 * @returns The offsets in the order of the lines.
 * @throws {InvalidArgumentError} If a line has no three numbers from 0 to 255.
 *
 * @example
 * ```ts
 * import { parseColorList } from "@maskinv/maskinv/evaluate";
 *
 * console.log(parseColorList("0,[ 12 99 140]\n")); // [ [ 12, 99, 140 ] ]
 * ```
 */
export function parseColorList(text: string, label = "the colour list"): ColorList {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line, i) => {
    const [red, green, blue, ...rest] = (line.match(/\[([\d\s,]+)\]/)?.[1] ?? "").split(/[\s,]+/)
      .filter((part) => part !== "").map(Number);
    if (rest.length > 0 || ![red, green, blue].every((value) => value >= 0 && value < 150)) {
      throw new InvalidArgumentError(
        `Cannot read line ${i + 1} of ${label}, "${line.slice(0, 60)}": ` +
          `write number,[red green blue] with offsets from 0 to 149`,
      );
    }
    return [red, green, blue];
  });
}

/** A mask by chance for a photo. */
export function chancePlan(masks: MaskStyle, photo: string, on: "photo" | "crop"): MaskPlan {
  const seed = hash(`${masks.seed ?? 0} ${photo}`);
  if (masks.style === "ours") {
    return { style: "ours", seed, ...(masks.kind && { kind: masks.kind }) };
  }
  const random = randomNumbers(seed);
  const offset = (): number => Math.floor(random() * 150);
  return { style: "maskinv", on, offset: [offset(), offset(), offset()] };
}

/** FNV-1a: a number of 31 bits, so that a photo's mask does not depend on which others are in the run. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 1;
}
