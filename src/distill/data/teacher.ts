// The teacher: an embedding network of the model folder by its name, or an ONNX file that is in no manifest.

import { InvalidArgumentError, ModelError } from "../../base/errors.ts";
import { inspectModel } from "../../model/add/inspect.ts";
import { familyOf } from "../../model/families.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import { hashHex, type LoadedModel, type ModelStore } from "../../model/model.ts";

/** A store that has the teacher, and the teacher's name in it. */
export interface TeacherStore {
  readonly store: ModelStore;
  readonly entry: ModelEntry & { readonly templateSize: number };
}

const FILE = /\.onnx$/i;

/**
 * Finds a teacher.
 *
 * @param store The model folder.
 * @param teacher A name in its manifest, or the path of an ONNX file; by default `"teacher"`, else `"student"`.
 * @param like The family that says how a file's network wants its pixels; see `families.ts`.
 * @throws {InvalidArgumentError} If the manifest has no embedding network of this name, or there is no such family.
 * @throws {ModelError} If the file is not a network of the family.
 */
export async function openTeacher(
  store: ModelStore,
  teacher = store.manifest.teacher ? "teacher" : "student",
  like = "arcface_torch",
): Promise<TeacherStore> {
  if (FILE.test(teacher)) return await fileTeacher(store, teacher, like);
  const entry = store.manifest[teacher];
  if (entry?.templateSize !== undefined) {
    return { store, entry: { ...entry, templateSize: entry.templateSize } };
  }
  throw new InvalidArgumentError(
    `Cannot use "${teacher}" as the teacher as the manifest has no embedding model of this name: ` +
      `name another, or an .onnx file`,
  );
}

async function fileTeacher(store: ModelStore, path: string, like: string): Promise<TeacherStore> {
  const family = familyOf(like);
  let file: Uint8Array<ArrayBuffer>;
  try {
    file = await Deno.readFile(path);
  } catch (error) {
    throw new ModelError(
      `Cannot read the teacher ${path} as ${(error as Error).message}: check the path`,
      { cause: error },
    );
  }
  const { bytes, inputName, output } = inspectModel(file, family, path);
  const { input, templateSize } = family;
  const entry = {
    name: path,
    file: path,
    sha256: await hashHex(bytes),
    origin: path,
    license: "not told",
    inputName,
    input,
    batched: true,
    outputs: [output],
    templateSize,
  };
  const load = (name: string): Promise<LoadedModel> =>
    name === path ? Promise.resolve({ entry, bytes }) : store.load(name);
  const { manifest } = store, loadCohort = (name: string) => store.loadCohort(name);
  return { store: { manifest, load, loadCohort }, entry };
}
