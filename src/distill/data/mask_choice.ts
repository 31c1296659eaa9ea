// Which mask a sample gets: the kinds and coverages that cameras see, in many more colours and prints than any shop has,
// and a slightly different fit each time, so that the student does not learn single masks by heart.

import {
  completeMaskOptions,
  type MaskOptions,
  PATTERNS,
  randomMaskOptions,
} from "../../mask/kinds.ts";
import type { Chance } from "./chance.ts";
import type { ResolvedDataOptions } from "./options.ts";

/** Share of masks in any colour at all, and of those near one that the kind is made in; the rest is exactly so. */
const ANY_COLOR = 0.3, NEAR_COLOR = 0.4;
/** How far a near colour is off, in grey levels. */
const NEAR = 22;
/** Share of the masks of any kind that are printed, and of prints in any colour. */
const PRINTED = 0.12, ANY_PRINT = 0.6;

/** Returns a mask of a kind that is not excluded. */
export function drawnMask(
  chance: Chance,
  { excludeKinds }: Pick<ResolvedDataOptions, "excludeKinds">,
): MaskOptions {
  const options = allowedMask(chance, excludeKinds), { color } = completeMaskOptions(options);
  const way = chance.next(), off = [0, 1, 2].map(() => chance.between(-NEAR, NEAR));
  const free = anyColor(chance), print = anyColor(chance);
  const printed = chance.happens(PRINTED),
    pattern = 1 + Math.floor(chance.next() * (PATTERNS.length - 1));
  const freePrint = chance.happens(ANY_PRINT);
  const chosen = way < ANY_COLOR
    ? hex(free)
    : way < ANY_COLOR + NEAR_COLOR
    ? hex(color.map((level, k) => level + off[k]))
    : undefined;
  return {
    ...options,
    ...(chosen !== undefined && { color: chosen }),
    ...(printed && { pattern: PATTERNS[pattern] }),
    ...(freePrint && { printColor: hex(print) }),
  };
}

function allowedMask(chance: Chance, excludeKinds: readonly string[]): MaskOptions {
  for (;;) {
    const options = randomMaskOptions(Math.floor(chance.next() * 2 ** 31));
    if (!excludeKinds.includes(options.kind)) return options;
  }
}

/** Dyes: any hue, more often pale or dark than bright. */
export function anyColor(chance: Chance): number[] {
  const hue = chance.between(0, 6), value = chance.between(25, 250);
  const saturation = chance.next() ** 1.6;
  return [5, 3, 1].map((offset) => {
    const k = (offset + hue) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(1, k, 4 - k)));
  });
}

function hex(color: readonly number[]): string {
  const digits = color.map((level) =>
    Math.round(Math.min(255, Math.max(0, level))).toString(16).padStart(2, "0")
  );
  return `#${digits.join("")}`;
}

/** Deviations of where a mask lies: pixels, of its width's and height's logarithms, radians. */
const FIT = { move: 1.2, width: 0.03, height: 0.045, turn: 0.025 };

/** Returns the mesh moved, stretched and turned a little, as masks are never put on exactly. */
export function looseMesh(mesh: Float32Array, chance: Chance): Float32Array {
  const x = FIT.move * chance.normal(), y = FIT.move * chance.normal();
  const wide = Math.exp(FIT.width * chance.normal()), tall = Math.exp(FIT.height * chance.normal());
  const angle = FIT.turn * chance.normal(), cos = Math.cos(angle), sin = Math.sin(angle);
  // Around the nose's tip, which carries the mask.
  const [middleX, middleY] = [mesh[3], mesh[4]];
  const out = new Float32Array(mesh.length);
  for (let i = 0; i < mesh.length; i += 3) {
    const dx = wide * (mesh[i] - middleX), dy = tall * (mesh[i + 1] - middleY);
    out[i] = middleX + x + cos * dx - sin * dy;
    out[i + 1] = middleY + y + sin * dx + cos * dy;
    out[i + 2] = mesh[i + 2];
  }
  return out;
}
