// What reports call scenarios and results, in words; the codes of the options stay in the JSON file.

import type { Scenario } from "../run/protocol.ts";
import type { ScenarioResult } from "../run/evaluation.ts";

/** The scenarios in words. */
export const SCENARIO_WORDS: Readonly<Record<Scenario, string>> = {
  uu: "bare against bare",
  um: "one masked",
  mm: "both masked",
  listed: "pairs as listed",
};

/** What tells a result from the others of a report. */
export function resultLabel(result: ScenarioResult): string {
  return `${result.model}, ${conditionLabel(result)}`;
}

/** A result's scenario, and what differs from the usual protocol. */
export function conditionLabel({ scenario, protocol, mirrored }: ScenarioResult): string {
  const unusual = protocol === "released"
    ? " (as in the paper's code)"
    : mirrored
    ? " (with mirror images)"
    : "";
  return SCENARIO_WORDS[scenario] + unusual;
}
