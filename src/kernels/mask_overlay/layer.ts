// What the overlay kernel is told: a texture, where it lies on the picture, and how its colours become the picture's.
// The styles of masks (the paper's, templates from files, our own) all end here; mask_overlay draws what they make.

import type { Point } from "../../math/affine.ts";
import type { Homography } from "../../math/homography.ts";

/** A mask as it lies flat: 8-bit RGBA, row-major, alpha not multiplied into the colours. */
export interface MaskTexture {
  /** Width in pixels, at least 1. */
  readonly width: number;
  /** Height in pixels, at least 1. */
  readonly height: number;
  /** `width * height * 4` bytes. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** A part of a layer: within the triangle, the texture is read at the mapped place. */
export interface MaskPiece {
  /** Corners in picture pixels; everywhere if absent. Of triangles that share an edge, the first one draws it. */
  readonly triangle?: readonly [Point, Point, Point];
  /** From picture pixels to texture pixels (pixel centres at integers on both sides). */
  readonly toTexture: Homography;
}

/** How texture colours become picture colours. */
export type MaskBlend =
  | {
    /** Alpha blending: `alpha * texture * gain + (1 - alpha) * picture`. */
    readonly kind: "alpha";
    /** Factors of red, green and blue; 1 leaves the texture's colour. */
    readonly gain: readonly [number, number, number];
    /**
     * Brightness over the texture, `size x size` factors row-major, read bilinearly from corner to corner: light and
     * shade of the photo. Even light if absent.
     */
    readonly light?: { readonly size: number; readonly factors: Float32Array };
  }
  | {
    /** MaskInv's formula modulo 256; see ../shared/README.md and `official.ts`. */
    readonly kind: "maskinv";
    /** Offsets of red, green and blue, 0..149. */
    readonly offset: readonly [number, number, number];
  };

/** One mask to draw on a picture. */
export interface MaskLayer {
  /** The part of the picture that may change, in whole pixels; a batch of crops is one tall picture of regions. */
  readonly region: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** The mask as it lies flat. */
  readonly texture: MaskTexture;
  /** Where it lies on the picture; of pieces that overlap, the first one draws. */
  readonly pieces: readonly MaskPiece[];
  /** How its colours become the picture's. */
  readonly blend: MaskBlend;
}
