// The smooth surface over the lower face on which masks lie, by control points that are averages of FaceMesh points.
// Rows run from ear to ear, columns from the top edge down; like cloth it spans hollows between nose and chin.

import type { Vector } from "./fit_vector.ts";
import type { Coverage } from "./kinds.ts";

/** The head's axes and its width, the unit of all lengths on it. */
export interface HeadFrame {
  /** From the person's right ear to the left. */
  readonly across: Vector;
  readonly down: Vector;
  /** From the face into the head. */
  readonly back: Vector;
  readonly width: number;
  /** Between the ears. */
  readonly middle: Vector;
}

/** A row of control points, one for each of the eleven columns, and its place on the texture. */
export interface SurfaceRow {
  /** 0 at the mask's top edge, 1 at the chin's lower edge. */
  readonly v: number;
  readonly points: readonly Vector[];
}

/** Where the columns lie on the texture, -1 behind the right jaw to 1 behind the left. */
export const COLUMN_U: readonly number[] = [
  -1,
  -0.86,
  -0.6,
  -0.34,
  -0.19,
  0,
  0.19,
  0.34,
  0.6,
  0.86,
  1,
];

/** The left side's twin of each point of the right side used below. */
const LEFT: Readonly<Record<number, number>> = {
  32: 262,
  36: 266,
  47: 277,
  57: 287,
  58: 288,
  93: 323,
  101: 330,
  123: 352,
  132: 361,
  135: 364,
  136: 365,
  138: 367,
  147: 376,
  148: 377,
  149: 378,
  150: 379,
  172: 397,
  176: 400,
  187: 411,
  192: 416,
  202: 422,
  203: 423,
  204: 424,
  205: 425,
  206: 426,
  207: 427,
  210: 430,
  213: 433,
  214: 434,
  215: 435,
  216: 436,
};

/** Averages of mesh points from the middle of the face to the right side of the jaw, and what is added to each. */
interface RowSpec {
  readonly v: number;
  readonly points: readonly (readonly number[])[];
  readonly down?: number;
  readonly back?: number;
  /** Away from the middle, sideways. */
  readonly out?: number;
}

const TOP = [[197], [47], [101], [123], [93]];
const NOSE_TIP = [[4, 1], [36, 203], [187, 205], [147], [132]];
const MOUTH = [[1, 199], [57, 57, 202], [214], [192, 215], [58]];
const CHIN = [[199], [204, 32], [210], [138], [172]];
const JAW = [[152], [148, 176], [149, 150], [136], [172, 136]];
const UPPER_LIP = [[164], [206], [207, 187], [213, 147], [132]];
const LIPS = [[0, 0, 199], [57, 57, 202], [214], [192, 215], [58]];
const BELOW_LIP = [[200], [204, 32], [210], [135, 138], [172]];

/** From the top edge to under the chin. A mask that slipped has the same texture over other points. */
const ROWS: Readonly<Record<Coverage, readonly RowSpec[]>> = {
  full: [
    { v: 0, points: TOP },
    { v: 0.29, points: NOSE_TIP },
    { v: 0.58, points: MOUTH },
    { v: 0.85, points: CHIN },
    { v: 1, points: JAW, down: 0.025, out: 0.008 },
    { v: 1.18, points: JAW, down: 0.035, back: 0.16 },
  ],
  "nose-out": [
    { v: 0, points: UPPER_LIP },
    { v: 0.33, points: LIPS },
    { v: 0.66, points: CHIN },
    { v: 0.85, points: JAW, down: 0.03, out: 0.01 },
    { v: 1.18, points: JAW, down: 0.07, back: 0.2 },
  ],
  chin: [
    { v: 0, points: BELOW_LIP },
    { v: 0.3, points: JAW, down: 0.015, out: 0.008 },
    { v: 0.75, points: JAW, down: 0.11, back: 0.06 },
    { v: 1.18, points: JAW, down: 0.18, back: 0.16 },
  ],
};

/** Rows around the neck, in head widths below the ears, for masks that reach down there. */
const NECK = [
  { v: 1.3, down: 0.8, front: 0.34, side: 0.385, droop: 0.02 },
  { v: 1.75, down: 1.02, front: 0.3, side: 0.36, droop: 0.1 },
];
const NECK_ANGLES = [0, 28, 48, 70, 92, 115].map((degrees) => degrees * Math.PI / 180);

/** Returns the control points of the surface of a face. */
export function surfaceRows(
  mesh: Float32Array,
  head: HeadFrame,
  coverage: Coverage,
  toNeck: boolean,
): SurfaceRow[] {
  const specs = toNeck ? ROWS[coverage].slice(0, -1) : ROWS[coverage];
  const rows = specs.map((spec): SurfaceRow => ({
    v: spec.v,
    points: rowPoints(mesh, head, spec),
  }));
  if (!toNeck) return rows;
  return [
    ...rows,
    ...NECK.map(({ v, down, front, side, droop }): SurfaceRow => {
      const half = NECK_ANGLES.map((angle): Vector => [
        -side * Math.sin(angle),
        down + droop * Math.cos(angle),
        0.05 - front * Math.cos(angle),
      ]);
      const whole = [...half.slice(1).reverse(), ...half.map(([x, y, z]): Vector => [-x, y, z])];
      return { v, points: whole.map(([x, y, z]) => move(head.middle, head, x, y, z)) };
    }),
  ];
}

function rowPoints(mesh: Float32Array, head: HeadFrame, spec: RowSpec): Vector[] {
  const { points, down = 0, back = 0, out = 0 } = spec;
  const side = (sign: number): Vector[] => {
    const indicesOfSide = points.map((indices) => indices.map((i) => sign < 0 ? i : LEFT[i] ?? i));
    const half = indicesOfSide.map((indices, column) =>
      move(average(mesh, indices), head, sign * out * column / 2, down, back)
    );
    // Around the jaw's edge the cloth goes on towards the ear.
    return [...half, move(half[half.length - 1], head, -sign * 0.01, 0, 0.14)];
  };
  return [...side(-1).reverse(), ...side(1).slice(1)];
}

function average(mesh: Float32Array, indices: readonly number[]): Vector {
  const sum = [0, 0, 0];
  for (const i of indices) for (let k = 0; k < 3; k++) sum[k] += mesh[3 * i + k] / indices.length;
  return [sum[0], sum[1], sum[2]];
}

/** Returns a point moved along the head's directions, in head widths. */
export function move(
  [x, y, z]: Vector,
  { across, down, back, width }: HeadFrame,
  a: number,
  d: number,
  b: number,
): Vector {
  return [
    x + width * (a * across[0] + d * down[0] + b * back[0]),
    y + width * (a * across[1] + d * down[1] + b * back[1]),
    z + width * (a * across[2] + d * down[2] + b * back[2]),
  ];
}
