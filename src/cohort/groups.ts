// Groups of adults whose thresholds are measured: people of one origin, from the split `calibration` of a folder of aligned
// crops, and strangers who wear real masks. They look more alike than any two people do.

import { InvalidArgumentError } from "../base/errors.ts";
import { listCrops, type SourceCrop } from "../distill/data/crop_index.ts";
import { isChild, MIN_ADULT_AGE } from "../distill/head/truth.ts";
import type { GroupTemplates } from "../evaluate/group_curves.ts";
import type { GroupSource } from "../evaluate/run/calibrate_model.ts";
import type { TemplateKind } from "../evaluate/run/embedder.ts";
import type { ModelSource } from "../model/model.ts";
import { openModels } from "../model/model.ts";
import { EngineHost } from "../pipeline/engine/host.ts";
import { rowsOf } from "../base/concat.ts";
import { cropTemplates } from "./crops.ts";
import { differentPeople } from "./different_people.ts";
import { realMaskTemplates } from "./real_masks.ts";

/** Ages at which the next band begins, of children and of adults. */
const BANDS = [4, 8, MIN_ADULT_AGE, 30, 50];
/** The fewest people of a group: their pairs must be able to show a rate of 1 in 1,000. */
const MIN_PEOPLE = 200;
/**
 * Two photos of a set whose bare templates agree by this cosine show one person, whatever the set says: of the pairs
 * above it all that were looked at did (UTKFace has some people seven times), and two people reach it less than once in
 * 50,000 pairs. One of the photos is kept.
 */
const SAME_PERSON = 0.5;
/** The same for children, of whom different ones often agree by more: only copies are left out. */
const SAME_CHILD = 0.9;

/** Where groups come from. */
export interface GroupOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The network's name in the manifest. */
  readonly model: string;
  /** A folder of photos of different people who wear real masks; those whose names end in an odd digit are used. */
  readonly realMasks?: string;
  /** Threads of the wasm provider. */
  readonly threads?: number;
  /** Ends the work at its next step. */
  readonly signal?: AbortSignal;
  /** Told after every batch. */
  readonly progress?: (done: number, of: number) => void;
}

/** The crops of one group. */
export interface CropGroup {
  /** Who they are, and of which set. */
  readonly name: string;
  readonly crops: readonly SourceCrop[];
}

/**
 * Opens the groups of a folder of aligned crops.
 *
 * @param folder Crops with `index.tsv`, of whose split `calibration` all photos of one set show different people.
 * @param options The network, and photos of real masks.
 * @returns What `calibrateModel` takes.
 * @throws {InvalidArgumentError} If the folder has no such crops, or no group with enough people.
 *
 * @example
 * ```ts
 * import { openGroups } from "@maskinv/maskinv/cohort";
 *
 * try {
 *   openGroups("tests/photos", { model: "student" });
 * } catch (error) {
 *   console.log((error as Error).name); // InvalidArgumentError
 * }
 * ```
 */
export function openGroups(folder: string, options: GroupOptions): GroupSource {
  const crops = listCrops(folder, ["calibration"]) ?? [];
  const groups = adultGroups(crops), children = childGroup(crops);
  if (groups.length === 0) {
    throw new InvalidArgumentError(
      `Cannot measure groups of ${folder} as no set of its split "calibration" has ${MIN_PEOPLE} adults of one origin: ` +
        `give a folder of aligned crops whose index.tsv has the columns age and origin`,
    );
  }
  const { realMasks } = options;
  return {
    source:
      `adults of ${
        folder.split("/").pop()
      }, split calibration, by origin and set, pairs of one age band ` +
      `(18 to 29, 30 to 49, 50 and older), masks drawn by maskinv` +
      (realMasks ? "; strangers with real masks of another source" : "") +
      "; photos of one person left out; upper ends of 95% intervals by the jackknife over people",
    templates: async (kind) => {
      const out = await templatesOf(folder, groups, kind, SAME_PERSON, options);
      if (realMasks) out.push(await maskedStrangers(realMasks, kind, options));
      return out;
    },
    ...(children.length > 0 && {
      children: async (kind: TemplateKind) =>
        (await templatesOf(folder, children, kind, SAME_CHILD, options))[0],
    }),
  };
}

/**
 * Adults by origin and set, as photos of different sets may show one person; those of too few people are left out, as
 * they cannot show a rate.
 */
export function adultGroups(crops: readonly SourceCrop[]): CropGroup[] {
  const adults = crops.filter(({ origin, age }) =>
    origin !== undefined && origin !== "other" && isChild({ age }) === false
  );
  const groups = Map.groupBy(adults, ({ file, origin }) => `${origin} (${file.split("/")[0]})`);
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, crops]) => ({ name, crops }))
    .filter(({ crops }) => crops.length >= MIN_PEOPLE);
}

/** Children of all origins, of the largest set; none if they are too few. */
export function childGroup(crops: readonly SourceCrop[]): CropGroup[] {
  const young = crops.filter((crop) => isChild(crop));
  const [set] = [...Map.groupBy(young, ({ file }) => file.split("/")[0])]
    .sort(([, a], [, b]) => b.length - a.length);
  return set && set[1].length >= MIN_PEOPLE
    ? [{ name: `children (${set[0]})`, crops: set[1] }]
    : [];
}

function bandOf({ age = MIN_ADULT_AGE }: SourceCrop): number {
  return BANDS.filter((from) => age >= from).length;
}

async function templatesOf(
  folder: string,
  groups: readonly CropGroup[],
  kind: TemplateKind,
  samePerson: number,
  options: GroupOptions,
): Promise<GroupTemplates[]> {
  const store = await openModels(options.models);
  await using host = new EngineHost("wasm", store, options);
  const out: GroupTemplates[] = [];
  const all = groups.reduce((sum, { crops }) => sum + crops.length, 0);
  let before = 0;
  for (const { name, crops } of groups) {
    const { crops: read, bare, masked, size } = await cropTemplates(host, folder, crops, {
      ...options,
      mirrored: kind === "mirrored",
      progress: (done) => options.progress?.(before + done, all),
    });
    before += crops.length;
    const kept = differentPeople(bare, size, samePerson);
    out.push({
      name,
      dim: size,
      clean: rowsOf(bare, kept, size),
      masked: rowsOf(masked, kept, size),
      bands: Uint32Array.from(kept, (row) => bandOf(read[row])),
    });
  }
  return out;
}

/** Strangers who wear real masks. */
async function maskedStrangers(
  folder: string,
  kind: TemplateKind,
  options: GroupOptions,
): Promise<GroupTemplates> {
  const mirrored = kind === "mirrored";
  const { rows, size } = await realMaskTemplates(folder, "odd", { ...options, mirrored });
  const people = size === 0 ? 0 : rows.length / size;
  if (people >= MIN_PEOPLE) return { name: "real masks", dim: size, masked: rows };
  throw new InvalidArgumentError(
    `Cannot measure strangers with real masks of ${folder} as ${people} different faces were found in its photos ` +
      `with odd numbers: give ${MIN_PEOPLE} or more`,
  );
}
