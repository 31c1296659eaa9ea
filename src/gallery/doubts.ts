// What speaks for a mistake at enrolment: two people under one name, one person under two, names that only look the same.
// Said when it happens, as no search later tells such a gallery from a good one.

import type { MaskStates } from "../pipeline/score/situation.ts";
import { compareNormalized } from "../pipeline/score/normalize.ts";
import { compareTemplates, type Template } from "../pipeline/score/template.ts";
import type { Candidate, GalleryStore } from "./store.ts";
import { fmrForFpir, fpirForFmr, type SearchThresholds } from "./threshold.ts";

/** What speaks for a mistake. */
export interface EnrolmentDoubt {
  /**
   * `"unlike"`: the face does not look like the templates that the identity has. `"like-another"`: it looks like another
   * identity. `"similar-name"`: another identity's name differs in case, blanks or Unicode forms only.
   */
  readonly kind: "unlike" | "like-another" | "similar-name";
  /** The identity that it is compared with. */
  readonly identity: string;
  /** The highest comparison score with a template of that identity: as searches have it, and a cosine for copies of photos. */
  readonly score: number;
  /** The score that it should, or should not, have reached; absent if only the name is in doubt. */
  readonly threshold?: number;
  /** What was seen. */
  readonly message: string;
}

/** From this score on two templates are of one photo: rounding and devices differ by less. */
const MIN_SAME_TEMPLATE = 0.99999;
/**
 * Likeness to another identity is doubted from the score on that strangers reach in 0.1% of searches; where that was not
 * measured for a gallery of this size, from the strictest measured score on, unless more than 1% reach it: warnings
 * that come too often are not read.
 */
const ALARM_FPIR = 0.001, MAX_ALARM_FPIR = 0.01;
/** From this score on two photos are as good as one, cut or compressed anew: doubted in galleries of any size. */
const MIN_SAME_PHOTO = 0.9;
/** An identity's photos should score higher than all but so many of the comparisons of different people. */
const MAX_UNLIKE_FMR = 0.01;
/**
 * A doubt promises nothing to anybody: the rates of all people together tell far larger galleries than those of the worst
 * group, the smallest of which decides what is known.
 */
const ALARM_GROUPS = "pooled";
/** Other identities that are named at most. */
const MAX_NAMED = 3;

/** What enrolment compares. */
export interface EnrolmentCheck {
  readonly store: GalleryStore;
  /** Without it, only names and copies of one photo are doubted. Says which scores are compared. */
  readonly thresholds?: SearchThresholds;
  /** The templates of an identity, normalised if the thresholds are for normalised scores. */
  templates(identity: string): Promise<readonly Template[]>;
  /** The identities that a template scores highest with. */
  search(template: Template, k: number): Promise<readonly Candidate[]>;
  /** The identity that is to get the template. */
  readonly identity: string;
  readonly template: Template;
  /** The templates that the identity has. */
  readonly references: readonly Template[];
  readonly masks: MaskStates;
}

/** Whether a template is among others, as it is where one photo comes twice. */
export function isAmong(template: Template, others: readonly Template[]): boolean {
  return bestScore([template], others, compareTemplates) >= MIN_SAME_TEMPLATE;
}

/** What speaks against an enrolment; nothing, most of the time. */
export async function enrolmentDoubts(check: EnrolmentCheck): Promise<EnrolmentDoubt[]> {
  const { template } = check, unlike = unlikeDoubt(check, [template]);
  return [
    ...unlike ? [unlike] : [],
    ...await likeAnother(check),
    ...await similarNames(check, [template]),
  ];
}

/** What speaks against giving an identity another name, or joining it to the one that has the name. */
export async function renameDoubts(
  check: Omit<EnrolmentCheck, "template" | "masks" | "search"> & {
    readonly moved: readonly Template[];
  },
  from: string,
): Promise<EnrolmentDoubt[]> {
  const { moved } = check, masks: MaskStates = [undefined, undefined];
  const unlike = unlikeDoubt({ ...check, masks }, moved);
  const similar = await similarNames(check, moved);
  return [...unlike ? [unlike] : [], ...similar.filter((doubt) => doubt.identity !== from)];
}

function unlikeDoubt(
  { references, thresholds, masks, identity }: Omit<
    EnrolmentCheck,
    "store" | "template" | "templates" | "search"
  >,
  templates: readonly Template[],
): EnrolmentDoubt | undefined {
  const threshold = thresholds?.forFmr(MAX_UNLIKE_FMR, masks, ALARM_GROUPS)?.threshold;
  if (references.length === 0 || threshold === undefined) return undefined;
  const score = bestScore(templates, references, comparerOf(thresholds));
  if (score >= threshold) return undefined;
  const message = `the face does not look like the ${count(references.length)} of ${identity} ` +
    `(highest score ${score.toFixed(4)}; of different people 1% reach ${threshold.toFixed(4)})`;
  return { kind: "unlike", identity, score, threshold, message };
}

async function likeAnother(check: EnrolmentCheck): Promise<EnrolmentDoubt[]> {
  const { store, thresholds, identity, template, masks } = check;
  const [found, { templates }] = await Promise.all([
    check.search(template, MAX_NAMED + 1),
    store.count(),
  ]);
  const rule = thresholds?.forFmr(fmrForFpir(ALARM_FPIR, templates), masks, ALARM_GROUPS);
  const fpir = rule ? fpirForFmr(rule.fmr, templates) : 1;
  const isRare = rule && fpir <= MAX_ALARM_FPIR && rule.threshold < MIN_SAME_PHOTO;
  const threshold = isRare ? rule.threshold : MIN_SAME_PHOTO;
  const why = isRare
    ? `strangers reach ${threshold.toFixed(4)} in ${
      Number((100 * fpir).toPrecision(2))
    }% of searches here`
    : `from ${threshold} on two photos are nearly one`;
  // Copies of one photo are known by their cosine.
  return found.map(({ identity, score, cosine }) => ({ identity, score: isRare ? score : cosine }))
    .filter((other) => other.identity !== identity && other.score >= threshold)
    .slice(0, MAX_NAMED).map((other) => ({
      kind: "like-another",
      ...other,
      threshold,
      message: `the face looks like ${other.identity} (score ${other.score.toFixed(4)}; ${why})`,
    }));
}

async function similarNames(
  { store, identity, thresholds, templates: templatesOf }: Pick<
    EnrolmentCheck,
    "store" | "identity" | "thresholds" | "templates"
  >,
  templates: readonly Template[],
): Promise<EnrolmentDoubt[]> {
  const names = (await store.namesLike(identity)).slice(0, MAX_NAMED);
  return await Promise.all(names.map(async (name): Promise<EnrolmentDoubt> => {
    const score = bestScore(templates, await templatesOf(name), comparerOf(thresholds));
    const message =
      `there is "${name}", a name that differs from "${identity}" in case, blanks or ` +
      `Unicode forms only (score ${score.toFixed(4)})`;
    return { kind: "similar-name", identity: name, score, message };
  }));
}

/** The comparison whose scores the thresholds are for. */
function comparerOf(thresholds: SearchThresholds | undefined): typeof compareTemplates {
  return thresholds?.cohort ? compareNormalized : compareTemplates;
}

/** The highest score of a template of one list with one of the other; -1 if one is empty. */
function bestScore(
  some: readonly Template[],
  others: readonly Template[],
  compare: typeof compareTemplates,
): number {
  let best = -1;
  for (const a of some) for (const b of others) best = Math.max(best, compare(a, b));
  return best;
}

function count(templates: number): string {
  return templates === 1 ? "template" : `${templates} templates`;
}
