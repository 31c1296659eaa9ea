// Time that has passed. Hosts promise a clock that never goes back, but Workers derive it from the wall clock, which is
// set now and then, and a suspended machine may find itself hours ahead: neither may make a negative or endless time.

/** Milliseconds since a moment of `performance.now()`; 0 if the clock was set back since. */
export function elapsed(start: number, end: number = performance.now()): number {
  return Math.max(0, end - start);
}
