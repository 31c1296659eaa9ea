import { assertEquals, assertRejects } from "@std/assert";
import { TemplateMismatchError } from "../../src/base/errors.ts";
import {
  checkKnownModel,
  checkStoreModel,
  createGallery,
  createProtection,
  exportStore,
  importStore,
} from "../../src/gallery/mod.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { packagedModels } from "../../src/model/model.ts";
import { Template } from "../../src/pipeline/score/mod.ts";
import { testOnStores } from "./stores.ts";
import { KEY, people, randomTemplates } from "./templates.ts";

const manifest = parseManifest(
  await Deno.readTextFile(new URL("manifest.json", packagedModels())),
);
const { sha256 } = manifest.student;
/** The network that templates of 192 numbers came from, which is gone. */
const OLD = "0123456789abcdef".repeat(4);

/** A template of 512 numbers, as the model makes them. */
function template(model: string, size = 512): Template {
  return new Template(randomTemplates(95, 1, size)[0].embedding, model);
}

testOnStores(
  "a gallery of a model that is gone is refused, whatever is asked of it",
  async (store) => {
    const old = people(92, 3, 192).map(({ identity, templates }) => ({
      identity,
      templates: templates.map(({ embedding }) => new Template(embedding, OLD)),
    }));
    await store.put(old, "add");
    const remedy = "enrol from the photos again";
    const gallery = createGallery({ store }), now = template(sha256);
    const refuses = async (ask: () => Promise<unknown>): Promise<void> =>
      void await assertRejects(ask, TemplateMismatchError, remedy);
    await refuses(() => checkStoreModel(store));
    await refuses(() => gallery.enrol("new", now));
    await refuses(() => gallery.update("person 0", now));
    await refuses(() => gallery.identify(now, { threshold: 0.5 }));
    await refuses(() => store.put([{ identity: "new", templates: [now] }], "replace"));
    await refuses(() => store.search([now], 1));
    // What can be done without comparing still can: to list, export and remove.
    const lines = await Array.fromAsync(exportStore(store));
    await refuses(() => gallery.import(lines, "replace", (model) => checkKnownModel(model)));
    assertEquals((await importStore(store, lines, "replace")).templates, 3);
    assertEquals(await store.rename("person 0", "somebody", "rename"), 1);
    assertEquals(await store.remove(["somebody"]), 1);
    assertEquals(await store.count(), { identities: 2, templates: 2 });
  },
);

testOnStores("an export of another model is refused by a gallery that has one", async (store) => {
  await store.put([{ identity: "ann", templates: [template(sha256)] }], "add");
  await checkStoreModel(store);
  const lines = [
    JSON.stringify({ format: "maskinv-gallery", version: 1, model: { model: OLD, size: 2 } }),
    JSON.stringify({ identity: "bob", templates: ["AACAPwAAAAA="] }),
  ];
  const foot = { identities: 1, templates: 1, sha256: await chain(lines) };
  await assertRejects(
    () => importStore(store, [...lines, JSON.stringify(foot)], "replace"),
    TemplateMismatchError,
    "enrol from the photos again",
  );
  assertEquals(await store.count(), { identities: 1, templates: 1 });
});

testOnStores("mirror option and protection key are named where they differ", async (store) => {
  const { keyId, protect } = await createProtection(KEY(), 512);
  const cases: [Template, { mirror?: boolean }, typeof KEY | undefined, string | undefined][] = [
    [template(sha256), {}, undefined, undefined],
    [template(sha256), { mirror: true }, undefined, "made without the mirror option"],
    [template(`${sha256}+mirror`), {}, undefined, "made with the mirror option: use it here"],
    [template(`${sha256}+mirror`), { mirror: true }, undefined, undefined],
    [template(sha256), {}, KEY, "not protected: leave the protection key out"],
    [protect(template(sha256)), {}, undefined, keyId],
    [protect(template(`${sha256}+mirror`)), { mirror: true }, KEY, undefined],
    [protect(template(sha256)), {}, () => new Uint8Array(32).fill(8), keyId],
  ];
  // A store keeps to its first model: only the first case can be put into each kind.
  const [[first]] = cases;
  await store.put([{ identity: "ann", templates: [first] }], "add");
  for (const [held, options, key, message] of cases) {
    const model = { model: held.model, size: 512 };
    const check = (): Promise<void> =>
      checkStoreModel(
        held === first ? store : { ...store, model: () => Promise.resolve(model) },
        options,
        key,
      );
    if (message === undefined) await check();
    else await assertRejects(check, TemplateMismatchError, message);
  }
});

/** The checksum of an export. */
async function chain(lines: readonly string[]): Promise<string> {
  let digest = new Uint8Array(32);
  for (const line of lines) {
    const text = new TextEncoder().encode(line);
    digest = new Uint8Array(
      await crypto.subtle.digest("SHA-256", Uint8Array.from([...digest, ...text])),
    );
  }
  return digest.toHex();
}
