// `models add`: what is accepted and what is refused, and that the folder says what is in it.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InvalidArgumentError, type MaskinvError, ModelError } from "../../src/base/errors.ts";
import { addModel } from "../../src/model/add/add.ts";
import { readFolder } from "../../src/model/add/folder.ts";
import { FAMILIES } from "../../src/model/families.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { hashHex, openModels } from "../../src/model/model.ts";
import { run } from "../cli/run.ts";
import { legacyFile, smallNetwork, zipFile } from "../convert/torch_bytes.ts";
import { type Oddity, tinyModel } from "./tiny_models.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("models add, list, verify, remove: a model of each family comes and goes", async () => {
  await withFolder(async (folder) => {
    const models = `${folder}/mine`;
    for (const [i, { name, templateSize }] of FAMILIES.entries()) {
      const file = `${folder}/net-${name}.onnx`;
      await Deno.writeFile(file, tinyModel(name, i));
      const { code, out, err } = await run(
        "models",
        "--models",
        models,
        "--like",
        name,
        "add",
        file,
      );
      assertEquals([code, err], [0, ""], name);
      assertStringIncludes(out, `net-${name}: ${name}`);
      assertStringIncludes(out, `${templateSize} numbers`);
      assertStringIncludes(out, `--models ${models} --model net-${name}`);
    }
    const listed = await run("models", "--models", models, "list");
    assertEquals(listed.out.split("\n").length, FAMILIES.length);
    assertStringIncludes(listed.out, "not calibrated");
    assertEquals((await run("models", "--models", models, "verify")).code, 0);
    const { manifest } = await openModels(models);
    assertEquals(manifest["net-magface"].input.color, "BGR");
    assertEquals(manifest["net-sface"].templateSize, 128);
    assertEquals(manifest.yunet.input.color, "BGR"); // of the package
    await Deno.writeFile(`${models}/net-sface.onnx`, new Uint8Array([1, 2, 3]));
    await Deno.remove(`${models}/net-magface.onnx`);
    const { code, err } = await run("models", "--models", models, "verify");
    assertEquals(code, 1);
    assertStringIncludes(err, "net-sface.onnx is not usable as its SHA-256 is 039058c6");
    assertStringIncludes(err, "net-magface.onnx is not usable as");
    for (const { name } of FAMILIES) {
      assertEquals((await run("models", "--models", models, "remove", `net-${name}`)).code, 0);
    }
    assertEquals(Array.from(Deno.readDirSync(models), ({ name }) => name), ["manifest.json"]);
    const gone = await run("models", "--models", models, "remove", "net-sface");
    assertEquals(gone.code, 2);
    assertStringIncludes(gone.err, "has no models");
  });
});

Deno.test("a file that takes one picture a run is changed to take any number", async () => {
  await withFolder(async (folder) => {
    const bytes = tinyModel("sface", 1, { fixed: true });
    await Deno.writeFile(`${folder}/one.onnx`, bytes);
    const { entry, rebatched, given } = await addModel(`${folder}/one.onnx`, `${folder}/mine`, {
      like: "sface",
      sha256: (await hashHex(bytes)).toUpperCase(),
    });
    assertEquals(rebatched, true);
    assertEquals(given, await hashHex(bytes));
    assertEquals(entry.sha256, await hashHex(await Deno.readFile(`${folder}/mine/one.onnx`)));
    assertStringIncludes(entry.origin, given);
  });
});

Deno.test("what is not of the family, or does not run, is refused and leaves the folder as it was", async () => {
  await withFolder(async (folder) => {
    const cases: [string, Uint8Array<ArrayBuffer>, string][] = [
      [
        "magface",
        tinyModel("mobilefacenet"),
        "is [N, 112, 112, 3] and must be [N, 3, 112, 112] (NCHW)",
      ],
      ["mobilefacenet", tinyModel("magface"), "must be [N, 112, 112, 3] (NHWC)"],
      ["sface", tinyModel("insightface"), "is [N, 512] and must be [N, 128]"],
      ["insightface", tinyModel("insightface", 1, { float16Input: true }), "element type 10"],
      ["insightface", tinyModel("insightface", 1, { zero: true }), "have lengths 0 and 0"],
      ["insightface", tinyModel("insightface", 1, { infinite: true }), "have lengths NaN and NaN"],
      [
        "insightface",
        tinyModel("insightface", 1, { mixes: true }),
        "depends on the others of its batch",
      ],
      [
        "insightface",
        tinyModel("insightface", 1, { nodeNames: ["Sub_0", "Mul_1"] }),
        "--like insightface_mxnet",
      ],
      [
        "mobilefacenet",
        tinyModel("mobilefacenet", 1, { long: true }),
        "its family's have length 1",
      ],
      ["insightface", new TextEncoder().encode("<!DOCTYPE html>"), "not an ONNX model"],
      ["insightface", new Uint8Array(0), "no ONNX graph"],
      ["insightface", new Uint8Array([0x50, 0x4b, 3, 4]), "zip archive: unpack it"],
      ["insightface", new Uint8Array(zipFile(smallNetwork())), "convert -o model.onnx"],
      ["insightface", new Uint8Array(legacyFile(smallNetwork())), "convert -o model.onnx"],
      ["insightface", tinyModel("insightface").slice(0, 5000), "Cannot"],
      ["insightface", await Deno.readFile("models/yunet.onnx"), "1 inputs and 3 outputs"],
    ];
    for (const [like, bytes, message] of cases) {
      await Deno.writeFile(`${folder}/a.onnx`, bytes);
      const error = await assertRejects(
        () => addModel(`${folder}/a.onnx`, `${folder}/mine`, { like }),
        ModelError,
      );
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, "a.onnx");
    }
    assertEquals(await readFolder(`${folder}/mine`), {});
    const odd: Oddity = { size: 256 };
    await Deno.writeFile(`${folder}/a.onnx`, tinyModel("arcface_torch", 1, odd));
    const options = { like: "arcface_torch", templateSize: 256 };
    assertEquals(
      (await addModel(`${folder}/a.onnx`, `${folder}/mine`, options)).entry.templateSize,
      256,
    );
  });
});

Deno.test("names, families and hashes that cannot be used are refused before anything is read", async () => {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.onnx`, tinyModel("magface"));
    const add = (options: Record<string, string>): Promise<unknown> =>
      addModel(`${folder}/a.onnx`, `${folder}/mine`, { like: "magface", ...options });
    const cases: [Record<string, string>, new (m: string) => MaskinvError, string][] = [
      [{ like: "facenet" }, InvalidArgumentError, "use one of insightface, "],
      [{ name: "../evil" }, InvalidArgumentError, 'Cannot call a model "../evil"'],
      [{ name: "student" }, InvalidArgumentError, "there is one of this name"],
      [{ sha256: "abc" }, InvalidArgumentError, "64 hexadecimal digits"],
      [{ sha256: "0".repeat(64) }, ModelError, "was asked for"],
    ];
    for (const [options, kind, message] of cases) {
      await assertRejects(() => add(options), kind, message);
    }
    await add({});
    await assertRejects(() => add({}), InvalidArgumentError, "there is one of this name");
    await assertRejects(
      () => addModel(`${folder}/none.onnx`, folder, { like: "magface" }),
      ModelError,
      "none.onnx",
    );
  });
});

Deno.test("a manifest that asks for another distance or another use of mirror images is refused", async () => {
  const text = await Deno.readTextFile("models/manifest.json");
  for (const [key, value] of [["distance", "euclidean"], ["mirror", "max"], ["output", "half"]]) {
    const json = JSON.parse(text);
    json.models.student[key] = value;
    let message = "";
    try {
      parseManifest(JSON.stringify(json));
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, `student.${key}`);
  }
});
