// The loss of a configuration: parts that are not named have no weight.

import type { LossOptions } from "../loss/loss.ts";

/** As in the paper; here so that a configuration can be checked without loading what computes it. */
const DEFAULTS = { templates: 0, classes: 0, scale: 64, margin: 0.5, deviation: 0.05 };

const NAMES = [...Object.keys(DEFAULTS), "kd", "contrast", "centres", "relational"];

/** Checks the loss of a configuration and fills it in; `check` throws. */
export function checkLoss(
  value: unknown,
  check: (ok: boolean, what: string) => void,
): LossOptions {
  check(typeof value === "object" && value !== null, `"loss" is no object`);
  const loss: LossOptions = { ...DEFAULTS, ...value as Partial<LossOptions> };
  const unknown = Object.keys(loss).find((name) => !NAMES.includes(name));
  check(
    unknown === undefined,
    `"loss" has a part "${unknown}" and there are only ${NAMES.join(", ")}`,
  );
  for (const name of ["templates", "classes", "scale", "margin", "deviation", "kd"] as const) {
    check(isRate(loss[name] ?? 0), `"loss.${name}" is ${loss[name]}`);
  }
  const { contrast, centres, relational } = loss;
  if (contrast !== undefined) {
    check(
      isSoftmax(contrast),
      `"loss.contrast" lacks a weight, a temperature above 0, or "alike" from -1 to below 1`,
    );
  }
  if (centres !== undefined) {
    check(
      isSoftmax(centres) && isRate(centres.margin),
      `"loss.centres" lacks a weight, a margin, a temperature above 0, or "alike" from -1 to below 1`,
    );
  }
  if (relational !== undefined) {
    check(isRate(relational.weight), `"loss.relational" lacks a weight`);
  }
  const weights = [loss.templates, loss.classes, loss.kd, contrast?.weight, centres?.weight];
  check(
    [...weights, relational?.weight].some((weight) => (weight ?? 0) > 0),
    `no part of "loss" has a weight above 0`,
  );
  return loss;
}

function isSoftmax(part: { weight: number; temperature: number; alike: number }): boolean {
  const { weight, temperature, alike } = part;
  return isRate(weight) && isRate(temperature) && temperature > 0 && alike >= -1 && alike < 1;
}

/** Whether something is a number from 0 on. */
export function isRate(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
