// The mesh of a mask on a face: the surface of the lower face, sampled, shifted a little by the seed and raised to the
// form of the kind of mask.

import { mix } from "./draw_noise.ts";
import { COLUMN_U, type HeadFrame, surfaceRows } from "./fit_surface.ts";
import { cross, dot, length, minus, scale, type Vector } from "./fit_vector.ts";
import { standOff } from "./fit_volume.ts";
import type { Appearance } from "./kinds.ts";
import { randomNumbers } from "../math/random.ts";

/** A vertex of a mask mesh. */
export interface Vertex {
  readonly place: Vector;
  /** Away from the face, of length 1. */
  readonly normal: Vector;
  /** On the mask: -1..1 from right to left, 0..1 from the top edge to the chin. */
  readonly u: number;
  readonly v: number;
}

/** The mesh of a mask: `rows x columns` vertices, row-major. */
export interface MaskMesh {
  readonly rows: number;
  readonly columns: number;
  readonly vertices: readonly Vertex[];
  readonly head: HeadFrame;
}

/** Columns of the surface at which there are vertices: more on large faces, where a coarse mesh would show corners. */
const FINE = wholeRow([0, 0.5, 1, 1.3, 1.6, 2, 2.5, 3, 3.5, 4, 4.5]);
const COARSE = wholeRow([0, 1, 1.5, 2, 2.6, 3.3, 4, 4.5]);
/** Head widths in pixels from which the mesh is fine. */
const LARGE = 120;

function wholeRow(half: readonly number[]): number[] {
  return [...half, 5, ...half.map((step) => 10 - step).reverse()];
}

/** The smallest length to divide by, for meshes whose points coincide. */
const MIN_LENGTH = 1e-6;

/** Returns the head's axes and width from a FaceMesh mesh. */
export function headFrame(mesh: Float32Array): HeadFrame {
  const at = (i: number): Vector => [mesh[3 * i], mesh[3 * i + 1], mesh[3 * i + 2]];
  const right = at(234), left = at(454);
  const span = minus(left, right);
  const width = Math.max(length(span), MIN_LENGTH);
  const across = scale(span, 1 / width);
  const tall = minus(at(152), at(10));
  const upright = minus(tall, scale(across, dot(tall, across)));
  const down = scale(upright, 1 / Math.max(length(upright), MIN_LENGTH));
  const middle = scale([right[0] + left[0], right[1] + left[1], right[2] + left[2]], 0.5);
  return { across, down, back: cross(across, down), width, middle };
}

/** Returns the mesh of a mask on a face. */
export function fitMaskMesh(mesh: Float32Array, appearance: Appearance): MaskMesh {
  const head = headFrame(mesh);
  const surface = surfaceRows(mesh, head, appearance.coverage, appearance.kind === "gaiter");
  const random = randomNumbers(appearance.seed ^ 0xf17);
  const jitter = (size: number): number => (random() * 2 - 1) * size;
  const shift = jitter(0.02), sink = jitter(0.02), tilt = jitter(0.03), grow = 1 + jitter(0.03);
  const steps = head.width > LARGE ? FINE : COARSE;
  const rowSteps = [-0.35];
  for (let step = 0; step <= surface.length - 1; step += 0.5) rowSteps.push(step);
  const flat = rowSteps.flatMap((step) => {
    const row = surface[0].points.map((_, c) =>
      along(surface.map(({ points }) => points[c]), step)
    );
    const v = along(surface.map((entry): Vector => [entry.v, 0, 0]), step)[0];
    return steps.map((at) => {
      const u = along(COLUMN_U.map((entry): Vector => [entry, 0, 0]), at)[0];
      return {
        place: along(row, at),
        u: u / grow + shift + tilt * (v - 0.5),
        v: v + sink - tilt * u,
      };
    });
  });
  const columns = steps.length, rows = rowSteps.length;
  const raised = flat.map((vertex, i) => {
    const normal = normalAt(flat, columns, rows, i);
    const by = standOff(appearance.kind, appearance.coverage, vertex.u, vertex.v) * head.width;
    const [x, y, z] = vertex.place;
    const place: Vector = [x + by * normal[0], y + by * normal[1], z + by * normal[2]];
    return { ...vertex, place };
  });
  const vertices = raised.map((vertex, i) => ({
    ...vertex,
    normal: normalAt(raised, columns, rows, i),
  }));
  return { rows, columns, vertices, head };
}

/** Catmull-Rom through the points; before the first and after the last it goes straight on. */
function along(points: readonly Vector[], step: number): Vector {
  const last = points.length - 1;
  const i = Math.min(last - 1, Math.max(0, Math.floor(step)));
  const t = step - i;
  const b = points[i], c = points[i + 1];
  if (t < 0) return [mix(b[0], c[0], t), mix(b[1], c[1], t), mix(b[2], c[2], t)];
  const a = points[i - 1] ?? minus(scale(b, 2), c);
  const d = points[i + 2] ?? minus(scale(c, 2), b);
  const value = (k: number): number =>
    b[k] + 0.5 * t * (c[k] - a[k] +
        t * (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k] + t * (3 * (b[k] - c[k]) + d[k] - a[k])));
  return [value(0), value(1), value(2)];
}

function normalAt(
  vertices: readonly { readonly place: Vector }[],
  columns: number,
  rows: number,
  i: number,
): Vector {
  const r = Math.floor(i / columns), c = i % columns;
  const at = (row: number, column: number): Vector => vertices[row * columns + column].place;
  const over = minus(at(r, Math.min(columns - 1, c + 1)), at(r, Math.max(0, c - 1)));
  const down = minus(at(Math.min(rows - 1, r + 1), c), at(Math.max(0, r - 1), c));
  const away = cross(down, over);
  return scale(away, 1 / Math.max(length(away), MIN_LENGTH));
}
