// Calibrates a model: templates of all photos of a data set, as they are and with masks put on, to thresholds for each
// mask situation. calibrate.ts does the measuring.

import { InvalidArgumentError } from "../../base/errors.ts";
import {
  type Calibration,
  MASK_SITUATIONS,
  type SituationCalibrations,
} from "../../model/calibration.ts";
import type { Cohort } from "../../model/cohort.ts";
import { openModels } from "../../model/model.ts";
import { DEFAULT_FMR } from "../../pipeline/score/decide.ts";
import { fmrAtScore } from "../../pipeline/score/fmr.ts";
import { normalizationRows } from "../../pipeline/score/normalize.ts";
import { type CalibrationInput, type CalibrationOptions, calibrationSteps } from "../calibrate.ts";
import { groupCurve, type GroupTemplates, normalizeGroup } from "../group_curves.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { personFolds } from "../dataset/folds.ts";
import { collectTemplates } from "./collect.ts";
import type { Failure, RunFacts, TemplateTable } from "./template_table.ts";
import type { TemplateKind } from "./embedder.ts";
import { chancePlan, type MaskStyle } from "./masks.ts";
import { type ModelChoice, openModelSet } from "./models.ts";
import type { Sample } from "./protocol.ts";
import { type RunOptions, tellMeasuring } from "./run_options.ts";

/** Options of {@linkcode calibrateModel}. */
export interface CalibrateModelOptions extends RunOptions, CalibrationOptions {
  /** How templates are made; by default of the face alone, and with the mirror image added. */
  readonly kinds?: readonly TemplateKind[];
  /** About how many photos to use, those of persons from the whole data set; by default all. */
  readonly limit?: number;
  /** Groups of people whose worst is to decide; by default none. */
  readonly groups?: GroupSource;
  /** Chooses who is in which fold, where the data set's folds share persons; 0 by default. */
  readonly seed?: number;
}

/** Where the templates of groups come from. */
export interface GroupSource {
  /** Data sets and protocol, in words. */
  readonly source: string;
  /** Makes the templates, without normalisations. */
  readonly templates: (kind: TemplateKind) => Promise<readonly GroupTemplates[]>;
  /** Makes those of children, who never decide: how often they match is what a finding says; absent without any. */
  readonly children?: (kind: TemplateKind) => Promise<GroupTemplates>;
}

/** What {@linkcode calibrateModel} gives. */
export interface ModelCalibrations {
  /** SHA-256 of the model's file, which the calibrations belong to. */
  readonly sha256: string;
  /** The calibrations of cosines, by how templates are made. */
  readonly calibrations: Readonly<Partial<Record<TemplateKind, SituationCalibrations>>>;
  /** Those of normalised scores, and the cohort that they belong to; absent if the model has none. */
  readonly normalized?: {
    /** SHA-256 of the cohort file. */
    readonly cohort: string;
    /** The calibrations by how templates are made. */
    readonly calibrations: Readonly<Partial<Record<TemplateKind, SituationCalibrations>>>;
  };
  /** Share of the pairs of different children that match at the default threshold, if there were children. */
  readonly childFmr?: number;
  /** Photos without a template, or without their mask. */
  readonly failures: readonly Failure[];
  /** What the run took. */
  readonly run: RunFacts;
}

/**
 * Measures a model's thresholds and score -> FMR curves, for no mask, one and two.
 *
 * @param dataset A data set that knows who is on its photos, unmasked; masks are put on.
 * @param model The model.
 * @param options See {@linkcode CalibrateModelOptions}.
 * @returns The calibrations, for `writeCalibration`.
 * @throws {InvalidArgumentError} If the data set does not know its persons, or has too few for a rate.
 *
 * @example
 * ```ts
 * import { calibrateModel, openDataset } from "@maskinv/maskinv/evaluate";
 *
 * // LFW has thousands of persons; two photos of nobody known are refused before anything is computed.
 * const list = `${await Deno.makeTempDir()}/pairs.csv`;
 * await Deno.writeTextFile(list, "probe,reference,genuine\na.jpg,b.jpg,true\n");
 * using dataset = await openDataset(list, { countMissing: true });
 * const student = { label: "student", name: "student" };
 * await calibrateModel(dataset, student).catch((error) => console.log(error.name)); // InvalidArgumentError
 * ```
 */
export async function calibrateModel(
  dataset: Dataset,
  model: ModelChoice,
  options: CalibrateModelOptions = {},
): Promise<ModelCalibrations> {
  if (!dataset.identified) {
    throw new InvalidArgumentError(
      `Cannot calibrate on ${dataset.name} as it does not say who is on its photos: ` +
        `give LFW, or a folder with a folder per person`,
    );
  }
  const { kinds = ["single", "mirrored"], limit = Infinity, seed = 0 } = options;
  const masks: MaskStyle = options.masks ?? { style: "ours" };
  const folds = personFolds(dataset, seed);
  const known = dataset.images.map((_, i) => i)
    .filter((i) => folds[i] !== undefined && dataset.images[i].masked !== true);
  const photos = thinned(known, dataset, limit);
  const clean = photos.map((image): Sample => ({ image }));
  const masked = photos.map((image): Sample => ({
    image,
    mask: chancePlan(masks, dataset.images[image].id, "photo"),
  }));
  await using set = await openModelSet([model], options);
  const { table, facts } = await collectTemplates(dataset, [...clean, ...masked], set, {
    ...options,
    masks,
    kinds,
  });
  // A photo that stayed bare says nothing of masked ones.
  const bare = new Set(
    table.failures.filter(({ kind }) => kind === "bare").map(({ photo }) => photo),
  );
  const [{ dim, entry }] = set.models;
  const cohort = await (await openModels(model.source)).loadCohort(model.name);
  const calibrations: [TemplateKind, SituationCalibrations][] = [];
  const normalized: [TemplateKind, SituationCalibrations][] = [];
  let childFmr: number | undefined;
  const steps = kinds.length * MASK_SITUATIONS.length * (cohort ? 2 : 1);
  let step = 0;
  const measure = async (input: CalibrationInput, what: string): Promise<SituationCalibrations> => {
    const measuring = calibrationSteps(input, options);
    for (;;) {
      const { done, value } = measuring.next();
      if (done) return value;
      await tellMeasuring(options, step++, steps, `${what}, masks on ${value}`);
    }
  };
  for (const kind of kinds) {
    const maskedOnly = masked.map((sample) =>
      bare.has(dataset.images[sample.image].id) ? undefined : sample
    );
    const input: CalibrationInput = {
      dim,
      clean: rowsOf(table, kind, clean, dim),
      masked: rowsOf(table, kind, maskedOnly, dim),
      identity: Uint32Array.from(photos, (i) => dataset.images[i].identity),
      fold: Uint32Array.from(photos, (i) => folds[i]!),
      source: sourceOf(dataset, photos.length, masks),
      ...(options.groups && {
        groups: {
          source: options.groups.source,
          whole: dataset.name,
          templates: await options.groups.templates(kind),
        },
      }),
    };
    calibrations.push([kind, await measure(input, `${kind} templates`)]);
    const scored = cohort &&
      await measure(normalize(input, cohort), `${kind} templates, normalised`);
    if (scored) normalized.push([kind, scored]);
    const children = childFmr === undefined && await options.groups?.children?.(kind);
    if (!children) continue;
    childFmr = matchesAtDefault(
      cohort ? normalizeGroup(children, cohort) : children,
      (scored ?? calibrations[calibrations.length - 1][1]).none,
    );
  }
  return {
    sha256: entry.sha256,
    calibrations: Object.fromEntries(calibrations),
    ...(cohort && {
      normalized: { cohort: cohort.entry.sha256, calibrations: Object.fromEntries(normalized) },
    }),
    ...(childFmr !== undefined && { childFmr }),
    failures: table.failures,
    run: facts,
  };
}

/** Share of a group's bare pairs that reach the threshold of the rate that decides by default. */
function matchesAtDefault(
  group: GroupTemplates,
  calibration: Calibration | undefined,
): number | undefined {
  const point = (calibration?.worst ?? calibration)?.points.find(({ fmr }) => fmr === DEFAULT_FMR);
  const curve = groupCurve(group, "none");
  return point && curve && fmrAtScore(curve, point.threshold).fmr;
}

/** The same input for scores normalised by a cohort. */
function normalize(input: CalibrationInput, cohort: Cohort): CalibrationInput {
  const rows = (templates: Float32Array): Float32Array => normalizationRows(templates, cohort);
  const { groups } = input;
  return {
    ...input,
    normalizations: {
      clean: rows(input.clean),
      ...(input.masked && { masked: rows(input.masked) }),
    },
    ...(groups && {
      groups: {
        ...groups,
        templates: groups.templates.map((group) => normalizeGroup(group, cohort)),
      },
    }),
  };
}

/** About as many photos as wanted: all those of every so-manieth person. */
function thinned(photos: readonly number[], { images }: Dataset, limit: number): readonly number[] {
  const share = Math.min(1, limit / photos.length);
  const order = new Map<number, number>();
  for (const i of photos) {
    const { identity } = images[i];
    if (!order.has(identity)) order.set(identity, order.size);
  }
  return photos.filter((i) => {
    const person = order.get(images[i].identity)!;
    return Math.floor((person + 1) * share) > Math.floor(person * share);
  });
}

function sourceOf(dataset: Dataset, photos: number, masks: MaskStyle): string {
  const drawn = masks.style === "ours" ? "masks drawn by maskinv" : "the paper's mask";
  return `${dataset.name}, ${photos} photos, ${drawn} (seed ${
    masks.seed ?? 0
  }) put on and the faces found again; ` +
    `all pairs of photos within ten folds that share no person`;
}

/** A row per sample, of NaN where there is no template. */
function rowsOf(
  table: TemplateTable,
  kind: TemplateKind,
  samples: readonly (Sample | undefined)[],
  dim: number,
): Float32Array {
  const rows = new Float32Array(samples.length * dim).fill(NaN);
  samples.forEach((sample, i) => {
    const template = sample && table.get(0, kind, sample);
    if (template) rows.set(template, i * dim);
  });
  return rows;
}
