// What is beyond the mesh: straps towards the ears, and the soft rim that keeps silhouettes from being jagged.

import { type AtlasSize, outlineDistance, reach } from "./draw_outline.ts";
import type { MaskMesh } from "./fit_mesh.ts";
import { quad } from "./fit_piece.ts";
import { move } from "./fit_surface.ts";
import type { Vector } from "./fit_vector.ts";
import type { Appearance } from "./kinds.ts";
import type { MaskPiece } from "../kernels/mask_overlay/layer.ts";

/** Pixels over which an edge that is the head's silhouette fades out. */
const RIM = 1.25;

/** Returns a strip along an edge of the mesh, outside of it, that fades out. */
export function rimPieces(a: Vector, b: Vector, size: AtlasSize): MaskPiece[] {
  const dx = b[0] - a[0], dy = b[1] - a[1], step = RIM / Math.max(Math.hypot(dx, dy), 1e-6);
  // Triangles turn clockwise on the screen, so outside is to the left of an edge.
  const x = dy * step, y = -dx * step;
  const { right, top, bottom } = reach(size).rim;
  return quad(
    [a, b, [b[0] + x, b[1] + y, b[2]], [a[0] + x, a[1] + y, a[2]]],
    [
      { x: right - 4, y: top },
      { x: right, y: top },
      { x: right, y: bottom },
      { x: right - 4, y: bottom },
    ],
  );
}

/** Where straps leave the mask (v) and where they go on the head: across, down, back from between the ears. */
const STRAPS: Readonly<
  Record<"ears" | "head", readonly (readonly [number, number, number, number])[]>
> = {
  ears: [[0.13, 0.515, -0.02, 0.1], [0.88, 0.5, 0.2, 0.1]],
  head: [[0.27, 0.53, -0.06, 0.12], [0.72, 0.5, 0.3, 0.16]],
};
const STRAP_WIDTH = 0.011;

/** Returns the straps or ear loops that are on the camera's side of the head. */
export function strapPieces(mesh: MaskMesh, appearance: Appearance, size: AtlasSize): MaskPiece[] {
  const { head } = mesh;
  if (appearance.kind === "gaiter" || appearance.coverage === "chin") return [];
  const straps = STRAPS[appearance.kind === "n95" ? "head" : "ears"];
  const { left, right, top, bottom } = reach(size).strap;
  return [-1, 1].flatMap((sign) =>
    straps.flatMap(([v, a, d, b]) => {
      const start = placeAt(mesh, sign * outermost(appearance, sign, v), v);
      const end = move(head.middle, head, sign * a, d, b);
      const outwards = (end[0] - start[0]) * sign / head.width, away = sign * head.across[2];
      // Behind the head on the side that is turned away; from in front, the lower ones run behind the mask.
      if (away > 0.12 || outwards < 0.02 || v > 0.5 && away > -0.25) return [];
      const dx = end[0] - start[0], dy = end[1] - start[1];
      const over = STRAP_WIDTH * head.width / Math.max(Math.hypot(dx, dy), 1e-6);
      const x = -dy * over, y = dx * over;
      const corner = ([px, py, pz]: Vector, side: number): Vector => [
        px + side * x,
        py + side * y,
        pz,
      ];
      return quad(
        [corner(start, -1), corner(end, -1), corner(end, 1), corner(start, 1)],
        [
          { x: left, y: top },
          { x: right, y: top },
          { x: right, y: bottom },
          { x: left, y: bottom },
        ],
      );
    })
  );
}

/** Returns how far to the side the mask reaches at the height v. */
function outermost(appearance: Appearance, sign: number, v: number): number {
  let u = 0.85;
  while (u > 0 && outlineDistance(appearance, sign * u, v) < 0) u -= 0.005;
  return u;
}

/** Returns the point of the head at a place of the mask, interpolated between vertices. */
function placeAt({ vertices, rows, columns }: MaskMesh, u: number, v: number): Vector {
  for (let r = 0; r + 1 < rows; r++) {
    for (let c = 0; c + 1 < columns; c++) {
      const i = r * columns + c;
      for (const [a, b, d] of [[i, i + 1, i + columns], [i + columns + 1, i + columns, i + 1]]) {
        const [p, q, s] = [vertices[a], vertices[b], vertices[d]];
        const det = (q.u - p.u) * (s.v - p.v) - (q.v - p.v) * (s.u - p.u);
        const x = ((u - p.u) * (s.v - p.v) - (v - p.v) * (s.u - p.u)) / det;
        const y = ((q.u - p.u) * (v - p.v) - (q.v - p.v) * (u - p.u)) / det;
        if (!(x >= 0 && y >= 0 && x + y <= 1)) continue;
        const at = (k: 0 | 1 | 2): number =>
          p.place[k] + x * (q.place[k] - p.place[k]) + y * (s.place[k] - p.place[k]);
        return [at(0), at(1), at(2)];
      }
    }
  }
  return vertices[0].place;
}
