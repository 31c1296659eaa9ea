// Whether a gallery's templates come from the model that is about to be used: asked when a gallery is opened, before any
// photo is read, so that nobody waits for an answer that cannot come.

import { TemplateMismatchError } from "../base/errors.ts";
import { type Manifest, modelName } from "../model/manifest.ts";
import { openModels } from "../model/model.ts";
import type { KeySource } from "./file_cipher.ts";
import { PROTECTION_MARK, protectionKeyId } from "./protect.ts";
import type { GalleryModel, GalleryStore } from "./store.ts";
import { openThresholds, type SearchThresholds, type ThresholdOptions } from "./threshold.ts";

/** What a `Template.model` says, taken apart. */
export interface Origin {
  readonly sha256: string;
  readonly mirror: boolean;
  /** The number of the protection key; absent if templates are not protected. */
  readonly keyId?: string;
}

const MIRROR = "+mirror";
/** What mends a gallery of a model that is gone: templates cannot be converted. */
const ENROL_AGAIN =
  "templates of two models cannot be compared: enrol from the photos again in a new gallery";

/**
 * Checks that a store's templates are comparable with those that a verifier will make.
 *
 * @param store The store; an empty one fits every model.
 * @param options The verifier's model options.
 * @param protection The secret of cancelable templates, if they are used.
 * @throws {TemplateMismatchError} If they are of another model, mirror option or protection key: says which and what to do.
 * @throws {ModelError} If the manifest cannot be read, or lacks the model.
 *
 * @example
 * ```ts
 * import { checkStoreModel, createMemoryStore } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using store = createMemoryStore();
 * await store.put([{ identity: "ann", templates: [new Template([1, 0], "f".repeat(64))] }], "add");
 * const error = await checkStoreModel(store).catch((error) => error);
 * console.log(error.name); // TemplateMismatchError
 * ```
 */
export async function checkStoreModel(
  store: GalleryStore,
  options: ThresholdOptions = {},
  protection?: KeySource,
): Promise<void> {
  const held = await store.model();
  if (!held) return;
  const { manifest } = await openModels(options.models);
  const name = modelName(manifest, options.model, options.variant);
  const sha256 = manifest[name]?.sha256;
  // What the manifest lacks is the verifier's to say, which names the models that there are.
  if (sha256 === undefined) return;
  const keyId = protection && await protectionKeyId(await protection());
  const why = difference(
    originOf(held),
    { sha256, mirror: options.mirror ?? false, keyId },
    manifest,
  );
  if (why === undefined) return;
  throw new TemplateMismatchError(
    `Cannot use the gallery with model "${name}" as it holds templates of ${held.size} numbers ${why}`,
  );
}

/**
 * Checks that templates come from a model that is at hand, whichever it is, so that nobody imports what nothing here can
 * search.
 *
 * @throws {TemplateMismatchError} If they come from none of them.
 */
export async function checkKnownModel(
  model: GalleryModel,
  options: Pick<ThresholdOptions, "models"> = {},
): Promise<void> {
  const { manifest } = await openModels(options.models);
  if (nameOf(originOf(model), manifest) !== undefined) return;
  throw new TemplateMismatchError(
    `Cannot import templates of ${model.size} numbers of a model that is not among ` +
      `${Object.keys(manifest).join(", ")}; ${ENROL_AGAIN}, or import with force to keep them`,
  );
}

/** What is different, and what to do about it; `undefined` if nothing is. */
function difference(held: Origin, used: Origin, manifest: Manifest): string | undefined {
  if (held.sha256 !== used.sha256) {
    const name = nameOf(held, manifest);
    return name === undefined
      ? `of a model that is not at hand (SHA-256 ${held.sha256.slice(0, 12)}…), and ${ENROL_AGAIN}`
      : `of model "${name}": use that model, or ${ENROL_AGAIN.replace(/.*: /, "")}`;
  }
  if (held.mirror !== used.mirror) {
    return held.mirror
      ? "made with the mirror option: use it here as well"
      : "made without the mirror option: leave it out here";
  }
  if (held.keyId === used.keyId) return undefined;
  if (held.keyId === undefined) return "that are not protected: leave the protection key out";
  return `protected by the key with the number ${held.keyId}: give that protection key`;
}

function nameOf({ sha256 }: Pick<Origin, "sha256">, manifest: Manifest): string | undefined {
  return Object.values(manifest).find((entry) => entry.sha256 === sha256)?.name;
}

/** What a template's model says. */
export function originOf({ model }: Pick<GalleryModel, "model">): Origin {
  const [made, keyId] = model.split(PROTECTION_MARK);
  return { sha256: made.replace(MIRROR, ""), mirror: made.endsWith(MIRROR), keyId };
}

/** The thresholds of the model that made templates; `undefined` if it is not at hand. */
export async function thresholdsOfModel(
  model: GalleryModel,
  { models, normalize }: Pick<ThresholdOptions, "models" | "normalize"> = {},
): Promise<SearchThresholds | undefined> {
  const { manifest } = await openModels(models);
  const { sha256, mirror } = originOf(model), name = nameOf({ sha256 }, manifest);
  if (name === undefined) return undefined;
  return await openThresholds({ models, normalize, model: name, mirror });
}
