// A bulk enrolment that is killed, again and again.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openFileStore } from "../../src/gallery/mod.ts";
import { command, NO_GPU } from "../cli/process.ts";
import { run, WASM } from "../cli/run.ts";
import { peopleFolder } from "./people_folder.ts";

Deno.test("kill -9 during a bulk enrolment loses nothing that was said to be enrolled", async () => {
  const names = Array.from({ length: 14 }, (_, i) => `person ${String(i).padStart(2, "0")}`);
  const folder = await peopleFolder(
    Object.fromEntries(names.map((name) => [name, { "a.jpg": "hopper_crop" }])),
  );
  const gallery = `${await Deno.makeTempDir()}/gallery`;
  const args = ["enrol", "--gallery", gallery, "--plain", "--force", ...WASM, "--folder", folder];
  const said = new Set<string>();
  for (const [stop, signal] of [[3, "SIGKILL"], [2, "SIGKILL"], [2, "SIGINT"]] as const) {
    await using child = command(["-A"], args, NO_GPU).spawn();
    const drained = child.stderr.cancel();
    let text = "", killed = false;
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (killed || text.split("1 enrolled\n").length <= stop) continue;
      child.kill(signal);
      killed = true;
    }
    const status = await child.status;
    if (signal === "SIGKILL") assertEquals(status.signal, "SIGKILL");
    else assertEquals(status.code, 130, text);
    await drained;
    for (const [, name] of text.matchAll(/^(person \d\d): 1 enrolled$/gm)) said.add(name);
    await using store = await openFileStore(gallery, { create: false });
    for (const name of said) assertEquals((await store.templates(name)).length, 1, name);
  }
  assert(said.size >= 7 && said.size < names.length, `${said.size} were enrolled`);
  const last = await run(...args);
  assertEquals(last.code, 0, last.err);
  for (const name of said) assertStringIncludes(last.out, `${name}: 1 enrolled before`);
  const { out } = await run("gallery", "--gallery", gallery, "--plain", "list");
  assertEquals(out.split("\n"), names.map((name) => `1\t${name}`));
});
