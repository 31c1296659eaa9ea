// `enrol --folder people`: enrols a folder with a sub-folder of photos for each person, whose name is the identity.
// Each photo is stored before the next is looked at, so that stopping at any moment loses none; run again, it goes on.

import type { Enrolment, Gallery } from "../gallery/mod.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { counted } from "../base/counted.ts";
import { durationText } from "../base/duration.ts";
import { isOfPhoto } from "./each_photo.ts";
import type { EnrolJournal, PhotoFile } from "./enrol_journal.ts";
import { INTERRUPTED } from "./evaluate_options.ts";
import type { Terminal } from "./terminal.ts";

/** A person's sub-folder. */
interface Person {
  readonly identity: string;
  readonly photos: readonly PhotoFile[];
}

/** What a folder holds. */
export interface PeopleFolder {
  /** People with at least one photo, in the order of their names. */
  readonly people: readonly Person[];
  /** What is no photo of a person, and was left out. */
  readonly ignored: readonly string[];
}

/** Names of photos. Files that macOS puts beside others begin with a dot. */
const PHOTO = /^[^.].*\.(jpe?g|jfif|png|gif|webp|avif|hei[cf]|bmp|tiff?)$/i;

/**
 * Lists the people of a folder.
 *
 * @throws {InvalidArgumentError} If it cannot be read, or has no sub-folder with photos.
 */
export async function listPeople(folder: string): Promise<PeopleFolder> {
  const people = new Map<string, PhotoFile[]>(), ignored: string[] = [];
  for (const person of await namesIn(folder)) {
    const inside = await statOf(`${folder}/${person}`);
    if (person.startsWith(".") || !inside?.isDirectory) {
      ignored.push(person);
      continue;
    }
    // Two forms of one name, as of an archive made on macOS, are one person.
    const identity = person.normalize("NFC"), before = ignored.length;
    for (const file of await namesIn(`${folder}/${person}`)) {
      const name = `${person}/${file}`, path = `${folder}/${name}`, stat = await statOf(path);
      if (!stat?.isFile || !PHOTO.test(file)) {
        ignored.push(name);
        continue;
      }
      const photo = { path, name, bytes: stat.size, changed: stat.mtime?.getTime() ?? 0 };
      people.set(identity, [...people.get(identity) ?? [], photo]);
    }
    if (!people.has(identity) && ignored.length === before) {
      ignored.push(`${person}, an empty folder`);
    }
  }
  if (people.size === 0) {
    throw new InvalidArgumentError(
      `Cannot enrol ${folder} as no sub-folder of it holds photos: ` +
        `put the photos of each person into a folder with the person's name`,
    );
  }
  return { people: Array.from(people, ([identity, photos]) => ({ identity, photos })), ignored };
}

/** What the loop works with. */
interface BulkWork {
  readonly gallery: Gallery;
  readonly journal?: EnrolJournal;
  readonly force: boolean;
  readonly terminal: Terminal;
  /** Prints what became of a photo, unless it went as it should. */
  readonly show: (result: Enrolment, photo: PhotoFile) => void;
  /** Prints a line about a person; left out where photos are printed as JSON. */
  readonly line?: (text: string) => void;
}

/** Enrols people until the end or Ctrl-C; returns the exit code. */
export async function enrolPeople(
  { people, ignored }: PeopleFolder,
  work: BulkWork,
): Promise<number> {
  const { terminal, line } = work, tally = new Tally(people);
  let stopped = false;
  const stop = (): void => void (stopped = true);
  Deno.addSignalListener("SIGINT", stop);
  try {
    for (const person of people) {
      await enrolPerson(person, work, tally, () => stopped);
      if (stopped) break;
    }
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    terminal.progress("");
  }
  line?.(tally.summary(ignored));
  if (!stopped) return tally.failed > 0 ? 2 : tally.left > 0 ? 1 : 0;
  terminal.err(
    "maskinv: stopped; what was enrolled stays, and the same command goes on from there",
  );
  return INTERRUPTED;
}

async function enrolPerson(
  { identity, photos }: Person,
  work: BulkWork,
  tally: Tally,
  isStopped: () => boolean,
): Promise<void> {
  const { gallery, journal, force, terminal, show, line } = work;
  const noted = photos.filter((photo) => journal?.has(identity, photo));
  // Who was removed, or is in an older copy of the gallery, is enrolled once more, whatever the journal says.
  const isTrue = noted.length > 0 &&
    (await gallery.store.templates(identity)).length >= noted.length;
  const before = tally.copy();
  for (const photo of photos) {
    if (isStopped()) break;
    terminal.progress(tally.progress(photo.name));
    if (isTrue && noted.includes(photo)) {
      tally.before++;
      show({ kind: "enrolled", identity, already: true }, photo);
      continue;
    }
    try {
      const result = await gallery.enrol(identity, photo.path, { force });
      terminal.progress("");
      show(result, photo);
      if (result.kind !== "enrolled") tally.left++;
      else if (result.already) tally.before++;
      else tally.enrolled++;
      if (result.kind === "enrolled") journal?.add(identity, photo);
    } catch (error) {
      // A folder's name that cannot be an identity is about this person alone.
      if (!isOfPhoto(error) && !(error instanceof InvalidArgumentError)) throw error;
      terminal.progress("");
      const where = isOfPhoto(error) ? "" : `${photo.name}: `;
      terminal.err(`maskinv: ${where}${error.message}`);
      tally.failed++;
    }
  }
  line?.(`${identity}: ${tally.since(before)}`);
}

/** Counts, and how fast it goes. */
class Tally {
  readonly #people: readonly Person[];
  readonly #photos: number;
  readonly #start = performance.now();
  enrolled = 0;
  /** Enrolled by an earlier run. */
  before = 0;
  /** Looked at and not enrolled. */
  left = 0;
  /** Could not be read. */
  failed = 0;

  constructor(people: readonly Person[]) {
    this.#people = people;
    this.#photos = people.reduce((sum, { photos }) => sum + photos.length, 0);
  }

  copy(): Pick<Tally, "enrolled" | "before" | "left" | "failed"> {
    const { enrolled, before, left, failed } = this;
    return { enrolled, before, left, failed };
  }

  since(old: Pick<Tally, "enrolled" | "before" | "left" | "failed">): string {
    const parts = [
      [this.enrolled - old.enrolled, "enrolled"],
      [this.before - old.before, "enrolled before"],
      [this.left - old.left, "not enrolled"],
      [this.failed - old.failed, "not read"],
    ];
    return parts.filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`)
      .join(", ") || "nothing done";
  }

  progress(name: string): string {
    const looked = this.enrolled + this.left + this.failed, done = looked + this.before;
    const seconds = (performance.now() - this.#start) / 1000;
    const left = looked >= 5
      ? `, ${durationText((this.#photos - done) * seconds / looked)} left`
      : "";
    const not = this.left + this.failed;
    return `${done + 1}/${this.#photos}${not > 0 ? ` (${not} not enrolled)` : ""}${left}  ${name}`;
  }

  summary(ignored: readonly string[]): string {
    const shown = ignored.slice(0, 3).join(", ") + (ignored.length > 3 ? ", ..." : "");
    return `${counted(this.#photos, "photo")} of ${
      counted(this.#people.length, "person", "people")
    }: ` +
      this.since({ enrolled: 0, before: 0, left: 0, failed: 0 }) +
      (ignored.length > 0
        ? `; ${counted(ignored.length, "other entry", "other entries")} left out (${shown})`
        : "");
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InvalidArgumentError(
      `Cannot read the folder ${folder} as ${
        (error as Error).message
      }: check the path and the permissions`,
      { cause: error },
    );
  }
}

/** What a link leads to; `undefined` if nothing. */
async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  });
}
