// Makes sure that a handle belongs to the runtime that is asked to use it.
// Types cannot tell handles of two runtimes apart, and each lives in another memory.

import { InvalidArgumentError } from "../base/errors.ts";

/** A handle of this kind (`CpuBlock`, `GpuPhoto`, ...), made by `owner` if the kind has owners, or an error. */
export function owned<T>(
  kind: abstract new (...args: never[]) => T,
  handle: unknown,
  owner?: unknown,
): T {
  if (handle instanceof kind && (handle as { owner?: unknown }).owner === owner) return handle;
  throw new InvalidArgumentError(
    `Cannot use this ${
      kind.name.slice(3).toLowerCase()
    } as it was made by another backend: upload or load it again`,
  );
}
