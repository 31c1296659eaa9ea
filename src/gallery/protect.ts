// Cancelable templates: a rotation that only the holder of a key knows, so that a stolen gallery can be revoked.
// Rotations keep every cosine: scores, thresholds and error rates stay what they were.

import { InvalidArgumentError } from "../base/errors.ts";
import { Template } from "../pipeline/score/template.ts";
import { type GalleryKey, importSecret } from "./file_cipher.ts";
import { rotate, rotationBytes, rotationMatrix } from "./protect_rotation.ts";

/** Rotates templates by a key. */
export interface TemplateProtection {
  /** Tells keys apart without giving them away: 16 hexadecimal digits, part of the model of protected templates. */
  readonly keyId: string;
  /** The number of dimensions it is for. */
  readonly size: number;
  /**
   * The template under the key; one that already is comes back as it is. Comparable with templates under the same key
   * only.
   *
   * @throws {InvalidArgumentError} If the template has another number of dimensions, or is under another key.
   */
  protect(template: Template): Template;
}

/** What stands between the model and the key in `Template.model`. */
export const PROTECTION_MARK = "+key:";

/**
 * Makes the protection of a key: a random rotation from HKDF-SHA-256 and AES-256-CTR. To revoke, enrol again from
 * photos, or rotate back and forth with both keys, under a new key: the old templates match nothing any more.
 *
 * What it gives: without the key, templates of different keys are unlinkable by their scores, and a stolen template
 * is useless at a verifier with a new key. What it does not give: who has the key can undo the rotation; who knows as
 * many templates with and without the rotation as there are dimensions can compute it; and scores between templates
 * of one key are unchanged, so that two whole galleries of the same people can be linked by their patterns of scores.
 * The two numbers of a normalisation are stored as they are: by them the very same template is known again under another
 * key; search by cosines (`normalize: "none"` of the verifier and the thresholds) where that must not be. Encrypt galleries
 * as well.
 *
 * @param key 16 or more random bytes (32 are usual), or a CryptoKey for HKDF. Another key than the gallery's.
 * @param size The number of dimensions of the templates, 2 or more.
 * @returns The protection. The same key gives the same rotation within double precision, on any host.
 * @throws {GalleryKeyError} If the key is too short.
 * @throws {InvalidArgumentError} If the size is not a whole number from 2 to 4096.
 *
 * @example
 * ```ts
 * import { createProtection } from "@maskinv/maskinv/gallery";
 * import { compareTemplates, Template } from "@maskinv/maskinv/score";
 *
 * const { protect } = await createProtection(crypto.getRandomValues(new Uint8Array(32)), 2);
 * const a = new Template([1, 0], "my-model"), b = new Template([1, 1], "my-model");
 * console.log(compareTemplates(protect(a), protect(b)).toFixed(3)); // 0.707
 * ```
 */
export async function createProtection(
  key: GalleryKey,
  size: number,
): Promise<TemplateProtection> {
  if (!(Number.isInteger(size) && size >= 2 && size <= 4096)) {
    throw new InvalidArgumentError(
      `Cannot protect templates of ${size} numbers: give a whole number from 2 to 4096`,
    );
  }
  const secret = await importSecret(key), keyId = await protectionKeyId(secret);
  const stream = await crypto.subtle.deriveKey(
    hkdf("stream"),
    secret,
    { name: "AES-CTR", length: 256 },
    false,
    ["encrypt"],
  );
  const random = await crypto.subtle.encrypt(
    { name: "AES-CTR", counter: new Uint8Array(16), length: 64 },
    stream,
    new Uint8Array(rotationBytes(size)),
  );
  const matrix = rotationMatrix(new Uint8Array(random), size);
  return {
    keyId,
    size,
    protect: (template): Template => {
      const { model, embedding, normalization } = template;
      if (model.endsWith(`${PROTECTION_MARK}${keyId}`)) return template;
      if (embedding.length !== size || model.includes(PROTECTION_MARK)) {
        throw new InvalidArgumentError(
          `Cannot protect a template of ${embedding.length} numbers ` +
            (model.includes(PROTECTION_MARK)
              ? "that is under another key"
              : `with a rotation of ${size}`) +
            `: give one of ${size} numbers as embed makes it`,
        );
      }
      // What it scores with the cohort is the same under every rotation.
      return new Template(
        rotate(matrix, embedding),
        `${model}${PROTECTION_MARK}${keyId}`,
        normalization,
      );
    },
  };
}

/** The number of a key, without the work of making its rotation. */
export async function protectionKeyId(key: GalleryKey): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf("id"), await importSecret(key), 64);
  return Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function hkdf(info: string): HkdfParams {
  return {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: new TextEncoder().encode(`maskinv template rotation ${info}`),
  };
}
