// The assertions of the tests, with the names and signatures of @std/assert, on node:assert.
// JSR is out of reach where this is built; where it is not, @std/assert can take this place.

import nodeAssert, { AssertionError } from "node:assert";

// deno-lint-ignore no-explicit-any -- constructors of every signature must fit, as in @std/assert
type AnyClass<T> = abstract new (...args: any[]) => T;

function check(condition: boolean, seen: string, message?: string): asserts condition {
  if (condition) return;
  throw new AssertionError({ message: message ? `${seen}: ${message}` : seen });
}

/** Fails unless the expression is truthy. */
export function assert(expression: unknown, message?: string): asserts expression {
  check(Boolean(expression), "Expected a truthy value", message);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    nodeAssert.deepStrictEqual(actual, expected);
  } catch (error) {
    check(false, (error as Error).message, message);
  }
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    nodeAssert.notDeepStrictEqual(actual, expected);
  } catch (error) {
    check(false, (error as Error).message, message);
  }
}

/** Fails unless the numbers differ by at most the tolerance (1e-7 of the expected by default). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const seen = `Expected ${actual} to be within ${allowed} of ${expected}`;
  check(Math.abs(actual - expected) <= allowed, seen, message);
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: AnyClass<T>,
  message?: string,
): asserts actual is T {
  const seen = `Expected an instance of ${expectedType.name} and not ${describe(actual)}`;
  check(actual instanceof expectedType, seen, message);
}

/** Fails unless the text contains the other one. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  check(actual.includes(expected), `Expected "${actual}" to contain "${expected}"`, message);
}

/** Fails unless the text matches the pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  check(expected.test(actual), `Expected "${actual}" to match ${expected}`, message);
}

/** Fails unless actual > expected. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  check(actual > expected, `Expected ${actual} > ${expected}`, message);
}

/** Fails unless actual >= expected. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  check(actual >= expected, `Expected ${actual} >= ${expected}`, message);
}

/** Fails unless actual < expected. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  check(actual < expected, `Expected ${actual} < ${expected}`, message);
}

/** Fails unless actual <= expected. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  check(actual <= expected, `Expected ${actual} <= ${expected}`, message);
}

/** Fails unless the function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Fails unless the function throws such an error; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: AnyClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(fn: () => unknown, ...expected: unknown[]): unknown {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    return checkThrown(thrown, expected);
  }
  check(false, "Expected the function to throw", lastMessage(expected));
}

/** Fails unless the promise is rejected; resolves to the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless the promise is rejected with such an error; resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: AnyClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...expected: unknown[]
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    check(false, `Expected a rejection; it threw ${describe(error)}`, lastMessage(expected));
  }
  try {
    await promise;
  } catch (error) {
    return checkThrown(error, expected);
  }
  check(false, "Expected the promise to be rejected", lastMessage(expected));
}

function checkThrown(thrown: unknown, [errorClass, includes, message]: unknown[]): unknown {
  if (typeof errorClass !== "function") return thrown;
  assertInstanceOf(thrown, errorClass as unknown as AnyClass<Error>, message as string | undefined);
  if (includes) assertStringIncludes(thrown.message, String(includes), message as string);
  return thrown;
}

function lastMessage(expected: unknown[]): string | undefined {
  const last = typeof expected[0] === "function" ? expected[2] : expected[0];
  return last === undefined ? undefined : String(last);
}

function describe(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value);
}
