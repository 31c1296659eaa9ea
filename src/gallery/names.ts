// Names of identities: which are allowed, and which of them people would take for one another.

import { InvalidArgumentError } from "../base/errors.ts";

/** The longest identity, in UTF-16 code units. */
const MAX_NAME = 256;

/**
 * Checks the name of an identity and brings it to Unicode's NFC, so that a name is found however it was typed.
 *
 * @throws {InvalidArgumentError} If it is empty, too long, or has control characters or half characters.
 */
export function checkIdentity(identity: string): string {
  const fits = typeof identity === "string" && identity.length > 0 &&
    identity.length <= MAX_NAME && identity.isWellFormed() && !/\p{Cc}/u.test(identity);
  if (fits) return identity.normalize("NFC");
  throw new InvalidArgumentError(
    `Cannot use the identity ${JSON.stringify(identity)?.slice(0, 80)}: give 1 to ${MAX_NAME} ` +
      `characters without control characters`,
  );
}

/**
 * Checks the name under which somebody is to be enrolled anew: as {@linkcode checkIdentity}, and not of blanks alone,
 * which nobody could see in a list. Galleries that have such a name already can still be opened.
 *
 * @throws {InvalidArgumentError} If it is not allowed.
 */
export function checkNewIdentity(identity: string): string {
  const checked = checkIdentity(identity);
  if (foldName(checked) !== "") return checked;
  throw new InvalidArgumentError(
    `Cannot use the identity ${
      JSON.stringify(identity)
    } as it has blanks only: give a name that can be read`,
  );
}

/**
 * What is left of a name without case, blanks, invisible characters and Unicode's compatibility forms: two names with the
 * same rest differ in nothing that a reader would rely on. Upper case first, as "ß" is "SS" there.
 */
export function foldName(identity: string): string {
  return identity.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC")
    .replace(/[\p{White_Space}\p{Cf}]+/gu, "");
}

/**
 * Reads a pattern of names: `*` stands for any characters, `?` for one, and a backslash before either for itself.
 *
 * @returns Whether a name fits; case counts.
 * @throws {InvalidArgumentError} If the pattern is empty.
 */
export function namePattern(pattern: string): (identity: string) => boolean {
  if (pattern === "") {
    throw new InvalidArgumentError('Cannot use an empty pattern: give one such as "guest-*"');
  }
  const source = pattern.normalize("NFC").replace(
    /\\[*?\\]|\*+|\?|[\\^$.|+()[\]{}/]/g,
    (part) =>
      part.startsWith("*") ? ".*" : part === "?" ? "." : part.length > 1 ? part : `\\${part}`,
  );
  const expression = new RegExp(`^${source}$`, "su");
  return (identity) => expression.test(identity);
}
