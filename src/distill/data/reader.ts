// Reads single records of the shards: files stay open, and the system's page cache serves all workers at once.

import { InvalidArgumentError } from "../../errors.ts";
import type { IndexedPhoto } from "./index_file.ts";
import { type PhotoRecord, readRecord, recordBytes } from "./record.ts";
import { shardPath } from "./shard.ts";

/** Reads records by where they are. */
export class RecordReader implements Disposable {
  readonly #folder: string;
  readonly #templateSize: number;
  readonly #files = new Map<number, Deno.FsFile>();

  constructor(folder: string, templateSize: number) {
    this.#folder = folder;
    this.#templateSize = templateSize;
  }

  /** The record of a photo. */
  read({ shard, record }: IndexedPhoto): PhotoRecord {
    let file = this.#files.get(shard);
    if (!file) {
      file = Deno.openSync(`${shardPath(this.#folder, shard)}.bin`);
      this.#files.set(shard, file);
    }
    const bytes = new Uint8Array(recordBytes(this.#templateSize));
    file.seekSync(record * bytes.length, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const read = file.readSync(bytes.subarray(at));
      if (read === null) {
        throw new InvalidArgumentError(
          `Cannot read record ${record} of ${
            shardPath(this.#folder, shard)
          }.bin as the file ends before it: ` +
            `prepare the photos again`,
        );
      }
      at += read;
    }
    return readRecord(bytes, this.#templateSize);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}
