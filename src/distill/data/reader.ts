// Reads single records of the shards: files stay open, and the system's page cache serves all workers at once.
// Crops are kept as raw pixels: 62 KB are read in 0.1 ms, a WebP of them would take ten times as long to decode.

import { InvalidArgumentError } from "../../base/errors.ts";
import { CROP_BYTES } from "./crop.ts";
import type { IndexedPhoto } from "./index_file.ts";
import {
  decodeMesh,
  decodeTemplates,
  MESH_BYTES,
  type PhotoRecord,
  recordCount,
  type ShardLayout,
  shardLayout,
} from "./record.ts";
import { shardPath } from "./shard.ts";

interface OpenShard {
  readonly file: Deno.FsFile;
  readonly count: number;
  readonly layout: ShardLayout;
}

/** Reads records by where they are. */
export class RecordReader implements Disposable {
  readonly #folder: string;
  readonly #templateSize: number;
  readonly #shards = new Map<number, OpenShard>();

  constructor(folder: string, templateSize: number) {
    this.#folder = folder;
    this.#templateSize = templateSize;
  }

  /** Returns the record of a photo. */
  read({ shard, record }: IndexedPhoto): PhotoRecord {
    const { count, layout } = this.#open(shard);
    if (record >= count) throw this.#damaged(shard, `it has no record ${record}`);
    const mesh = decodeMesh(this.#bytes(shard, layout.meshes + record * MESH_BYTES, MESH_BYTES));
    const at = record * layout.templateBytes;
    return {
      crop: this.#bytes(shard, layout.crops + record * CROP_BYTES, CROP_BYTES),
      ...(mesh && { mesh }),
      template: decodeTemplates(this.#bytes(shard, at, layout.templateBytes)),
    };
  }

  /** Returns the teacher's templates of all records of a shard, a row each. */
  templates(shard: number): Float32Array<ArrayBuffer> {
    return decodeTemplates(this.#bytes(shard, 0, this.#open(shard).layout.meshes));
  }

  #open(shard: number): OpenShard {
    const known = this.#shards.get(shard);
    if (known) return known;
    const file = Deno.openSync(`${shardPath(this.#folder, shard)}.bin`);
    const { size } = file.statSync(), count = recordCount(size, this.#templateSize);
    if (!Number.isInteger(count)) {
      file.close();
      throw this.#damaged(shard, `it has ${size} bytes, which are no whole records`);
    }
    const opened = { file, count, layout: shardLayout(count, this.#templateSize) };
    this.#shards.set(shard, opened);
    return opened;
  }

  #bytes(shard: number, from: number, length: number): Uint8Array<ArrayBuffer> {
    const { file } = this.#open(shard), bytes = new Uint8Array(length);
    file.seekSync(from, Deno.SeekMode.Start);
    for (let at = 0; at < length;) {
      const read = file.readSync(bytes.subarray(at));
      if (read === null) throw this.#damaged(shard, "it ends too early");
      at += read;
    }
    return bytes;
  }

  #damaged(shard: number, why: string): InvalidArgumentError {
    return new InvalidArgumentError(
      `Cannot read ${shardPath(this.#folder, shard)}.bin as ${why}: ` +
        `delete the shard's .json and .bin and prepare again`,
    );
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const { file } of this.#shards.values()) file.close();
    this.#shards.clear();
  }
}
