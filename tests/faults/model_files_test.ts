// Model files that are missing, cut short or others than the manifest says: the error names the file and both hashes,
// nothing is scored with them, and a file that is restored is used again.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createVerifier, ModelError } from "../../mod.ts";
import { openModels, packagedModels } from "../../src/model/model.ts";
import { run } from "../cli/run.ts";
import { photo } from "../hosts.ts";

const { manifest } = await openModels();

/** A copy of the package's models. */
async function copyModels(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for await (const { name } of Deno.readDir(packagedModels())) {
    await Deno.copyFile(new URL(name, packagedModels()), `${folder}/${name}`);
  }
  return folder;
}

async function sha256(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

/** What befalls a file; undefined where it is gone afterwards. */
const FAULTS: Readonly<Record<string, (path: string, folder: string) => Promise<void>>> = {
  "cut short": async (path) => await Deno.truncate(path, (await Deno.stat(path)).size - 1),
  "cut to nothing": (path) => Deno.truncate(path, 0),
  "longer": (path) => Deno.writeFile(path, new Uint8Array(1), { append: true }),
  "another model": (path, folder) => Deno.copyFile(`${folder}/mask-state.onnx`, path),
};

for (const name of ["student", "yunet"]) {
  const { file, sha256: wanted } = manifest[name];
  Deno.test(`${file}, cut short or changed, is refused by name with both hashes`, async () => {
    const folder = await copyModels(), path = `${folder}/${file}`;
    const whole = await Deno.readFile(path);
    for (const [fault, strike] of Object.entries(FAULTS)) {
      await Deno.writeFile(path, whole);
      await strike(path, folder);
      const error = await assertRejects(
        () => createVerifier({ device: "wasm", models: folder }),
        ModelError,
        `Cannot use ${path} (`,
        fault,
      );
      assertStringIncludes(error.message, `its SHA-256 is ${await sha256(path)}`, fault);
      assertStringIncludes(error.message, `the manifest says ${wanted}`, fault);
      assertStringIncludes(error.message, "restore the file", fault);
    }
    await Deno.remove(path);
    const models = ["--device", "wasm", "--models", folder];
    const { code, out, err } = await run("verify", ...models, photo("collins"), photo("hopper"));
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, `Cannot read ${path} as there is no such file`);
    assertStringIncludes(err, "check the models option");
  });
}

Deno.test("a model that is broken when first needed fails that call, and not the next", async () => {
  // The mask-state network, for networks without a condition head, is read by the first call that embeds, not before.
  const folder = await copyModels(), path = `${folder}/${manifest["mask-state"].file}`;
  const whole = await Deno.readFile(path);
  await Deno.truncate(path, 1000);
  await using verifier = await createVerifier({ device: "wasm", models: folder, model: "teacher" });
  const crop = photo("collins_crop");
  await assertRejects(() => verifier.embed(crop), ModelError, `Cannot use ${path} (1000 bytes)`);
  await Deno.writeFile(path, whole);
  const result = await verifier.embed(crop);
  assert(result.kind === "acquired");
  assertEquals(result.face.mask?.state, "none");
});
