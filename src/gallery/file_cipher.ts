// Seals the records of a log: AES-256-GCM under a key of this file alone, or a CRC-32 where no key was wanted.
// Both cover the file's header and the record's number, so that a record cannot be moved, copied from another file,
// repeated or left out without being noticed.

import { concatBytes } from "../base/concat.ts";
import { GalleryCorruptError, GalleryKeyError } from "./errors.ts";

/**
 * A gallery's secret: 16 bytes or more of a good random generator (32 are usual), or a CryptoKey for HKDF that may
 * derive keys and bits.
 */
export type GalleryKey = CryptoKey | Uint8Array;

/** Asks for the secret when the gallery opens: an environment variable, a prompt, a key management service. */
export type KeySource = () => Promise<GalleryKey> | GalleryKey;

/** Seals and opens records. */
export interface Cipher {
  /** The first bytes of the file. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The version of the file: from 2 on records may have normalisations. */
  readonly version: number;
  /** How many bytes a body has more than its payload. */
  readonly overhead: number;
  /** The body of a record; `context` is what it is bound to. */
  seal(payload: Uint8Array<ArrayBuffer>, context: Uint8Array): Promise<Uint8Array>;
  /** The payload of a body, or `undefined` if body or context were changed. */
  open(
    body: Uint8Array<ArrayBuffer>,
    context: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Bytes of the header: magic 8, version 4, flags 4, salt 16, key check 16, CRC-32 of these 4. */
export const HEADER_SIZE = 52;

const MAGIC = "MASKINVG", VERSION = 2, ENCRYPTED = 1;
const NONCE_SIZE = 12, TAG_SIZE = 16, CRC_SIZE = 4;

type Crc32 = (data: Uint8Array) => number;

/** Makes the cipher of a new file: a new salt, and by it a new key, each time. */
export async function createCipher(key: KeySource | undefined): Promise<Cipher> {
  const { crc32 } = await import("node:zlib");
  const header = new Uint8Array(HEADER_SIZE), view = new DataView(header.buffer);
  new TextEncoder().encodeInto(MAGIC, header);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, key ? ENCRYPTED : 0, true);
  const salt = crypto.getRandomValues(header.subarray(16, 32));
  const derived = key && await derive(await key(), salt);
  if (derived) header.set(derived.check, 32);
  view.setUint32(HEADER_SIZE - 4, crc32(header.subarray(0, -4)), true);
  return derived
    ? new AesCipher(header, VERSION, derived.aes)
    : new PlainCipher(header, VERSION, crc32);
}

/**
 * Makes the cipher of a file that exists.
 *
 * @throws {GalleryCorruptError} If the header is not one.
 * @throws {GalleryKeyError} If the key is missing, not wanted or wrong.
 */
export async function openCipher(
  header: Uint8Array<ArrayBuffer>,
  key: KeySource | undefined,
  label: string,
): Promise<Cipher> {
  const { crc32 } = await import("node:zlib");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const magic = new TextDecoder().decode(header.subarray(0, MAGIC.length));
  if (
    header.length < HEADER_SIZE || magic !== MAGIC ||
    view.getUint32(HEADER_SIZE - 4, true) !== crc32(header.subarray(0, -4))
  ) {
    throw new GalleryCorruptError(
      `Cannot open ${label} as its header is damaged or it is no gallery: restore it from a backup`,
    );
  }
  const version = view.getUint32(8, true);
  if (!(version >= 1 && version <= VERSION)) {
    throw new GalleryCorruptError(
      `Cannot open ${label} as it has version ${version} and this program knows versions 1 to ` +
        `${VERSION}: use a newer program`,
    );
  }
  if (!(view.getUint32(12, true) & ENCRYPTED)) {
    if (!key) return new PlainCipher(header, version, crc32);
    throw new GalleryKeyError(
      `Cannot open ${label} with a key as it is not encrypted: open it without, and compact it with the key`,
    );
  }
  if (!key) throw new GalleryKeyError(`Cannot open ${label} as it is encrypted: give its key`);
  const { aes, check } = await derive(await key(), header.subarray(16, 32));
  if (check.some((byte, i) => byte !== header[32 + i])) {
    throw new GalleryKeyError(
      `Cannot open ${label} as the key is not the one it was made with: give that one`,
    );
  }
  return new AesCipher(header, version, aes);
}

/** HKDF-SHA-256 (RFC 5869) gives the file's own AES key, and bits by which a wrong key is known. */
async function derive(
  key: GalleryKey,
  salt: Uint8Array<ArrayBuffer>,
): Promise<{ aes: CryptoKey; check: Uint8Array }> {
  const secret = await importSecret(key);
  const hkdf = (info: string): HkdfParams => ({
    name: "HKDF",
    hash: "SHA-256",
    salt,
    info: new TextEncoder().encode(`maskinv gallery ${info}`),
  });
  const aes = await crypto.subtle.deriveKey(
    hkdf("records"),
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  return { aes, check: new Uint8Array(await crypto.subtle.deriveBits(hkdf("check"), secret, 128)) };
}

/** A secret as a CryptoKey for HKDF. */
export async function importSecret(key: GalleryKey): Promise<CryptoKey> {
  if (!(key instanceof Uint8Array)) return key;
  if (key.length < 16) {
    throw new GalleryKeyError(
      `Cannot use a key of ${key.length} bytes: give 16 or more random bytes, 32 are usual`,
    );
  }
  const usages: KeyUsage[] = ["deriveKey", "deriveBits"];
  return await crypto.subtle.importKey("raw", Uint8Array.from(key), "HKDF", false, usages);
}

/** AES-256-GCM with a random nonce: a number may come again after a torn record was cut off, a nonce must not. */
class AesCipher implements Cipher {
  readonly overhead = NONCE_SIZE + TAG_SIZE;

  constructor(
    readonly header: Uint8Array<ArrayBuffer>,
    readonly version: number,
    readonly aes: CryptoKey,
  ) {}

  async seal(payload: Uint8Array<ArrayBuffer>, context: Uint8Array): Promise<Uint8Array> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE));
    const sealed = await crypto.subtle.encrypt(this.#gcm(nonce, context), this.aes, payload);
    return concatBytes([nonce, new Uint8Array(sealed)]);
  }

  async open(
    body: Uint8Array<ArrayBuffer>,
    context: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const nonce = body.slice(0, NONCE_SIZE);
    try {
      return new Uint8Array(
        await crypto.subtle.decrypt(
          this.#gcm(nonce, context),
          this.aes,
          body.subarray(NONCE_SIZE),
        ),
      );
    } catch (error) {
      if (error instanceof DOMException) return undefined;
      throw error;
    }
  }

  #gcm(iv: Uint8Array<ArrayBuffer>, context: Uint8Array): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: concatBytes([this.header, context]) };
  }
}

/** A CRC-32: finds accidents, not intent. */
class PlainCipher implements Cipher {
  readonly overhead = CRC_SIZE;

  constructor(
    readonly header: Uint8Array<ArrayBuffer>,
    readonly version: number,
    readonly crc32: Crc32,
  ) {}

  seal(payload: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    const crc = new Uint8Array(CRC_SIZE);
    new DataView(crc.buffer).setUint32(0, this.#crc(payload, context), true);
    return Promise.resolve(concatBytes([crc, payload]));
  }

  open(
    body: Uint8Array<ArrayBuffer>,
    context: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (body.length < CRC_SIZE) return Promise.resolve(undefined);
    const payload = body.subarray(CRC_SIZE);
    const crc = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
    return Promise.resolve(crc === this.#crc(payload, context) ? payload : undefined);
  }

  #crc(payload: Uint8Array, context: Uint8Array): number {
    // Without its own checksum: any bytes with their CRC-32 behind them give the same CRC-32.
    return this.crc32(concatBytes([this.header.subarray(0, -4), context, payload]));
  }
}
