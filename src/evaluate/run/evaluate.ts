// The evaluation: from a data set and models to metrics of every scenario.
// Each photo is read once; what is embedded is kept, so that stopping costs a batch at most.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { verificationReport } from "../verification_report.ts";
import { collectTemplates } from "./collect.ts";
import type { TemplateKind } from "./embedder.ts";
import type { Evaluation, ScenarioResult } from "./evaluation.ts";
import type { MaskStyle } from "./masks.ts";
import { type ModelChoice, openModelSet } from "./models.ts";
import { PictureBook } from "./pictures.ts";
import { type Comparison, comparisonsOf, type Protocol, type Scenario } from "./protocol.ts";
import type { RunOptions } from "./run_options.ts";
import { labelScores, scoreComparisons, worstComparisons } from "./scores.ts";

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions extends RunOptions {
  /** By default unmasked with unmasked alone. */
  readonly scenarios?: readonly Scenario[];
  /** By default `corrected` alone. */
  readonly protocols?: readonly Protocol[];
  /** Whether templates of the corrected protocol have the mirror image's added; those of the released one always have. */
  readonly mirror?: boolean;
  /** The most pairs per scenario, taken evenly from the list; by default all. */
  readonly limit?: number;
  /** How many of the worst pairs of each kind to list; 6 by default. */
  readonly worst?: number;
  /** Whether worst pairs have pictures; by default not. */
  readonly pictures?: boolean;
  /** Bootstrap replicates of the intervals; see `verificationReport`. */
  readonly replicates?: number;
}

/**
 * Evaluates embedding models on a data set, masked and unmasked.
 *
 * @param dataset The data set, see `openDataset`.
 * @param models The models; compared on the same photos, faces and masks.
 * @param options See {@linkcode EvaluateOptions}.
 * @returns Metrics, scores, worst pairs and failures.
 * @throws {InvalidArgumentError} If nothing is to be compared, or a scenario leaves only one kind of pairs.
 * @throws {ModelError} If a model cannot be loaded.
 *
 * @example
 * ```ts
 * import { evaluate, openDataset } from "@maskinv/maskinv/evaluate";
 *
 * const list = `${await Deno.makeTempDir()}/pairs.csv`, photos = `${Deno.cwd()}/tests/photos`;
 * await Deno.writeTextFile(list, `probe,reference,genuine
 * ${photos}/collins.jpg,${photos}/collins_masked.jpg,true
 * ${photos}/collins.jpg,${photos}/hopper.jpg,false`);
 * using dataset = await openDataset(list);
 * const { results } = await evaluate(dataset, [{ label: "student", name: "student" }]);
 * console.log(results[0].metrics.auc.value); // 1
 * ```
 */
export async function evaluate(
  dataset: Dataset,
  models: readonly ModelChoice[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { scenarios = ["uu"], protocols = ["corrected"], worst = 6, limit } = options;
  const masks = options.masks ?? { style: "ours" };
  if (models.length === 0 || scenarios.length === 0 || protocols.length === 0) {
    throw new InvalidArgumentError(
      `Cannot evaluate ${models.length} models in ${scenarios.length} scenarios by ` +
        `${protocols.length} protocols: give one or more of each`,
    );
  }
  const kindOf = (protocol: Protocol): TemplateKind =>
    protocol === "released" || options.mirror ? "mirrored" : "single";
  const plans = protocols.flatMap((protocol) =>
    scenarios.map((scenario) => ({
      protocol,
      scenario,
      kind: kindOf(protocol),
      folds: comparisonsOf(dataset, scenario, protocol, masks, limit),
    }))
  );
  const samples = plans.flatMap(({ folds }) => samplesOf(folds));
  const kinds = [...new Set(plans.map(({ kind }) => kind))];
  await using set = await openModelSet(models, options);
  const { table, facts, embedder } = await collectTemplates(dataset, samples, set, {
    ...options,
    masks,
    kinds,
  });
  const book = new PictureBook(dataset, options.pictures ? embedder : undefined);
  const results: ScenarioResult[] = [];
  for (const { folds, kind, protocol, scenario } of plans) {
    for (const [model, { label }] of set.models.entries()) {
      options.signal?.throwIfAborted();
      const scored = scoreComparisons(folds, table, model, kind);
      const labelled = labelScores(scored, dataset);
      const { genuine, impostor } = worstComparisons(scored, worst);
      const pictured = await book.pairs([...genuine, ...impostor]);
      results.push({
        model: label,
        scenario,
        protocol,
        mirrored: kind === "mirrored",
        metrics: verificationReport(labelled, { replicates: options.replicates }),
        folds: labelled,
        worst: {
          genuine: pictured.slice(0, genuine.length),
          impostor: pictured.slice(genuine.length),
        },
      });
    }
  }
  const real = dataset.images.some(({ masked }) => masked !== undefined);
  return {
    dataset: {
      name: dataset.name,
      kind: dataset.kind,
      images: dataset.images.length,
      pairs: dataset.folds.flat().length,
      ...(limit !== undefined && { limit }),
      aligned: dataset.aligned,
      ...(dataset.leftOut?.length && { leftOut: dataset.leftOut }),
    },
    models: set.models.map(({ label, entry, dim }) => ({ label, sha256: entry.sha256, dim })),
    masks: real ? { style: "real", seed: masks.seed ?? 0 } : masksOf(masks),
    results,
    failures: table.failures,
    run: facts,
  };
}

function masksOf(masks: MaskStyle): Evaluation["masks"] {
  const { style, seed = 0 } = masks;
  return { style, seed, ...(masks.style === "ours" && masks.kind && { kind: masks.kind }) };
}

/** What has to be embedded, each sample once, photo by photo in their order. */
function samplesOf(folds: readonly (readonly Comparison[])[]): Comparison["probe"][] {
  return folds.flat().flatMap(({ probe, reference }) => [probe, reference]);
}
