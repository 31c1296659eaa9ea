// Samples for the condition head: a photo with a mask, another cover or none, with or without dark glasses, in a state
// from good to worthless; each says what was drawn.

import type { Coverage } from "../../mask/kinds.ts";
import type { Chance } from "../data/chance.ts";
import { type Cover, drawSunglasses, drawThisCover } from "../data/cover.ts";
import { cropImage, FRAME_SIZE } from "../data/crop.ts";
import { degrade } from "../data/degrade.ts";
import { varyLight } from "../data/light.ts";
import { drawnMask } from "../data/mask_choice.ts";
import { drawPlace, mirrored } from "../data/place.ts";
import type { PhotoRecord } from "../data/record.ts";
import { cutFrame, FRAME_LENGTH, maskedCrop } from "../data/sample.ts";
import { surround } from "../data/surround.ts";
import type { Covering } from "../../pipeline/embed/condition.ts";
import { drawFaults, type FaultStrengths, faultyPlace, spoil } from "./spoil.ts";

/** What was drawn into a sample. */
export interface DrawnCondition {
  /** What covers the lower face. */
  readonly covering: Covering;
  /** Whether dark glasses were drawn. */
  readonly darkGlasses: boolean;
  /** How strong each fault is. */
  readonly faults: FaultStrengths;
}

/** How often each covering is drawn. */
const SHARES: Readonly<Record<Covering, number>> = {
  bare: 0.44,
  full: 0.22,
  "nose-out": 0.1,
  chin: 0.08,
  other: 0.16,
};
const GLASSES = 0.14;
const OTHERS = { scarf: 0.35, hand: 0.35, veil: 0.15, block: 0.15 } satisfies Partial<
  Record<Cover, number>
>;
const COVERAGES: Partial<Readonly<Record<Covering, Coverage>>> = {
  full: "full",
  "nose-out": "nose-out",
  chin: "chin",
};
/** Light and camera differ more than between the student's samples. */
const LIGHT = 1.4, QUALITY = 0.8;

const pixels = new Float32Array(FRAME_LENGTH);

/** Draws a sample as grey levels into `levels`. The record's crop may be changed. */
export function drawCondition(
  record: PhotoRecord,
  chance: Chance,
  levels: Uint8Array,
): DrawnCondition {
  const wanted = pick(SHARES, chance), darkGlasses = chance.happens(GLASSES);
  // Without a mesh there is only a plain mask over nose and mouth.
  const covering = record.mesh || !(wanted in COVERAGES) ? wanted : "full";
  const faults = drawFaults(chance), flipped = chance.happens(0.5);
  const coverage = COVERAGES[covering];
  const place = faultyPlace(drawPlace(chance, covering !== "bare", 1), faults, chance);
  if (chance.happens(0.5)) surround(record.crop);
  let image = cropImage(record.crop);
  if (darkGlasses) drawSunglasses(image, record.mesh, chance);
  if (covering === "other") {
    drawThisCover(pick(OTHERS, chance), image, record.mesh, chance);
  }
  if (coverage) {
    const mask = { ...drawnMask(chance, { excludeKinds: [] }), coverage };
    image = maskedCrop(image, record.mesh, chance, mask);
  }
  cutFrame(image, flipped ? mirrored(place) : place, pixels);
  varyLight(pixels, chance, LIGHT);
  spoil(pixels, faults, chance);
  degrade(pixels, FRAME_SIZE, chance, QUALITY);
  // A clamped array of bytes rounds and cuts, as cameras do.
  new Uint8ClampedArray(levels.buffer, levels.byteOffset, levels.length).set(pixels);
  return { covering, darkGlasses, faults };
}

function pick<T extends string>(shares: Readonly<Record<T, number>>, chance: Chance): T {
  let left = chance.next();
  const entries = Object.entries(shares) as [T, number][];
  return (entries.find(([, share]) => (left -= share) < 0) ?? entries[0])[0];
}
