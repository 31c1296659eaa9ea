// The parts of a loss in one line, for whoever watches a training.

import type { LossValues } from "./gradient.ts";

/** The total, then the parts that are not zero. */
export function lossText({ total, ...parts }: LossValues): string {
  const others = Object.entries(parts).filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  return [`loss ${total.toFixed(4)}`, ...others].join("  ");
}
