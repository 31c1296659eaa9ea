// From comparisons and templates to labelled scores, and to the pairs that went most wrong.

import { cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";
import type { DatasetImage } from "../dataset/dataset.ts";
import { type LabelledScores, NOT_COMPARED } from "../scores.ts";
import type { TemplateTable } from "./template_table.ts";
import type { TemplateKind } from "./embedder.ts";
import type { Comparison } from "./protocol.ts";

/** A comparison with its score. */
export interface ScoredComparison extends Comparison {
  readonly score: number;
}

/** Scores each comparison; one that lacks a template cannot match. */
export function scoreComparisons(
  folds: readonly (readonly Comparison[])[],
  table: TemplateTable,
  model: number,
  kind: TemplateKind,
): ScoredComparison[][] {
  return folds.map((fold) =>
    fold.map((comparison) => {
      const probe = table.get(model, kind, comparison.probe);
      const reference = table.get(model, kind, comparison.reference);
      const score = probe && reference
        ? cosineMatrix(probe, reference, probe.length)[0]
        : NOT_COMPARED;
      return { ...comparison, score };
    })
  );
}

/** The scores with the persons behind them. */
export function labelScores(
  folds: readonly (readonly ScoredComparison[])[],
  { images }: { readonly images: readonly Pick<DatasetImage, "identity">[] },
): LabelledScores[] {
  return folds.map((fold) => {
    const genuine = fold.filter((comparison) => comparison.genuine);
    const impostor = fold.filter((comparison) => !comparison.genuine);
    const person = ({ image }: Comparison["probe"]): number => images[image].identity;
    return {
      genuine: Float32Array.from(genuine, ({ score }) => score),
      impostor: Float32Array.from(impostor, ({ score }) => score),
      genuineIdentity: Uint32Array.from(genuine, ({ probe }) => person(probe)),
      impostorIdentities: Uint32Array.from(
        impostor.flatMap(({ probe, reference }) => [person(probe), person(reference)]),
      ),
    };
  });
}

/** The genuine comparisons that scored lowest and the impostor comparisons that scored highest. */
export function worstComparisons(
  folds: readonly (readonly ScoredComparison[])[],
  count: number,
): { genuine: ScoredComparison[]; impostor: ScoredComparison[] } {
  const compared = folds.flat().filter(({ score }) => score !== NOT_COMPARED);
  const sorted = (genuine: boolean): ScoredComparison[] =>
    compared.filter((comparison) => comparison.genuine === genuine)
      .sort((a, b) => genuine ? a.score - b.score : b.score - a.score).slice(0, count);
  return { genuine: sorted(true), impostor: sorted(false) };
}
