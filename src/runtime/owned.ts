// Checks that a handle belongs to the runtime that is to use it.
// Types cannot tell handles of two runtimes apart, and each lives in another memory.

import { InvalidArgumentError } from "../base/errors.ts";

/**
 * Returns a handle of this kind, made by `owner` if the kind has owners, or an error that calls it `what`; the name of the class
 * would not outlive a minifier.
 */
export function owned<T>(
  what: "photo" | "block" | "network",
  kind: abstract new (...args: never[]) => T,
  handle: unknown,
  owner?: unknown,
): T {
  if (handle instanceof kind && (handle as { owner?: unknown }).owner === owner) return handle;
  throw new InvalidArgumentError(
    `Cannot use this ${what} as it was made by another backend: upload or load it again`,
  );
}
