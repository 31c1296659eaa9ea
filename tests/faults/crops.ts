// Two small photos of different people and their score, by which a test of lost devices sees that nothing was lost.

import { assert } from "@std/assert";
import type { Verifier } from "../../mod.ts";
import { type Image, loadImage } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";

/** Eileen Collins. */
export const collins: Image = await loadImage(photo("collins_crop"));

/** Grace Hopper. */
export const hopper: Image = await loadImage(photo("hopper_crop"));

/** The score of the two photos. */
export async function scoreOf(verifier: Verifier): Promise<number> {
  const result = await verifier.verify(collins, hopper);
  assert(result.kind === "compared");
  return result.score;
}
