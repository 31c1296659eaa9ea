// Where the photo of a person with a number lies: LFW's lists say "Ann 1" and mean Ann/Ann_0001.jpg, and copies of such
// data sets have other formats, endings in capitals, or numbers without the zeros. Each folder is listed once.

import { listFolder, pathKind } from "./files.ts";

/** The photos of a folder with a folder per person. */
export class PersonPhotos {
  readonly #root: string;
  /** For each person, file names by what stands before their ending. */
  readonly #people = new Map<string, Map<string, string>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The path below the root of the photo, as LFW would have it if there is none. */
  async find(person: string, number: string): Promise<string> {
    const names = await this.#namesOf(person);
    const padded = `${person}_${number.padStart(4, "0")}`, plain = `${person}_${Number(number)}`;
    return `${person}/${names.get(padded) ?? names.get(plain) ?? `${padded}.jpg`}`;
  }

  async #namesOf(person: string): Promise<Map<string, string>> {
    const known = this.#people.get(person);
    if (known) return known;
    const folder = `${this.#root}/${person}`, names = new Map<string, string>();
    if (await pathKind(folder) === "folder") {
      for (const name of (await listFolder(folder)).photos) {
        const stem = name.replace(/\.[^.]*$/, "");
        // Of two formats of one photo the one that LFW itself has.
        if (!names.has(stem) || /\.jpe?g$/i.test(name)) names.set(stem, name);
      }
    }
    this.#people.set(person, names);
    return names;
  }
}
