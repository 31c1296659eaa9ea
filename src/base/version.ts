// The version of this package, for what it writes and serves; a test holds it to deno.json's.

/** The version. */
export const VERSION = "0.1.0";
