// What is fuzzed: a source of cases, and what is done with each. A case may end in a value or in an error of our own
// tree; anything else, a case that takes too long, or one that asks for too much memory, is a failure.

import { assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { MaskinvError } from "../../src/base/errors.ts";
import { takeLargest } from "./allocations.ts";

/** A reader under test. */
export interface FuzzTarget {
  readonly name: string;
  /** Its part of the 10,000 cases of the normal test run. */
  readonly cases: number;
  /** Runs so many cases, or those that fit into a time. */
  run(options: FuzzOptions): Promise<FuzzReport>;
}

/** How to run a target. */
export interface FuzzOptions {
  /** The same seed gives the same cases. */
  readonly seed: number;
  readonly cases: number;
  /** Ends after so many milliseconds, wherever it is. */
  readonly milliseconds?: number;
  /** Called at the beginning of each case. */
  readonly onCase?: () => void;
}

/** What a target did. */
export interface FuzzReport {
  readonly name: string;
  readonly cases: number;
  /** How many ended in an error of ours. */
  readonly refused: number;
  readonly milliseconds: number;
  readonly slowestMs: number;
  /** The largest single allocation, where allocations are watched. */
  readonly largestBytes: number;
}

/** The longest that a case may take; the second try counts, as a busy machine may have slept through the first. */
export const MAX_MS = 2000;
/** The largest single allocation; readers of the test run have limits far below. */
export const MAX_BYTES = 64 * 2 ** 20;

/** Makes a target; `setUp` is called once before its first case. */
export function fuzzTarget<Case, State>(
  name: string,
  cases: number,
  setUp: () => Promise<{ state: State; arbitrary: fc.Arbitrary<Case> }>,
  act: (input: Case, state: State) => unknown,
): FuzzTarget {
  return {
    name,
    cases,
    async run({ seed, cases, milliseconds, onCase }): Promise<FuzzReport> {
      const { state, arbitrary } = await setUp();
      let count = 0, refused = 0, slowestMs = 0, largestBytes = 0;
      const once = async (input: Case): Promise<number> => {
        const start = performance.now();
        try {
          await act(input, state);
        } catch (error) {
          assertInstanceOf(error, MaskinvError, `not of our own: ${describe(error)}`);
          refused++;
        }
        return performance.now() - start;
      };
      const property = fc.asyncProperty(arbitrary, async (input) => {
        onCase?.();
        count++;
        takeLargest();
        let took = await once(input);
        if (took > MAX_MS) took = await once(input);
        slowestMs = Math.max(slowestMs, took);
        const bytes = takeLargest();
        largestBytes = Math.max(largestBytes, bytes);
        if (took > MAX_MS) throw new Error(`It took ${Math.round(took)} ms`);
        if (bytes > MAX_BYTES) throw new Error(`It asked for ${bytes} bytes at once`);
      });
      const start = performance.now();
      await fc.assert(property, { numRuns: cases, seed, interruptAfterTimeLimit: milliseconds });
      const took = performance.now() - start;
      return { name, cases: count, refused, milliseconds: took, slowestMs, largestBytes };
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : `${error}`;
}
