// Results in words: what the commands print.
// As JSON they are in src/verify/json.ts.

import { interEyeDistance } from "../pipeline/detect/face.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { MaskSituation } from "../model/calibration.ts";
import { atMost, oneIn as rateOneIn } from "../pipeline/score/rate_text.ts";
import type { ComparisonFmr, DecisionRule } from "../pipeline/score/decide.ts";
import type { SituationBasis } from "../pipeline/score/situation.ts";

/** A line about a face: where it is and how good its alignment is. */
export function describeFace(face: EmbeddedFace): string {
  const { box, landmarks, mask, condition, child, alignment: { residual, roll } } = face;
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round);
  return `face ${width}x${height} at ${x},${y}, eyes ${
    interEyeDistance(landmarks).toFixed(0)
  } px apart, ` +
    `roll ${whole(roll)} deg, residual ${residual.toFixed(1)}` +
    (mask ? `, mask ${mask.state} (${percent(mask.probability)})` : "") +
    (condition?.covering === "other" ? ", covered by something else than a mask" : "") +
    (condition && condition.darkGlasses >= 0.5
      ? `, dark glasses (${percent(condition.darkGlasses)})`
      : "") +
    (condition && child ? `, a child (${percent(condition.child)})` : "") +
    (condition ? `, expected similarity ${condition.expectedSimilarity.toFixed(2)}` : "");
}

/** Rounded; small negative numbers are 0, not -0. */
function whole(value: number): string {
  return `${Math.round(value) + 0}`;
}

/** What must be said where a face is a child's; undefined if none is. */
export function childNote(faces: readonly EmbeddedFace[]): string | undefined {
  const children = faces.filter(({ child }) => child).length;
  if (children === 0) return undefined;
  return children === faces.length
    ? "both are taken for children, between whom the false match rate is not what was promised"
    : "one of the two is taken for a child: years between photos change a child's face";
}

/** A line about the threshold and its measured error rates. */
export function describeRule({ threshold, measured }: DecisionRule): string {
  if (!measured) return `threshold ${threshold} (your own)`;
  const { fmr, interval: [low, high], measuredFmr, fnmr, groups } = measured;
  const missed = fnmr === undefined ? "" : `; FNMR ${percent(fnmr)}`;
  if (groups) {
    return `threshold ${
      threshold.toFixed(4)
    } for FMR ${fmr} in each of ${groups.count} measured groups ` +
      `(worst: ${groups.worst}, ${percent(measuredFmr)}, 95% ${percent(low)} to ${
        percent(high)
      }${missed})`;
  }
  return `threshold ${threshold.toFixed(4)} for FMR ${fmr} (measured ${percent(measuredFmr)}, ` +
    `95% ${percent(low)} to ${percent(high)}${missed})`;
}

/** A line about how often impostors reach the score, and on whom that was measured. */
export function describeScoreFmr(rate: ComparisonFmr): string {
  const { fmr, interval: [low, high], bound, situation, basis, groups } = rate;
  if (groups) {
    const often = bound === "above" ? `more than ${oneIn(fmr)}` : atMost(high, DIGITS);
    return `at this score ${often} pairs of different people of any of ${groups.count} measured groups ` +
      `(worst: ${groups.worst}) would match, ${SITUATIONS[situation]}${REASONS[basis]}`;
  }
  const often = {
    below: `fewer than ${oneIn(fmr)} impostors would match`,
    above: `more than ${oneIn(fmr)} impostors would match`,
    at: `${oneIn(fmr)} impostors would match ` +
      `(95% interval ${oneIn(high)} to ${low > 0 ? oneIn(low) : "none"})`,
  }[bound];
  return `at this score ${often}, ${SITUATIONS[situation]}${REASONS[basis]}`;
}

const SITUATIONS: Record<MaskSituation, string> = {
  none: "neither wearing a mask",
  one: "one of the two wearing a mask",
  both: "both wearing masks",
};

/** Why this situation's numbers are taken for the comparison at hand. */
const REASONS: Record<SituationBasis, string> = {
  seen: "",
  uncertain: ": the strictest that fits, as it is not sure who wears a mask",
  unknown: ": the strictest, as the models cannot tell who wears a mask",
  "not-measured": ": NOT MEASURED for the masks that this pair wears or may wear",
};

/** Digits behind the point of N in "1 in N". */
const DIGITS = 2;

function oneIn(rate: number): string {
  return rateOneIn(rate, DIGITS);
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(2))}%`;
}
