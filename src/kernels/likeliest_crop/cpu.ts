// What the maps of an anchor-free detector say, and the crop around the likeliest of their cells: the reference of
// shaders/likeliest_crop.wgsl. After Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), and libfacedetection.

import type { Affine, Point } from "../../math/affine.ts";
import { squareCrop } from "../crop_maps.ts";

/** Pixels of the input per cell of each map, in the order of the network's outputs. */
export const STRIDES = [8, 16, 32] as const;
/** Numbers of a cell: logits of class and object, box, and five points. */
const CELL_CHANNELS = 16;

/** Whether the channels of a map come second or last. */
export type MapLayout = "NCHW" | "NHWC";

/** The cells of one picture in one map; all that it gives is in pixels of the picture, between pixel edges. */
export class DetectionMap {
  /** How many cells there are. */
  readonly cells: number;
  readonly #values: Float32Array;
  readonly #stride: number;
  readonly #columns: number;
  readonly #cellStep: number;
  readonly #channelStep: number;

  /** @param values The outputs of that stride for all pictures. */
  constructor(
    values: Float32Array,
    picture: number,
    size: number,
    stride: number,
    layout: MapLayout,
  ) {
    this.#stride = stride;
    this.#columns = size / stride;
    this.cells = Math.round(this.#columns) ** 2;
    const length = CELL_CHANNELS * this.cells;
    this.#values = values.subarray(picture * length, (picture + 1) * length);
    [this.#cellStep, this.#channelStep] = layout === "NCHW" ? [1, this.cells] : [CELL_CHANNELS, 1];
  }

  /** The logit of a cell's class, by which most cells can be passed over. */
  classLogit(cell: number): number {
    return this.#values[cell * this.#cellStep];
  }

  /** How likely a cell shows something, 0..1. */
  score(cell: number): number {
    return Math.sqrt(sigmoid(this.classLogit(cell)) * sigmoid(this.#at(cell, 1)));
  }

  /** The middle of a cell's box, and its size. */
  box(cell: number): { middle: Point; width: number; height: number } {
    return {
      middle: this.#place(cell, 2),
      width: Math.exp(this.#at(cell, 4)) * this.#stride,
      height: Math.exp(this.#at(cell, 5)) * this.#stride,
    };
  }

  /** One of the points of a cell: eyes, nose, corners of the mouth, the person's right before the left. */
  point(cell: number, index: 0 | 1 | 2 | 3 | 4): Point {
    return this.#place(cell, 6 + 2 * index);
  }

  #place(cell: number, channel: number): Point {
    return {
      x: (cell % this.#columns + this.#at(cell, channel)) * this.#stride,
      y: (Math.floor(cell / this.#columns) + this.#at(cell, channel + 1)) * this.#stride,
    };
  }

  #at(cell: number, channel: number): number {
    return this.#values[cell * this.#cellStep + channel * this.#channelStep];
  }
}

/** How a photo lies in the detector's input: pixels of the input per photo pixel, and the borders before it. */
export interface PlacedPhoto {
  readonly scale: number;
  readonly padX: number;
  readonly padY: number;
}

/** The detector's input, and the crops to cut. */
export interface LikeliestCropOptions {
  /** Width and height of the input in pixels. */
  readonly size: number;
  readonly layout: MapLayout;
  /** Width and height of the crops in pixels. */
  readonly cropSize: number;
  /** The side of a crop over the longer side of the box. */
  readonly room: number;
}

/**
 * The crop around the likeliest box of each picture, turned with the line between its eyes.
 *
 * @param maps The outputs of the detector, one for each stride.
 * @param photos How the photos lie in the pictures that the detector was given.
 * @returns One map for each photo from crop pixels to photo pixels (pixel centres at integers).
 */
export function likeliestCrops(
  maps: readonly Float32Array[],
  photos: readonly PlacedPhoto[],
  { size, layout, cropSize, room }: LikeliestCropOptions,
): Affine[] {
  return photos.map(({ scale, padX, padY }, picture) => {
    const levels = STRIDES.map((stride, i) =>
      new DetectionMap(maps[i], picture, size, stride, layout)
    );
    let best = { map: levels[0], cell: 0, score: -1 };
    for (const map of levels) {
      for (let cell = 0; cell < map.cells; cell++) {
        const score = map.score(cell);
        if (score > best.score) best = { map, cell, score };
      }
    }
    const { middle, width, height } = best.map.box(best.cell);
    const centre = { x: (middle.x - padX) / scale - 0.5, y: (middle.y - padY) / scale - 0.5 };
    const right = best.map.point(best.cell, 0), left = best.map.point(best.cell, 1);
    const side = room * Math.max(width, height) / scale;
    const angle = Math.atan2(left.y - right.y, left.x - right.x);
    return squareCrop({ centre, side, angle }, cropSize);
  });
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
