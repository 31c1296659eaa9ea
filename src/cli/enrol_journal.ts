// Which photos of a folder were enrolled before, so that a bulk enrolment that was stopped goes on where it was.
// It holds salted hashes and no names. It only saves time: a photo that it lacks is looked at once more, and the gallery
// knows its template.

import { createHash, randomBytes } from "node:crypto";
import { InvalidArgumentError } from "../base/errors.ts";

/** A photo as it lies on the disk. */
export interface PhotoFile {
  /** Where it is. */
  readonly path: string;
  /** The person's folder and the file's name. */
  readonly name: string;
  readonly bytes: number;
  /** When it was changed, in milliseconds; 0 if the file system does not say. */
  readonly changed: number;
}

const HEAD = /^maskinv enrolled photos 1 ([0-9a-f]{32})$/;
const LINE = /^[0-9a-f]{32}$/;

/** A journal: a file to which a line is added after each enrolment that the gallery has acknowledged. */
export class EnrolJournal implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #salt: string;
  readonly #known: Set<string>;
  #isFull = false;

  private constructor(file: Deno.FsFile, salt: string, known: Set<string>) {
    this.#file = file;
    this.#salt = salt;
    this.#known = known;
  }

  /**
   * Opens a journal, or makes one.
   *
   * @throws {InvalidArgumentError} If the file is something else, or cannot be read or written.
   */
  static open(path: string): EnrolJournal {
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
      const text = Deno.readTextFileSync(path), [head, ...lines] = text.split("\n");
      const salt = HEAD.exec(head)?.[1] ?? randomBytes(16).toString("hex");
      if (text !== "" && !HEAD.test(head)) {
        throw new InvalidArgumentError("it is another file: give --journal a path of its own");
      }
      const journal = new EnrolJournal(
        file,
        salt,
        new Set(lines.filter((line) => LINE.test(line))),
      );
      if (text === "") journal.#write(`maskinv enrolled photos 1 ${salt}\n`);
      // A process that was killed may have left half a line.
      else if (!text.endsWith("\n")) journal.#write("\n");
      return journal;
    } catch (error) {
      file?.close();
      throw new InvalidArgumentError(
        `Cannot use the journal ${path} as ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** Whether a photo was enrolled under an identity and has not changed since. */
  has(identity: string, photo: PhotoFile): boolean {
    return this.#known.has(this.#digest(identity, photo));
  }

  /** Notes a photo; on a full disk it is not noted, and looked at once more the next time. */
  add(identity: string, photo: PhotoFile): void {
    const digest = this.#digest(identity, photo);
    if (this.#known.has(digest)) return;
    this.#known.add(digest);
    if (this.#isFull) return;
    try {
      this.#write(`${digest}\n`);
    } catch {
      this.#isFull = true;
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #digest(identity: string, { name, bytes, changed }: PhotoFile): string {
    const text = JSON.stringify([this.#salt, identity, name, bytes, changed]);
    return createHash("sha256").update(text).digest("hex").slice(0, 32);
  }

  #write(text: string): void {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
  }
}
