// What one record of the log says: changes to the gallery, as JSON in front and the embeddings behind it, and behind these,
// if the JSON names a cohort, gain and offset of each template (NaN where a template has none).
// Numbers are little-endian, as on every host that runs WebAssembly.

import { InvalidArgumentError } from "../base/errors.ts";
import { Template } from "../pipeline/score/template.ts";
import { GalleryCorruptError } from "./errors.ts";
import type { GalleryEntry, GalleryModel, PutMode } from "./store.ts";

/** A change to the gallery. */
export type Change =
  | { readonly kind: PutMode; readonly entries: readonly GalleryEntry[] }
  | { readonly kind: "remove"; readonly identities: readonly string[] };

/** The JSON part of a record. */
interface Head {
  readonly kind: Change["kind"];
  /** The model of the embeddings that follow. */
  readonly model?: GalleryModel;
  /** The cohort of the normalisations that follow the embeddings; absent if there are none. */
  readonly cohort?: string;
  /** Names, with the number of templates of each where templates follow. */
  readonly identities: readonly (readonly [identity: string, templates: number])[];
}

/** The most bytes of embeddings in a record: its length is a 32-bit number, and it is held in memory as a whole. */
const MAX_BYTES = 2 ** 30;

/**
 * Writes a change as bytes.
 *
 * @throws {InvalidArgumentError} If it has more templates than fit into a record.
 */
export function encodeChange(change: Change): Uint8Array<ArrayBuffer> {
  const entries = change.kind === "remove"
    ? change.identities.map((identity) => ({ identity, templates: [] }))
    : change.entries;
  const templates: Template[] = entries.flatMap((entry) => [...entry.templates]);
  const size = templates[0]?.embedding.length ?? 0;
  if (4 * size * templates.length > MAX_BYTES) {
    throw new InvalidArgumentError(
      `Cannot write ${templates.length} templates of ${size} numbers at once as they take more than ` +
        `${MAX_BYTES} bytes: put them in several parts`,
    );
  }
  const cohort = templates.find(({ normalization }) => normalization)?.normalization?.cohort;
  const head: Head = {
    kind: change.kind,
    cohort,
    model: size > 0 ? { model: templates[0].model, size } : undefined,
    identities: entries.map(({ identity, templates }) => [identity, templates.length]),
  };
  const json = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(4 + json.length + 4 * (size + (cohort ? 2 : 0)) * templates.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  templates.forEach(({ embedding }, i) => {
    const { buffer, byteOffset, byteLength } = embedding;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), 4 + json.length + 4 * size * i);
  });
  if (cohort) {
    const values = Float32Array.from(
      templates.flatMap(({ normalization }) =>
        normalization?.cohort === cohort ? [normalization.gain, normalization.offset] : [NaN, NaN]
      ),
    );
    bytes.set(new Uint8Array(values.buffer), 4 + json.length + 4 * size * templates.length);
  }
  return bytes;
}

/**
 * Reads a change back.
 *
 * @throws {GalleryCorruptError} If the bytes are not a change.
 */
export function decodeChange(bytes: Uint8Array<ArrayBuffer>, label: string): Change {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const json = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(4, 4 + length));
    const { kind, model, cohort, identities } = JSON.parse(json) as Head;
    if (kind === "remove") return { kind, identities: identities.map(([identity]) => identity) };
    // A copy starts at a multiple of four, as a Float32Array must.
    const values = new Float32Array(bytes.slice(4 + length).buffer);
    const templates = identities.reduce((sum, [, count]) => sum + count, 0);
    const behind = templates * (model?.size ?? 0);
    const announced = behind + (cohort ? 2 * templates : 0);
    if (announced !== values.length || !(kind === "add" || kind === "replace")) {
      throw new Error(`${values.length} numbers follow and ${announced} are announced`);
    }
    let at = 0;
    const entries = identities.map(([identity, count]) => ({
      identity,
      templates: Array.from({ length: count }, () => {
        const embedding = values.subarray(at * model!.size, ++at * model!.size);
        const [gain, offset] = values.subarray(behind + 2 * at - 2);
        const normalization = cohort && Number.isFinite(gain) && Number.isFinite(offset)
          ? { cohort, gain, offset }
          : undefined;
        return new Template(embedding, model!.model, normalization);
      }),
    }));
    return { kind, entries };
  } catch (error) {
    throw new GalleryCorruptError(
      `Cannot read ${label} as it is no change to a gallery (${(error as Error).message}): ` +
        `restore the file from a backup`,
      { cause: error },
    );
  }
}
