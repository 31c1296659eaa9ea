// Rates in words, for people who do not read "FMR".

import { atMost, oneIn as rateOneIn } from "../../pipeline/score/rate_text.ts";
import type { ComparisonFmr } from "../../pipeline/score/mod.ts";

/** How many impostors would match with a score as the threshold. */
export function fmrText({ fmr, bound, interval, groups }: ComparisonFmr): string {
  if (groups && bound !== "above") {
    return `${
      atMost(interval[1], DIGITS)
    } pairs of different people of any of ${groups.count} measured groups ` +
      `would match at it (worst: ${groups.worst})`;
  }
  const often = { at: "about", below: "fewer than", above: "more than" }[bound];
  return `${often} ${oneIn(fmr)} impostors would match at it`;
}

/** A false match rate as a share and as "1 in N". */
export function rateText({ fmr, bound }: ComparisonFmr): string {
  const [than, often] =
    { at: ["", ""], below: ["below ", "fewer than "], above: ["above ", "more than "] }[bound];
  return `false match rate ${than}${Number((100 * fmr).toPrecision(2))}%, ${often}${
    oneIn(fmr)
  } impostors`;
}

/** What the rates were measured on, as far as it fits the photos. */
export function basisText({ situation, basis }: ComparisonFmr): string {
  const who = {
    none: "neither wears a mask",
    one: "one of the two wears a mask",
    both: "both wear masks",
  }[situation];
  const why = {
    seen: "as these two do",
    uncertain: "the strictest that fits, as it is not sure who wears a mask",
    unknown: "the strictest, as it is not known who wears a mask",
    "not-measured": "not measured for the masks that these two wear or may wear",
  }[basis];
  return `Rates are those of pairs of which ${who}: ${why}.`;
}

/** Digits behind the point of N in "1 in N". */
const DIGITS = 1;

function oneIn(rate: number): string {
  return rateOneIn(rate, DIGITS);
}

/** What a WebGPU that failed means and what to do about it, for people who cannot change the code. */
export function webgpuFailure(error: Error): string {
  const [why] = error.message.split(": pass ");
  return `WebGPU cannot be used here, so WebAssembly computes (slower, same results). ` +
    `To use WebGPU, turn on hardware acceleration in the browser's settings, update browser and ` +
    `graphics driver, and reload. The reason: ${why}`;
}
