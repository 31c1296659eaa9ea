// The triangles of a mask that are seen, each with its place in the texture.
// Those that face away are left out, so the jaw's silhouette cuts the mask as the head turns.

import { atlasPlace, type AtlasSize, outlineDistance } from "./draw_outline.ts";
import { rimPieces, strapPieces } from "./fit_edges.ts";
import { piece } from "./fit_piece.ts";
import type { MaskMesh } from "./fit_mesh.ts";
import type { Appearance } from "./kinds.ts";
import type { MaskPiece } from "../kernels/mask_overlay/layer.ts";

/** How far outside of its outline something of the mask may be drawn: its shadow, in half a cell of the mesh. */
const MARGIN = 0.15;

/** Returns the pieces of a mask, nearest first: straps, what is seen of the mesh, and a soft rim where the head hides the rest. */
export function meshPieces(mesh: MaskMesh, appearance: Appearance, size: AtlasSize): MaskPiece[] {
  const { rows, columns, vertices } = mesh;
  const inside = vertices.map(({ u, v }) => outlineDistance(appearance, u, v));
  const texture = vertices.map(({ u, v }) => atlasPlace(appearance, size, u, v));
  const seen: { corners: readonly [number, number, number]; depth: number }[] = [];
  const edges = new Map<number, readonly [number, number]>();
  for (let r = 0; r + 1 < rows; r++) {
    for (let c = 0; c + 1 < columns; c++) {
      const i = r * columns + c, below = i + columns;
      // The halves of the face are cut as mirror images.
      const cells = c >= (columns - 1) / 2
        ? [[i, i + 1, below], [i + 1, below + 1, below]] as const
        : [[i, i + 1, below + 1], [i, below + 1, below]] as const;
      for (const corners of cells) {
        const [i, j, k] = corners;
        if (Math.max(inside[i], inside[j], inside[k]) < -MARGIN) continue;
        const a = vertices[i].place, b = vertices[j].place, d = vertices[k].place;
        if ((b[0] - a[0]) * (d[1] - a[1]) - (b[1] - a[1]) * (d[0] - a[0]) <= 1e-9) continue;
        seen.push({ corners, depth: a[2] + b[2] + d[2] });
        // An edge that two seen triangles share is met once in each direction.
        corners.forEach((from, at) => {
          const to = corners[(at + 1) % 3];
          if (inside[from] <= 0 || inside[to] <= 0) return;
          if (!edges.delete(to * vertices.length + from)) {
            edges.set(from * vertices.length + to, [from, to]);
          }
        });
      }
    }
  }
  seen.sort((one, other) => one.depth - other.depth);
  const body = seen.map(({ corners: [i, j, k] }) =>
    piece(
      vertices[i].place,
      vertices[j].place,
      vertices[k].place,
      texture[i],
      texture[j],
      texture[k],
    )
  );
  const rim = [...edges.values()].flatMap(([from, to]) =>
    rimPieces(vertices[from].place, vertices[to].place, size)
  );
  // The first piece over a pixel draws it, and the mask's clear margin would hide a strap.
  return [...strapPieces(mesh, appearance, size), ...body, ...rim]
    .filter(({ toTexture }) => toTexture.every(Number.isFinite));
}
