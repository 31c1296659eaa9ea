// From pairs of named photos to a data set: each photo once, each person one number.
// The common end of the readers of LFW, MFR2 and CSV.

import type { DatasetImage, DatasetPair } from "./dataset.ts";

/** A photo as a list names it. */
export interface NamedPhoto {
  /** What reports call it, and what tells it from other photos. */
  readonly id: string;
  /** Who it shows. */
  readonly person: string;
  /** Whether a mask is worn, if the list says so. */
  readonly masked?: boolean;
}

/** Collects photos and gives each its index. */
export class PhotoList {
  readonly #make: (photo: NamedPhoto, identity: number) => DatasetImage;
  readonly #indices = new Map<string, number>();
  readonly #persons = new Map<string, number>();
  /** The photos so far. */
  readonly images: DatasetImage[] = [];

  /** `make` gives the photo that can be loaded. */
  constructor(make: (photo: NamedPhoto, identity: number) => DatasetImage) {
    this.#make = make;
  }

  /** The index of a photo, which is added if it is new. */
  add(photo: NamedPhoto): number {
    const known = this.#indices.get(photo.id);
    if (known !== undefined) return known;
    let identity = this.#persons.get(photo.person);
    if (identity === undefined) this.#persons.set(photo.person, identity = this.#persons.size);
    this.#indices.set(photo.id, this.images.length);
    return this.images.push(this.#make(photo, identity)) - 1;
  }

  /** A pair of photos. */
  pair(probe: NamedPhoto, reference: NamedPhoto, genuine: boolean): DatasetPair {
    return { probe: this.add(probe), reference: this.add(reference), genuine };
  }
}
