// The confusion table of mask states, as lines of text.
// Real photos tell masked from unmasked for certain; whether the nose shows was not labelled by who took them.

import { MASK_STATES, type MaskStateName } from "../../src/pipeline/embed/mask_state.ts";

/** Balanced accuracy of "wears a mask over the mouth", where the state `none` says no. */
export function balancedAccuracy(truth: readonly number[], said: readonly number[]): number {
  const rate = (masked: boolean): number => {
    const cases = truth.map((_, i) => i).filter((i) => truth[i] > 0 === masked);
    return cases.filter((i) => said[i] > 0 === masked).length / cases.length;
  };
  return (rate(true) + rate(false)) / 2;
}

/** The table of truth (rows) and answers (columns), and the balanced accuracy of masked against unmasked. */
export function report(
  samples: readonly { readonly state: MaskStateName }[],
  said: readonly number[],
): string {
  const truth = samples.map(({ state }) => MASK_STATES.indexOf(state));
  const lines = MASK_STATES.map((state, row) => {
    const counts = MASK_STATES.map((_, column) =>
      truth.filter((value, i) => value === row && said[i] === column).length
    );
    return counts.some((count) => count > 0) ? `${line(state, counts)}\n` : "";
  });
  const accuracy = balancedAccuracy(truth, said).toFixed(4);
  return `${line("truth \\ said", MASK_STATES)}\n${lines.join("")}balanced accuracy ${accuracy}`;
}

function line(name: string, cells: readonly (number | string)[]): string {
  return name.padEnd(22) + cells.map((cell) => String(cell).padStart(9)).join("");
}
