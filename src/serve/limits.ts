// How much a request, and all requests together, may ask of the server. Checked once, when the handler is made.

import { InvalidArgumentError } from "../base/errors.ts";
import { checkLimit } from "../image/limits.ts";

/** Limits of a server; memory is bounded by `(lanes + queue) * maxBodyBytes` and what `lanes` photos take. */
export interface ServeLimits {
  /** The most bytes of a request's body, counted as they arrive; by default 16 million. */
  readonly maxBodyBytes: number;
  /** The most pixels of a photo, read from its header before anything is allocated; by default 12 million. */
  readonly maxPixels: number;
  /** How many requests compute at once; by default 1, as onnxruntime runs one after the other anyway. */
  readonly lanes: number;
  /** How many more requests may wait; those beyond are answered with 503. By default 16. */
  readonly queue: number;
  /** Milliseconds from a request's first byte to its answer; by default 30,000. */
  readonly timeoutMs: number;
}

const DEFAULT_LIMITS: ServeLimits = {
  maxBodyBytes: 16e6,
  maxPixels: 12e6,
  lanes: 1,
  queue: 16,
  timeoutMs: 30_000,
};

/** Fills in the defaults and checks the ranges. */
export function resolveLimits(given: Partial<ServeLimits> = {}): ServeLimits {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  const limits: ServeLimits = { ...DEFAULT_LIMITS, ...Object.fromEntries(said) };
  for (const name of ["maxBodyBytes", "maxPixels", "timeoutMs"] as const) {
    checkLimit(name, limits[name]);
  }
  const { lanes, queue } = limits;
  if (!(Number.isInteger(lanes) && lanes >= 1 && Number.isInteger(queue) && queue >= 0)) {
    throw new InvalidArgumentError(
      `Cannot serve with ${lanes} lanes and a queue of ${queue}: give whole numbers from 1 and from 0`,
    );
  }
  return limits;
}
