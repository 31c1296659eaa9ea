/**
 * Error rates, thresholds and intervals of biometric verification, in the terms of ISO/IEC 19795-1.
 *
 * @module
 */
export { type LfwPair, parseLfwPairs } from "./lfw.ts";
export {
  type ComparisonScores,
  falseMatchRate,
  falseNonMatchRate,
  type FoldAccuracy,
  foldAccuracy,
  thresholdAtFmr,
  trueMatchRateAtFmr,
  wilsonInterval,
} from "./verification.ts";
