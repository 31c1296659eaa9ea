// What results, reports and messages call a photo: its path or address, without what may be secret.
// Logs and screenshots of them are passed on, so that a login or the key of a signed address must not be in them.

/** A URL within text: scheme, login, host and path, and whatever follows these. */
const URL_PATTERN = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^/\s?#]*@)?([^?#\s]*)(?:[?#][^\s)]*)?/gi;

/** A data: URL within text: its type, and its content. */
const DATA_PATTERN = /\bdata:([\w.+-]+\/[\w.+-]+)?(?:;[^,\s]*)?,[^\s)]*/gi;

/**
 * Cuts what may be secret out of a name or a message: of URLs the login, the query and the fragment; of `data:` URLs
 * all but type and length. Paths stay as they are.
 *
 * @param text A path, a URL, or a message with URLs in it.
 * @returns The text as it may be printed.
 *
 * @example
 * ```ts
 * import { publicName } from "@maskinv/maskinv/image";
 *
 * console.log(publicName("https://user:pass@a.test/b.jpg?signature=1")); // https://a.test/b.jpg
 * console.log(publicName("data:image/png;base64,AAAA")); // data:image/png (26 characters)
 * ```
 */
export function publicName(text: string): string {
  return text
    .replace(DATA_PATTERN, (url, type = "text/plain") => `data:${type} (${url.length} characters)`)
    .replace(URL_PATTERN, "$1$2");
}
