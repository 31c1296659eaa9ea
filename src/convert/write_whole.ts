// Writes a file piece by piece: the new file appears when it is whole, or not at all.

import { CheckpointError } from "../base/errors.ts";

/** Writes `out` beside itself as `.part` and renames it; throws CheckpointError if that fails. */
export async function writeWhole(
  out: string,
  pieces: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const [fs, { createHash }] = await Promise.all([import("node:fs"), import("node:crypto")]);
  const part = `${out}.part`, hash = createHash("sha256");
  let bytes = 0;
  let file: number | undefined;
  try {
    file = fs.openSync(part, "w");
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) at += fs.writeSync(file, piece, at);
      hash.update(piece);
      bytes += piece.length;
    }
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(part, out);
  } catch (error) {
    if (file !== undefined) {
      try {
        fs.closeSync(file);
      } catch {
        // It was closed before the rename failed.
      }
      fs.rmSync(part, { force: true });
    }
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(
      `Cannot write ${out} as ${
        (error as Error).message
      }: check the folder and the space that is left`,
      { cause: error },
    );
  }
  return { bytes, sha256: hash.digest("hex") };
}
