// Numbers from outside are checked before they are compared: a NaN would make a ranking depend on the order of the work.

import { InvalidArgumentError } from "../base/errors.ts";

/** Throws InvalidArgumentError if a number is not finite. */
export function checkFinite(values: Float32Array): void {
  let sum = 0;
  // Only NaN and the infinities do not vanish; a test of each number would take twice as long.
  for (let i = 0; i < values.length; i++) sum += values[i] * 0;
  if (sum === 0) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new InvalidArgumentError(
    `Cannot use ${values.length} numbers as number ${at} is ${values[at]}: give finite numbers`,
  );
}
