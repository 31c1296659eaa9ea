// Creates verifiers: opens the models, picks the device, and loads the networks that every call needs.

import { EngineHost } from "../pipeline/engine/host.ts";
import { DETECTOR_MODEL } from "../pipeline/detect/run_detector.ts";
import { hasConditions, takeSameCrops } from "../pipeline/embed/embed.ts";
import { giveCodec } from "../image/package_file.ts";
import { MASK_STATE_MODEL } from "../pipeline/embed/mask_state.ts";
import { modelName } from "../model/manifest.ts";
import { openModels } from "../model/model.ts";
import { hasRule, ruleFor } from "../pipeline/score/decide.ts";
import { checkVerifierOptions, resolvePhotoOptions, type VerifierOptions } from "./options.ts";
import { Verifier } from "./verifier.ts";

/**
 * Creates a verifier: opens the models, picks the device, and loads the networks.
 *
 * @param options Device, models, decision and defaults for photos.
 * @returns The verifier, ready to use.
 * @throws {InvalidArgumentError} If an option is out of its range.
 * @throws {ModelError} If a model file or the manifest is missing, corrupt or lacks the model.
 * @throws {DeviceError} If the device asked for does not exist here.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const result = await verifier.verify("tests/photos/collins.jpg", "tests/photos/hopper.jpg");
 * if (result.kind === "compared") console.log(result.decision); // "no-match"
 * ```
 */
export async function createVerifier(options: VerifierOptions = {}): Promise<Verifier> {
  checkVerifierOptions(options);
  resolvePhotoOptions(options);
  const { jpeg, largeJpeg, webp, avif, heic, gif } = options.decoders ?? {};
  if (jpeg) giveCodec("@jsquash/jpeg", jpeg);
  if (largeJpeg) giveCodec("imagescript/jpeg", largeJpeg);
  if (webp) giveCodec("@jsquash/webp", webp);
  if (avif) giveCodec("@jsquash/avif", avif);
  if (heic) giveCodec("libheif-js", heic);
  if (gif) giveCodec("imagescript/gif", gif);
  const { signal } = options;
  signal?.throwIfAborted();
  // Where the verifier cannot be made, files are not read on: a browser that is asked for a file again while it still
  // fetches it for nobody may fail (Chromium: ERR_CACHE_WRITE_FAILURE).
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const store = await openModels(options.models, stop);
  const host = new EngineHost(options.device ?? "auto", store, options);
  const name = modelName(store.manifest, options.model, options.variant);
  try {
    // Files are read and hashed while onnxruntime starts.
    const files = Promise.all([name, DETECTOR_MODEL].map((model) => host.preload(model)));
    const cohort = options.normalize === "none" ? undefined : store.loadCohort(name);
    for (const reading of [files, cohort]) reading?.catch(() => {});
    const load = (): Promise<void> =>
      host.use(async (engine) => {
        const [{ entry }] = await files;
        const { mirror = false, normalize } = options;
        const decision = options.decision && { normalize, ...options.decision };
        if (decision && hasRule(entry, mirror, decision)) ruleFor(entry, mirror, decision);
        for (const model of [DETECTOR_MODEL, name]) await engine.network(model);
      }, signal);
    await host.track(load, signal);
    const { entry } = await host.preload(name);
    const state = store.manifest[MASK_STATE_MODEL];
    // A condition head tells masks with the same run.
    const hasMaskState = state !== undefined && !hasConditions(entry) &&
      takeSameCrops(entry, state);
    return new Verifier(host, entry, { hasMaskState, cohort: await cohort }, options);
  } catch (error) {
    failed.abort();
    const disposal = host[Symbol.asyncDispose]();
    // An aborted call rejects at once; what was begun is disposed of when it is there.
    if (signal?.aborted) disposal.catch(() => {});
    else await disposal;
    throw error;
  }
}
