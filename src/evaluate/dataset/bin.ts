// insightface's benchmark files (lfw.bin, calfw.bin, cplfw.bin, agedb_30.bin, cfp_fp.bin, cfp_ff.bin): a pickle of the
// encoded 112x112 crops, two per pair, and of whether each pair is genuine. Read by src/pickle, which runs nothing.

import { DatasetError } from "../../base/errors.ts";
import { fileSource } from "../../pickle/source.ts";
import { unpickle } from "../../pickle/unpickle.ts";
import { isBytes, type Pickled, type PickledBytes } from "../../pickle/values.ts";
import type { Dataset, DatasetPair } from "./dataset.ts";
import { baseName } from "./files.ts";
import { cutFolds } from "./folds.ts";

/** Reads the file's list; the pictures stay in the file until they are asked for. */
export async function openBin(path: string): Promise<Dataset> {
  const source = await fileSource(path);
  try {
    const { pictures, genuine } = readShape(unpickle(source, { label: path }), path);
    // The file does not say who is who: the two persons of an impostor pair, or the one of a genuine pair, are new.
    const pairs = genuine.map((same, i): DatasetPair => ({
      probe: 2 * i,
      reference: 2 * i + 1,
      genuine: same,
    }));
    return {
      name: baseName(path),
      kind: "bin",
      aligned: true,
      identified: false,
      images: pictures.map((picture, i) => ({
        id: String(i),
        identity: genuine[i >> 1] ? i - i % 2 : i,
        load: () => Promise.resolve(picture.read()),
      })),
      folds: cutFolds(pairs),
      [Symbol.dispose]: () => source[Symbol.dispose](),
    };
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

function readShape(
  value: Pickled,
  path: string,
): { pictures: readonly PickledBytes[]; genuine: readonly boolean[] } {
  const [pictures, same, ...rest] = Array.isArray(value) ? value as readonly Pickled[] : [];
  if (!Array.isArray(pictures) || !Array.isArray(same) || rest.length > 0) {
    throw wrong(path, "it does not hold a list of pictures and a list of answers");
  }
  if (!pictures.every(isBytes)) throw wrong(path, "its first list has other things than bytes");
  const genuine = same.map((answer: Pickled) => {
    if (answer === true || answer === 1) return true;
    if (answer === false || answer === 0) return false;
    throw wrong(path, "its second list has other things than true and false");
  });
  if (genuine.length === 0 || pictures.length !== 2 * genuine.length) {
    throw wrong(path, `it has ${pictures.length} pictures for ${genuine.length} pairs`);
  }
  return { pictures, genuine };
}

function wrong(path: string, why: string): DatasetError {
  return new DatasetError(
    `Cannot use ${path} as ${why}: give a .bin file of insightface's evaluation sets`,
  );
}
