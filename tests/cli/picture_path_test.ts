// Where commands may write their pictures: never over a photo that they were given, and under the name of a PNG.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { photo } from "../hosts.ts";
import { run } from "./run.ts";

Deno.test("no command writes its picture over a photo, by whatever path", async () => {
  const folder = await Deno.makeTempDir();
  const own = `${folder}/own.jpg`, other = `${folder}/other.png`;
  await Deno.copyFile(photo("hopper"), own);
  await Deno.symlink(own, other);
  const before = await Deno.readFile(own);
  for (
    const args of [
      ["mask", "--out", own, own],
      ["mask", "--out", other, own],
      ["mask", "--out", `${folder}/../${folder.split("/").at(-1)}/own.jpg`, own],
      ["detect", "--annotate", own, own],
      ["verify", "--annotate", own, photo("collins"), own],
    ]
  ) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertStringIncludes(err, "which would be lost: give another name");
    assertEquals(await Deno.readFile(own), before);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a picture is not written as PNG under the name of another format", async () => {
  const folder = await Deno.makeTempDir();
  for (const name of ["out.jpg", "out.JPEG", "out.webp", "out.tiff"]) {
    const { code, err } = await run("mask", "--out", `${folder}/${name}`, photo("hopper"));
    assertEquals(code, 2);
    assertStringIncludes(err, `written as PNG: name it ${folder}/out.png`);
  }
  assertEquals([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});

Deno.test("of two files for one option none is taken", async () => {
  const { code, err } = await run("mask", "-o", "a.png", "--out=b.png", photo("hopper"));
  assertEquals([code, err], [2, "maskinv: Option --out is given 2 times: give it once"]);
});
