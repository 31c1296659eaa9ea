// Which photos of which pairs wear masks: the scenarios of the field, in the paper's released form and corrected.
// Facts of the released code are from its evaluation script; ../shared/README.md lists them.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { Dataset, DatasetPair } from "../dataset/dataset.ts";
import { chancePlan, type ColorList, type MaskPlan, type MaskStyle } from "./masks.ts";

/** Unmasked with unmasked, unmasked with masked, masked with masked, and the pairs with their photos as they are. */
export const SCENARIOS = ["uu", "um", "mm", "listed"] as const;

/** A scenario. */
export type Scenario = typeof SCENARIOS[number];

/**
 * `corrected` masks exactly the probe in `um` and fits masks to the face's landmarks. `released` is the paper's code: in
 * `um` it masks both photos of the second half of the pairs, puts the official mask on the aligned crop at fixed points,
 * and adds the template of the mirror image.
 */
export const PROTOCOLS = ["corrected", "released"] as const;

/** A protocol. */
export type Protocol = typeof PROTOCOLS[number];

/** A photo in a state: as it is, or with a mask put on. */
export interface Sample {
  /** Index of the photo in the data set. */
  readonly image: number;
  /** The mask, if one is put on. */
  readonly mask?: MaskPlan;
}

/** A comparison to make. */
export interface Comparison {
  readonly probe: Sample;
  readonly reference: Sample;
  readonly genuine: boolean;
}

/** The comparisons of a scenario, fold by fold; of labelled data sets those pairs whose photos are in that state. */
export function comparisonsOf(
  dataset: Dataset,
  scenario: Scenario,
  protocol: Protocol,
  masks: MaskStyle,
  limit = Infinity,
): Comparison[][] {
  const { images } = dataset;
  const real = images.some(({ masked }) => masked !== undefined);
  const listed = dataset.folds.flat(), total = listed.length;
  let at = 0;
  const taken = new Set(evenly(listed, limit));
  const folds = dataset.folds.map((fold) =>
    fold.flatMap((pair): Comparison[] => {
      const index = at++;
      if (!taken.has(pair)) return [];
      if (real && !isIn(scenario, images[pair.probe].masked, images[pair.reference].masked)) {
        return [];
      }
      const masked = real ? [false, false] : maskedSides(scenario, protocol, index, total);
      const sample = (image: number, side: 0 | 1): Sample => {
        if (!masked[side]) return { image };
        const mask = planFor(2 * index + side, images[image].id, scenario, protocol, masks, total);
        return { image, mask };
      };
      const { genuine } = pair;
      return [{ probe: sample(pair.probe, 0), reference: sample(pair.reference, 1), genuine }];
    })
  ).filter((fold) => fold.length > 0);
  const kinds = new Set(folds.flat().map(({ genuine }) => genuine));
  if (kinds.size < 2) {
    throw new InvalidArgumentError(
      `Cannot evaluate ${dataset.name} in scenario ${scenario} as its pairs leave ` +
        `${kinds.has(true) ? "only genuine" : kinds.has(false) ? "only impostor" : "no"} ` +
        `comparisons: choose another scenario, or raise the limit`,
    );
  }
  return folds;
}

/**
 * The scenarios that a data set can be evaluated in: all three where masks are put on; where photos are labelled, those
 * that have genuine and impostor pairs.
 */
export function scenariosOf({ images, folds }: Dataset): Scenario[] {
  const all = ["uu", "um", "mm"] as const;
  if (!images.some(({ masked }) => masked !== undefined)) return [...all];
  const kinds = new Set(
    folds.flat().flatMap(({ probe, reference, genuine }) =>
      all.filter((scenario) => isIn(scenario, images[probe].masked, images[reference].masked))
        .map((scenario) => `${scenario} ${genuine}`)
    ),
  );
  const found = all.filter((name) => kinds.has(`${name} true`) && kinds.has(`${name} false`));
  return found.length > 0 ? found : ["listed"];
}

/** As many pairs as the limit allows, of each kind and over the whole list evenly. */
function evenly(pairs: readonly DatasetPair[], limit: number): readonly DatasetPair[] {
  if (pairs.length <= limit) return pairs;
  return [true, false].flatMap((kind) => {
    const ofKind = pairs.filter(({ genuine }) => genuine === kind);
    const count = Math.min(ofKind.length, Math.max(1, Math.round(limit / 2)));
    return Array.from({ length: count }, (_, i) => ofKind[Math.floor(i * ofKind.length / count)]);
  });
}

function isIn(scenario: Scenario, probe?: boolean, reference?: boolean): boolean {
  if (scenario === "listed") return true;
  if (probe === undefined || reference === undefined) return false;
  return Number(probe) + Number(reference) === { uu: 0, um: 1, mm: 2 }[scenario];
}

/** Whether probe and reference get a mask. */
function maskedSides(
  scenario: Scenario,
  protocol: Protocol,
  pair: number,
  pairs: number,
): [boolean, boolean] {
  if (scenario === "mm") return [true, true];
  if (scenario !== "um") return [false, false];
  // The released code counts photos, two per pair, and masks those from the number of pairs on.
  if (protocol === "released") return [2 * pair >= pairs, 2 * pair + 1 >= pairs];
  return [true, false];
}

function planFor(
  photo: number,
  id: string,
  scenario: Scenario,
  protocol: Protocol,
  masks: MaskStyle,
  pairs: number,
): MaskPlan {
  const on = protocol === "released" ? "crop" : "photo";
  if (masks.style === "ours" || !masks.colors) return chancePlan(masks, id, on);
  // The list for one masked photo begins at the second half.
  const [list, index] = scenario === "mm"
    ? [masks.colors.both, photo]
    : [masks.colors.one, protocol === "released" ? photo - pairs : photo >> 1];
  return list
    ? { style: "maskinv", on, offset: colorAt(list, index, scenario) }
    : chancePlan(masks, id, on);
}

function colorAt(
  list: ColorList,
  index: number,
  scenario: Scenario,
): readonly [number, number, number] {
  const color = list[index];
  if (color) return color;
  throw new InvalidArgumentError(
    `Cannot take colour ${index} for scenario ${scenario} as the list has ${list.length}: ` +
      `give the list that belongs to the data set`,
  );
}
