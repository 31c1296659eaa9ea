// Where the frame of a sample is cut: as the pipeline would have aligned the face, with the errors that it makes.
// Masked faces are misaligned as was measured on photos with masks; clean ones by a little.

import type { Affine } from "../../align/affine.ts";
import type { MaskKind, MaskOptions } from "../../mask/kinds.ts";
import type { Chance } from "./chance.ts";
import { FRAME_SIZE, MARGIN } from "./crop.ts";
import { type Shift, shiftMap } from "./shift.ts";

/** Measured shifts beyond this are other faces, not misalignments: pixels, factor, radians. */
const MOST = { move: 14, scale: 1.25, turn: 0.3 };
/** As many measured shifts of a kind or wearing make it worth looking at those alone. */
const ENOUGH = 50;
/** What a mask does to alignment where nothing was measured: deviations in pixels, of the factor, in radians. */
const UNMEASURED = { move: 1.5, scale: 0.03, turn: 0.035 };
/** What differs between two detections of a clean face. */
const CLEAN = { move: 0.5, scale: 0.012, turn: 0.012 };

/** A measured shift that says no more than a misalignment. */
export function isUsable({ x, y, scale, angle }: Shift): boolean {
  return Math.abs(x) <= MOST.move && Math.abs(y) <= MOST.move && scale <= MOST.scale &&
    scale >= 1 / MOST.scale && Math.abs(angle) <= MOST.turn;
}

/** Draws maps from frame pixels to crop pixels. */
export class Places {
  readonly #shifts: readonly Shift[];

  /** Kinds that are held out leave no trace in the places either. */
  constructor(shifts: readonly Shift[], excludeKinds: readonly MaskKind[] = []) {
    this.#shifts = shifts.filter((shift) => isUsable(shift) && !excludeKinds.includes(shift.kind));
  }

  /** Where a clean face is cut; `strength` 0 is exactly as prepared. */
  clean(chance: Chance, strength: number): Affine {
    return toCrop(shiftMap(jitter(chance, CLEAN, strength)));
  }

  /** Where a face with a mask is cut. */
  masked(chance: Chance, { kind, wearing = "full" }: MaskOptions, strength: number): Affine {
    const worn = this.#shifts.filter((shift) => shift.wearing === wearing);
    const alike = worn.filter((shift) => shift.kind === kind);
    const shifts = [alike, worn].find(({ length }) => length >= ENOUGH) ?? this.#shifts;
    if (shifts.length === 0) return toCrop(shiftMap(jitter(chance, UNMEASURED, strength)));
    const shift = shifts[Math.floor(chance.next() * shifts.length)];
    const more = jitter(chance, CLEAN, strength);
    // A shift to the left is as likely as one to the right.
    const side = chance.happens(0.5) ? 1 : -1;
    return toCrop(shiftMap({
      x: strength * side * shift.x + more.x,
      y: strength * shift.y + more.y,
      scale: shift.scale ** strength * more.scale,
      angle: strength * side * shift.angle + more.angle,
    }));
  }
}

type Jitter = Pick<Shift, "x" | "y" | "scale" | "angle">;

function jitter(chance: Chance, by: typeof CLEAN, strength: number): Jitter {
  return {
    x: strength * by.move * chance.normal(),
    y: strength * by.move * chance.normal(),
    scale: Math.exp(strength * by.scale * chance.normal()),
    angle: strength * by.turn * chance.normal(),
  };
}

/** From frame pixels to crop pixels. */
function toCrop([a, b, c, d, e, f]: Affine): Affine {
  return [a, b, c + MARGIN, d, e, f + MARGIN];
}

/** The map of the mirrored frame. */
export function mirrored([a, b, c, d, e, f]: Affine): Affine {
  const last = FRAME_SIZE - 1;
  return [-a, b, c + last * a, -d, e, f + last * d];
}
