// The photo that is piped into a command, whose name in the arguments is `-`.

import { concatBytes } from "../base/concat.ts";
import { InvalidArgumentError } from "../base/errors.ts";

/** The largest photo that is taken from the standard input, in bytes. */
const MAX_STANDARD_INPUT = 256 * 2 ** 20;

/**
 * The bytes of the standard input, to its end.
 *
 * @throws {InvalidArgumentError} If there are too many.
 */
export function readStandardInput(): Uint8Array {
  const parts: Uint8Array[] = [], part = new Uint8Array(65536);
  let length = 0;
  for (let count; (count = Deno.stdin.readSync(part)) !== null; length += count) {
    if (length + count > MAX_STANDARD_INPUT) {
      throw new InvalidArgumentError(
        `Cannot read more than ${MAX_STANDARD_INPUT} bytes of the standard input: give a smaller photo`,
      );
    }
    parts.push(part.slice(0, count));
  }
  return concatBytes(parts);
}
