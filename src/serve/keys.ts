// API keys. Only their hashes are compared, all of them and to the last byte, so that the time an answer takes says
// nothing about a key. hono reads the headers; it compares keys in clear, of which this server keeps none.

import type { Context, MiddlewareHandler } from "npm:hono@4.13.19";
import { bearerAuth } from "npm:hono@4.13.19/bearer-auth";
import { InvalidArgumentError } from "../base/errors.ts";
import { ProblemError } from "./problem.ts";

const HASHED = /^sha256:([0-9a-f]{64})$/i;

/** What an Authorization header can hold: RFC 6750's b64token. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** What the middleware leaves for those after it. */
export interface KeyVariables {
  /** The beginning of the hash of the client's key. */
  readonly Variables: { key?: string };
}

/** The keys that open a server. */
export class KeyRing {
  readonly #hashes: Promise<Uint8Array[]>;

  /**
   * @param keys Keys of 16 characters and more, or `sha256:` and the hash of one, which need not be kept secret.
   * @throws {InvalidArgumentError} If there are no keys, or one is too short or cannot be sent.
   */
  constructor(keys: readonly string[]) {
    const bad = keys.findIndex((key) =>
      !HASHED.test(key) && !(key.length >= 16 && TOKEN.test(key))
    );
    if (keys.length === 0 || bad >= 0) {
      // The message must not show a key.
      throw new InvalidArgumentError(
        keys.length === 0
          ? "Cannot serve with an empty list of keys, which lets nobody in: give keys, or no list"
          : `Cannot use API key number ${
            bad + 1
          } as it has fewer than 16 characters, or other ones than ` +
            `letters, digits and -._~+/: make one with openssl rand -hex 32`,
      );
    }
    this.#hashes = Promise.all(keys.map((key) => {
      const hex = key.match(HASHED)?.[1];
      return hex ? Uint8Array.fromHex(hex) : sha256(key);
    }));
  }

  /** A name for a key, which is the beginning of its hash; undefined if the key is not known. */
  async nameOf(key: string): Promise<string | undefined> {
    const hash = await sha256(key);
    let found = false;
    for (const known of await this.#hashes) {
      let different = 0;
      for (let i = 0; i < known.length; i++) different |= known[i] ^ hash[i];
      found = different === 0 || found;
    }
    return found ? hash.subarray(0, 6).toHex() : undefined;
  }
}

/** Lets in who sends a key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`; else throws `unauthorized`. */
export function authentication(ring: KeyRing): MiddlewareHandler<KeyVariables> {
  const none = (): never => {
    throw unauthorized(
      "There is no API key: send it as Authorization: Bearer <key>, or as X-API-Key",
    );
  };
  const wrong = (): never => {
    throw unauthorized("The API key is not known: check it, or ask the operator for one");
  };
  const options = {
    noAuthenticationHeader: { message: none },
    invalidAuthenticationHeader: { message: wrong },
    invalidToken: { message: wrong },
  };
  const verifyToken = async (key: string, c: Context<KeyVariables>): Promise<boolean> => {
    const name = await ring.nameOf(key);
    c.set("key", name);
    return name !== undefined;
  };
  const bearer = bearerAuth<KeyVariables>({ ...options, verifyToken });
  const header = bearerAuth<KeyVariables>({
    ...options,
    verifyToken,
    headerName: "X-API-Key",
    prefix: "",
  });
  return (c, next) =>
    c.req.header("authorization") === undefined && c.req.header("x-api-key") !== undefined
      ? header(c, next)
      : bearer(c, next);
}

function unauthorized(detail: string): ProblemError {
  return new ProblemError("unauthorized", detail, {
    headers: { "www-authenticate": 'Bearer realm="maskinv"' },
  });
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
