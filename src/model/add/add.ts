// Adds a model to the user's folder: fetched or copied, compared with its hash, checked against its family, tried, and
// only then in the manifest. What fails on the way leaves the folder as it was, but for a part that can be gone on with.

import { InvalidArgumentError, ModelError } from "../../base/errors.ts";
import { publicName } from "../../image/name.ts";
import { writeWhole, writing } from "../../base/write_error.ts";
import { type Family, familyOf } from "../families.ts";
import { CONDITION_OUTPUT, type ModelEntry } from "../manifest.ts";
import { hashHex, openModels } from "../model.ts";
import { download, type DownloadOptions, dropPart, MAX_DOWNLOAD } from "./download.ts";
import { changeFolder, entryJson, readFolder } from "./folder.ts";
import { inspectModel } from "./inspect.ts";
import { tryModel } from "./trial.ts";

/** What to add and as what. */
export interface AddOptions extends Pick<DownloadOptions, "maxBytes" | "silence" | "progress"> {
  /** The family. */
  readonly like: string;
  /** Its name in the manifest; by default the file's without its ending. */
  readonly name?: string;
  /** SHA-256 that the file must have, 64 hexadecimal digits. */
  readonly sha256?: string;
  /** Numbers of a template, if they are not the family's. */
  readonly templateSize?: number;
  /** Licence of the weights, in words. */
  readonly license?: string;
}

/** What was added. */
export interface Added {
  readonly entry: ModelEntry;
  readonly bytes: number;
  /** SHA-256 of the file that was given. */
  readonly given: string;
  /** Whether the file was changed to take more than one picture a run. */
  readonly rebatched: boolean;
}

/**
 * Adds a model.
 *
 * @param source A path, or an https URL.
 * @param folder The user's model folder; made if it does not exist.
 * @throws {InvalidArgumentError} If an option or the URL is not one that can be used.
 * @throws {DownloadError} If the download fails.
 * @throws {ModelError} If the file is not what its hash or its family says.
 * @throws {WriteError} If the folder cannot be written.
 */
export async function addModel(
  source: string,
  folder: string,
  options: AddOptions,
): Promise<Added> {
  const { templateSize } = options;
  const family = { ...familyOf(options.like), ...(templateSize !== undefined && { templateSize }) };
  const name = options.name ?? stemOf(source);
  await checkName(name, folder);
  const sha256 = options.sha256?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new InvalidArgumentError(
      `Cannot pin SHA-256 "${options.sha256}": give 64 hexadecimal digits`,
    );
  }
  const fetched = await fetchBytes(source, folder, sha256, options);
  const label = publicName(source);
  const given = await hashHex(fetched.bytes);
  if (sha256 !== undefined && given !== sha256) {
    await fetched.drop();
    throw new ModelError(
      `Cannot use ${label} (${fetched.bytes.length} bytes) as its SHA-256 is ${given} and ${sha256} was asked for: ` +
        `check where it comes from`,
    );
  }
  try {
    const added = await accept(fetched.bytes, { label, folder, name, given, family, options });
    await fetched.drop();
    return added;
  } catch (error) {
    // A whole file that is refused would be refused again: nothing is gained by keeping it.
    await fetched.drop();
    throw error;
  }
}

interface Candidate {
  /** Where it comes from, as it may be printed and written down. */
  readonly label: string;
  readonly folder: string;
  readonly name: string;
  readonly given: string;
  readonly family: Family;
  readonly options: AddOptions;
}

async function accept(
  bytes: Uint8Array<ArrayBuffer>,
  { label, folder, name, given, family, options }: Candidate,
): Promise<Added> {
  const inspected = inspectModel(bytes, family, label);
  const entry: ModelEntry = {
    name,
    file: `${name}.onnx`,
    sha256: inspected.rebatched ? await hashHex(inspected.bytes) : given,
    origin: inspected.rebatched
      ? `${label} (SHA-256 ${given}), changed to a batch of any size`
      : label,
    license: options.license ?? "not told: see where it comes from",
    family: family.name,
    inputName: inspected.inputName,
    input: family.input,
    batched: true,
    outputs: [inspected.output, ...inspected.condition ? [CONDITION_OUTPUT] : []],
    templateSize: family.templateSize,
    output: family.output,
  };
  await tryModel({ entry, bytes: inspected.bytes }, label);
  const path = `${folder}/${entry.file}`;
  writing(folder, () => Deno.mkdirSync(folder, { recursive: true }));
  writeWhole(path, inspected.bytes);
  await changeFolder(folder, name, entryJson(entry));
  return { entry, bytes: inspected.bytes.length, given, rebatched: inspected.rebatched };
}

async function checkName(name: string, folder: string): Promise<void> {
  if (!/^\w[\w.-]{0,99}$/.test(name)) {
    throw new InvalidArgumentError(
      `Cannot call a model "${name}": give a --name of letters, digits, dots and dashes`,
    );
  }
  const { manifest } = await openModels();
  if (Object.hasOwn(manifest, name) || Object.hasOwn(await readFolder(folder), name)) {
    throw new InvalidArgumentError(
      `Cannot call a model "${name}" as there is one of this name: give another --name, or remove that one`,
    );
  }
}

function stemOf(source: string): string {
  const path = URL.canParse(source) ? new URL(source).pathname : source;
  return decodeURIComponent(path.split(/[/\\]/).at(-1)!).replace(/\.onnx$/i, "");
}

interface Fetched {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Removes what the download left. */
  drop(): Promise<void>;
}

async function fetchBytes(
  source: string,
  folder: string,
  sha256: string | undefined,
  options: AddOptions,
): Promise<Fetched> {
  if (!/^[a-z][a-z+.-]+:/i.test(source)) {
    return { bytes: await readCapped(source, options.maxBytes), drop: () => Promise.resolve() };
  }
  const url = new URL(source);
  writing(folder, () => Deno.mkdirSync(folder, { recursive: true }));
  // Named by the URL, so that parts of different files never meet.
  const id = (await hashHex(new TextEncoder().encode(url.href))).slice(0, 16);
  const part = `${folder}/${id}.part`;
  await download(url, part, { ...options, pinned: sha256 !== undefined });
  return { bytes: await readCapped(part, options.maxBytes), drop: () => dropPart(part) };
}

async function readCapped(
  path: string,
  limit = MAX_DOWNLOAD,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await Deno.stat(path);
    if (size > limit) {
      throw new ModelError(
        `Cannot read ${path} as it has ${size} bytes and the limit is ${limit}: pass --max-bytes to allow it`,
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(`Cannot read ${path} as ${(cause as Error).message}: check the path`, {
      cause,
    });
  }
}
