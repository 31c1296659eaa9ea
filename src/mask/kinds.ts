// The options of a drawn mask: kind, colour, pattern, coverage and seed; and random ones for training.
// Textures are drawn in draw_*.ts, masks are fitted to faces in fit*.ts; both read the `Appearance` made here.

import { InvalidArgumentError } from "../base/errors.ts";
import { randomNumbers } from "../math/random.ts";

/** The kinds of masks: `valve` is an FFP2 with a valve, `patterned` a cloth mask with a pattern. */
export const MASK_KINDS = [
  "surgical",
  "cloth",
  "ffp2",
  "n95",
  "valve",
  "gaiter",
  "patterned",
] as const;

/** A kind of mask. */
export type MaskKind = typeof MASK_KINDS[number];

/** What masks cover: nose and mouth (`full`), the mouth alone (`nose-out`), or only the chin (`chin`). */
export const COVERAGES = ["full", "nose-out", "chin"] as const;

/** What a mask covers, as in {@linkcode COVERAGES}. */
export type Coverage = typeof COVERAGES[number];

/** What may be printed on a mask. */
export const PATTERNS = ["plain", "stripes", "dots", "checks", "waves", "camouflage"] as const;

/** What is printed on a mask. */
export type Pattern = typeof PATTERNS[number];

/** Which mask to draw, and what it covers. */
export interface MaskOptions {
  /** The kind. */
  readonly kind: MaskKind;
  /** CSS hex colour, as `"#4a7"` or `"#40a070"`; by default one that the kind is made in, by the seed. */
  readonly color?: string;
  /** The pattern; by default plain, for `patterned` one by the seed. */
  readonly pattern?: Pattern;
  /** CSS hex colour of the pattern; by default one that can be told from `color`. */
  readonly printColor?: string;
  /** What it covers; by default `"full"`. */
  readonly coverage?: Coverage;
  /** Chooses the options that are not given, and the small differences between masks of a kind; by default 0. */
  readonly seed?: number;
}

/** Red, green and blue, 0..255. */
export type Rgb = readonly [number, number, number];

/** {@linkcode MaskOptions} with every default filled in. */
export interface Appearance {
  readonly kind: MaskKind;
  readonly color: Rgb;
  readonly pattern: Pattern;
  readonly print: Rgb;
  readonly coverage: Coverage;
  readonly seed: number;
}

const WHITES = ["#f2f3f1", "#eceff2", "#f4f1ea"];
const COLORS: Readonly<Record<MaskKind, readonly string[]>> = {
  surgical: [
    "#8fc1e3",
    "#9fd0e6",
    "#a9d8c8",
    "#7fb4d8",
    "#c9dff0",
    "#f0f2f3",
    "#2b2c30",
    "#e8b7c6",
  ],
  cloth: ["#24262b", "#1f2d4d", "#6b7280", "#7a2a33", "#3f5b48", "#d8d2c4", "#35506e", "#b98b7a"],
  ffp2: [...WHITES, ...WHITES, "#25272b", "#c8d4de"],
  n95: [...WHITES, "#f5f2e4", "#e6e8e6", "#dfe9f0"],
  valve: [...WHITES, "#9aa1a8", "#2a2c30"],
  gaiter: ["#1c1d20", "#2d3a4f", "#5b6068", "#40513f", "#7b2f35", "#8a8f96"],
  patterned: ["#b4413c", "#2f5d8a", "#3d7a5a", "#d6a23c", "#6d4b8a", "#d77a9a", "#e6e0d2"],
};

/**
 * Returns the options with defaults chosen by the seed.
 *
 * @throws {InvalidArgumentError} If an option is unknown or out of its range; the text names it.
 */
export function completeMaskOptions(options: MaskOptions): Appearance {
  const { kind, coverage = "full", seed = 0 } = options;
  oneOf("kind of mask", kind, MASK_KINDS);
  oneOf("coverage", coverage, COVERAGES);
  if (options.pattern !== undefined) oneOf("pattern", options.pattern, PATTERNS);
  if (!Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`Cannot draw a mask of seed ${seed}: give an integer`);
  }
  const random = randomNumbers(seed);
  const hex = COLORS[kind][Math.floor(random() * COLORS[kind].length)];
  const printed = PATTERNS[1 + Math.floor(random() * (PATTERNS.length - 1))];
  const color = parseColor(options.color ?? hex);
  return {
    kind,
    color,
    print: options.printColor === undefined ? printOn(color) : parseColor(options.printColor),
    pattern: options.pattern ?? (kind === "patterned" ? printed : "plain"),
    coverage,
    seed,
  };
}

/** Returns a second colour that can be told from the first: light on dark, dark on light. */
function printOn([red, green, blue]: Rgb): Rgb {
  return 0.3 * red + 0.59 * green + 0.11 * blue > 110
    ? [red * 0.35, green * 0.32, blue * 0.42]
    : [red / 4 + 187.5, green / 4 + 184.5, blue / 4 + 177];
}

function oneOf(what: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new InvalidArgumentError(`There is no ${what} "${value}": use one of ${known.join(", ")}`);
}

function parseColor(hex: string): Rgb {
  const digits = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(hex) ? hex.slice(1) : undefined;
  if (digits === undefined) {
    throw new InvalidArgumentError(
      `Cannot read the colour "${hex}": give CSS hex, as "#4a7" or "#40a070"`,
    );
  }
  const long = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const value = parseInt(long, 16);
  return [value >> 16, value >> 8 & 255, value & 255];
}

/** How often training sees each kind and coverage; surgical and full are what cameras see most. */
const KIND_WEIGHTS: readonly (readonly [MaskKind, number])[] = [
  ["surgical", 0.34],
  ["cloth", 0.16],
  ["ffp2", 0.16],
  ["n95", 0.1],
  ["valve", 0.06],
  ["gaiter", 0.08],
  ["patterned", 0.1],
];
const COVERAGE_WEIGHTS: readonly (readonly [Coverage, number])[] = [
  ["full", 0.86],
  ["nose-out", 0.1],
  ["chin", 0.04],
];

/** How many masks of a kind are printed, beside the patterned ones. */
const PRINTED: Partial<Readonly<Record<MaskKind, number>>> = {
  gaiter: 0.35,
  cloth: 0.1,
  surgical: 0.05,
};

/**
 * Returns the options of a random mask for training: kinds, colours, patterns and coverages as often as they are seen in public, by the seed.
 *
 * @param seed An integer; the same seed gives the same mask.
 * @returns Options for `applyMask` or `maskLayer`.
 *
 * @example
 * ```ts
 * import { MASK_KINDS, randomMaskOptions } from "@maskinv/maskinv/mask";
 *
 * console.log(MASK_KINDS.includes(randomMaskOptions(7).kind)); // true
 * ```
 */
export function randomMaskOptions(seed: number): MaskOptions {
  const random = randomNumbers(seed ^ 0x5eed);
  const pick = <T>(weights: readonly (readonly [T, number])[]): T => {
    let left = random() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    return (weights.find(([, weight]) => (left -= weight) < 0) ?? weights[0])[0];
  };
  const kind = pick(KIND_WEIGHTS), coverage = pick(COVERAGE_WEIGHTS);
  const printed = random() < (PRINTED[kind] ?? 0);
  const pattern = printed ? PATTERNS[1 + Math.floor(random() * (PATTERNS.length - 1))] : undefined;
  return { kind, coverage, seed, ...(pattern && { pattern }) };
}
