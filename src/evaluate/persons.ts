// The persons behind labelled scores, numbered without gaps: what a bootstrap draws from.

import { InvalidArgumentError } from "../base/errors.ts";
import type { LabelledScores } from "./scores.ts";

/** Identity indices are looked up in a table as long as the largest. */
const MAX_IDENTITIES = 1 << 24;

/** The persons that occur in labelled scores. */
export class Persons {
  /** How many persons there are. */
  readonly count: number;
  /** How many of them have genuine comparisons. */
  readonly genuine: number;
  /** How many of them have impostor comparisons. */
  readonly impostor: number;
  readonly #numbers: Uint32Array;

  /** Numbers the persons; throws InvalidArgumentError if an index is too large for a table. */
  constructor({ genuineIdentity, impostorIdentities }: LabelledScores) {
    const largest = Math.max(max(genuineIdentity), max(impostorIdentities));
    if (largest >= MAX_IDENTITIES) {
      throw new InvalidArgumentError(
        `Cannot resample persons as one has the index ${largest}: number them from 0 on, below ${MAX_IDENTITIES}`,
      );
    }
    const seen = new Uint8Array(largest + 1);
    for (let i = 0; i < genuineIdentity.length; i++) seen[genuineIdentity[i]] |= 1;
    for (let i = 0; i < impostorIdentities.length; i++) seen[impostorIdentities[i]] |= 2;
    this.#numbers = new Uint32Array(seen.length);
    let count = 0, genuine = 0, impostor = 0;
    for (let person = 0; person < seen.length; person++) {
      if (seen[person] === 0) continue;
      this.#numbers[person] = count++;
      if (seen[person] & 1) genuine++;
      if (seen[person] & 2) impostor++;
    }
    this.count = count;
    this.genuine = genuine;
    this.impostor = impostor;
  }

  /** The persons of ordered scores, where every `stride`-th identity from `offset` on belongs to a score. */
  follow(identities: Uint32Array, order: Uint32Array, stride: number, offset: number): Uint32Array {
    const out = new Uint32Array(order.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = this.#numbers[identities[stride * order[i] + offset]];
    }
    return out;
  }
}

function max(values: Uint32Array): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > found) found = values[i];
  return found;
}
