// Clocks that jump: `Date.now` and `performance.now` of this process, set back and far ahead while work is under way.

/** Ten years, in milliseconds. */
export const DECADE = 3.2e11;

/** Clocks of a test; disposing of them puts the true ones back. */
export interface Clocks extends Disposable {
  /** Sets both clocks ahead by so many milliseconds, or back. */
  jump(milliseconds: number): void;
  /** From now on each look at a clock jumps by the next of these, over and over. */
  restless(jumps: readonly number[]): void;
}

/** Puts clocks that can jump in the place of the true ones. */
export function stubClocks(): Clocks {
  const dateNow = Date.now, performanceNow = performance.now;
  let shift = 0, jumps: readonly number[] = [0], looks = 0;
  const shifted = (now: () => number) => (): number => {
    shift += jumps[looks++ % jumps.length];
    return now() + shift;
  };
  Date.now = shifted(dateNow);
  performance.now = shifted(() => performanceNow.call(performance));
  return {
    jump: (milliseconds) => void (shift += milliseconds),
    restless: (given) => void (jumps = given),
    [Symbol.dispose](): void {
      Date.now = dateNow;
      performance.now = performanceNow;
    },
  };
}
