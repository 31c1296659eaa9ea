// API keys. Only their hashes are compared, all of them and to the last byte, so that the time an answer takes says
// nothing about a key.

import { InvalidArgumentError } from "../base/errors.ts";
import { ProblemError } from "./problem.ts";

const HASHED = /^sha256:([0-9a-f]{64})$/i;

/** The keys that open a server. */
export class KeyRing {
  readonly #hashes: Promise<Uint8Array[]>;

  /**
   * @param keys Keys of 16 characters and more, or `sha256:` and the hash of one, which need not be kept secret.
   * @throws {InvalidArgumentError} If there are no keys, or one is too short.
   */
  constructor(keys: readonly string[]) {
    const short = keys.findIndex((key) => key.length < 16);
    if (keys.length === 0 || short >= 0) {
      // The message must not show a key.
      throw new InvalidArgumentError(
        keys.length === 0
          ? "Cannot serve with an empty list of keys, which lets nobody in: give keys, or no list"
          : `Cannot use API key number ${short + 1} as it has fewer than 16 characters: ` +
            `make one with openssl rand -hex 32`,
      );
    }
    this.#hashes = Promise.all(keys.map((key) => {
      const hex = key.match(HASHED)?.[1];
      return hex ? fromHex(hex) : sha256(key);
    }));
  }

  /**
   * Finds the key of a request: `Authorization: Bearer <key>` or `X-API-Key: <key>`.
   *
   * @returns A name of the key for rate limits: the beginning of its hash.
   * @throws {ProblemError} `unauthorized` if there is none or a wrong one.
   */
  async check(headers: Headers): Promise<string> {
    const given = headers.get("authorization")?.match(/^Bearer +(\S+)$/i)?.[1] ??
      headers.get("x-api-key");
    const hash = given ? await sha256(given) : new Uint8Array(32);
    let found = false;
    for (const known of await this.#hashes) {
      let different = 0;
      for (let i = 0; i < known.length; i++) different |= known[i] ^ hash[i];
      found = different === 0 || found;
    }
    if (given && found) return toHex(hash.subarray(0, 6));
    throw new ProblemError(
      "unauthorized",
      given
        ? "The API key is not known: check it, or ask the operator for one"
        : "There is no API key: send it as Authorization: Bearer <key>, or as X-API-Key",
      { headers: { "www-authenticate": 'Bearer realm="maskinv"' } },
    );
  }
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
