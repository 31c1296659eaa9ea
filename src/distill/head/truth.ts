// From what was drawn into a sample to what the head is to say of it.

import { FAULTS } from "../../pipeline/embed/condition.ts";
import type { IndexedPhoto } from "../data/index_file.ts";
import type { ConditionTruth } from "./network.ts";
import type { DrawnCondition } from "./sample.ts";

/** Age up to which a face is a child's. */
const MAX_CHILD_AGE = 12;
/** Age from which a face is an adult's; those between are neither, and not trained on. */
export const MIN_ADULT_AGE = 18;
/** Strength from which on a fault is to be named; weaker ones are left to the head. */
const MIN_FAULT = 0.45;

/** Whether a photo shows a child; undefined where its age is unknown or between. */
export function isChild({ age }: Pick<IndexedPhoto, "age">): boolean | undefined {
  if (age === undefined || (age > MAX_CHILD_AGE && age < MIN_ADULT_AGE)) return undefined;
  return age <= MAX_CHILD_AGE;
}

/** What the head is to say of a sample. */
export function truthOf(
  { covering, darkGlasses, faults }: DrawnCondition,
  photo: Pick<IndexedPhoto, "age">,
  similarity: number,
): ConditionTruth {
  const named = FAULTS.flatMap((name) => {
    const strength = faults[name];
    if (strength !== undefined && strength < MIN_FAULT && name !== "not-a-face") return [];
    return [[name, strength !== undefined] as const];
  });
  const told = { similarity, faults: Object.fromEntries(named) };
  // Where no face is left, there is nothing to be said of it.
  if (faults["not-a-face"] !== undefined) return told;
  return { ...told, coverings: [covering], darkGlasses, child: isChild(photo) };
}
