// What else is written to disks: caches and reports of evaluations, files that replace others, exports, pictures, and
// standard output itself. A refusal is a WriteError or exit code 2, never "no match", and leaves no half of a file.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { WriteError } from "../../src/base/errors.ts";
import { createVerifier } from "../../mod.ts";
import { writePng } from "../../src/cli/picture.ts";
import { writeReport } from "../../src/evaluate/mod.ts";
import { type CachedTemplate, openTemplateCache } from "../../src/evaluate/run/template_cache.ts";
import { openFileStore } from "../../src/gallery/mod.ts";
import { changeFolder } from "../../src/model/add/folder.ts";
import { asWriteError, writeWhole } from "../../src/base/write_error.ts";
import { root } from "../cli/process.ts";
import { run, WASM } from "../cli/run.ts";
import { someEvaluation } from "../evaluate/some_evaluation.ts";
import { people } from "../gallery/templates.ts";
import { photo } from "../hosts.ts";
import { testOnDisk } from "./disks.ts";

const FULL = "No space left on device";

testOnDisk(
  "a cache on a full disk keeps what it took, and goes on when there is room",
  64,
  async (disk) => {
    const cached = (i: number): CachedTemplate => ({
      embedding: new Float32Array(192).fill(i),
      maskFailed: false,
    });
    // Room that whoever looks after the disk can make later.
    writeWhole(`${disk.path}/other`, new Uint8Array(8192));
    const key = (i: number): string => i.toString(16).padStart(64, "0");
    const open = (): ReturnType<typeof openTemplateCache> => openTemplateCache(disk.path, "a", 192);
    let taken = 0;
    {
      await using cache = await open();
      const fill = async (): Promise<void> => {
        for (;; taken++) await cache.add(new Map([[key(taken), cached(taken)]]));
      };
      const error = await assertRejects(fill, WriteError, `${disk.path}/a.templates as ${FULL}`);
      assertStringIncludes(error.message, "give another folder");
      assert(taken > 40, `${taken} templates`);
      assertEquals(cache.get(key(taken)), undefined);
    }
    await disk.fill();
    await assertRejects(() => openTemplateCache(disk.path, "b", 192), WriteError, FULL);
    for (const room of [false, true]) {
      if (room) await Deno.remove(`${disk.path}/other`);
      await using cache = await open();
      for (let i = 0; i < taken; i++) assertEquals(cache.get(key(i)), cached(i));
      assertEquals(cache.get(key(taken)), undefined);
    }
    await using cache = await openTemplateCache(disk.path, "b", 192);
    await cache.add(new Map([[key(1), cached(1)]]));
  },
);

testOnDisk(
  "a full disk keeps the file that was to be replaced, and gets its room back",
  96,
  async (disk) => {
    const path = `${disk.path}/file`;
    writeWhole(path, "old");
    const error = assertThrows(() => writeWhole(path, new Uint8Array(2 ** 20)), WriteError, FULL);
    assertStringIncludes(error.message, `Cannot write ${path} as`);
    assertStringIncludes(
      error.message,
      "check the folder, its permissions and the room on its disk",
    );
    assertEquals(await Deno.readTextFile(path), "old");
    writeWhole(path, new Uint8Array(80 * 1024));
    assertEquals([...Deno.readDirSync(disk.path)].map(({ name }) => name), ["file"]);
    await disk.fill();
    await assertRejects(
      () => changeFolder(disk.path, "m", undefined),
      WriteError,
      "manifest.json as",
    );
    await assertRejects(
      () => writeReport(someEvaluation(), `${disk.path}/r`),
      WriteError,
      "/r as ENOSPC",
    );
    const grey = {
      width: 64,
      height: 64,
      data: crypto.getRandomValues(new Uint8ClampedArray(16384)),
    };
    await assertRejects(() => writePng(`${disk.path}/a.png`, grey), WriteError, "a.png as");
  },
);

testOnDisk("half an export is none: it is removed, and the next one is whole", 64, async (disk) => {
  const folder = await Deno.makeTempDir(), out = `${disk.path}/people.jsonl`;
  {
    await using store = await openFileStore(folder, { device: "wasm" });
    await store.put(people(44, 100), "add");
  }
  const args = ["gallery", "--gallery", folder, "--plain", ...WASM, "export"];
  const { code, err } = await run(...args, out);
  assertEquals(code, 2);
  assertStringIncludes(err, `Cannot write ${out} as ${FULL}`);
  assertEquals([...Deno.readDirSync(disk.path)], []);
  assertEquals((await run(...args, `${folder}/people.jsonl`)).code, 0);
});

testOnDisk(
  "photos and models on a read-only disk are verified as anywhere",
  32768,
  async (disk) => {
    for (const { name } of Deno.readDirSync(`${root}models`)) {
      await Deno.copyFile(`${root}models/${name}`, `${disk.path}/${name}`);
    }
    await Deno.copyFile(photo("collins_crop"), `${disk.path}/a.jpg`);
    await disk.readOnly(true);
    await using verifier = await createVerifier({ device: "wasm", models: disk.path });
    const result = await verifier.verify(`${disk.path}/a.jpg`, `${disk.path}/a.jpg`);
    assert(result.kind === "compared" && result.score > 0.999);
    const error = assertThrows(() => writeWhole(`${disk.path}/out`, "x"), WriteError);
    assertStringIncludes(error.message, "Read-only file system");
  },
);

Deno.test({
  name: "output that cannot be written is exit code 2, as 1 would say no match",
  // Only Linux has the device that is always full.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cli = async (shell: string): Promise<{ code: number; err: string }> => {
      const { code, stderr } = await new Deno.Command("bash", {
        args: [
          "-c",
          `set -o pipefail; "$0" run --allow-read --quiet cli.ts ${shell}`,
          Deno.execPath(),
        ],
        cwd: root,
      }).output();
      return { code, err: new TextDecoder().decode(stderr) };
    };
    const { code, err } = await cli("--help > /dev/full");
    assertEquals(code, 2, err);
    assertStringIncludes(err, "maskinv: Cannot write standard output as");
    // Whoever closes the pipe has what they wanted: a shell's code for that, and no word about it.
    assertEquals(await cli("--help | true"), { code: 141, err: "" });
    assertEquals(await cli("--help > /dev/full 2> /dev/full"), { code: 2, err: "" });
    assertEquals((await cli("nonsense 2> /dev/full")).code, 2);
  },
});

Deno.test("errors of our own are not taken for errors of a disk", () => {
  const own = new WriteError("Cannot write a as b: c");
  assertEquals(asWriteError("x", own), own);
});
