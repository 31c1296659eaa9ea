// `gallery rename`, `remove --pattern`, `repair`, and identify in a large gallery: the command line.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../src/cli/main.ts";
import { openFileStore } from "../../src/gallery/mod.ts";
import { Template } from "../../src/pipeline/score/mod.ts";
import { command, NO_GPU } from "../cli/process.ts";
import { run, WASM } from "../cli/run.ts";
import { photo } from "../hosts.ts";
import { people } from "./templates.ts";

const { student } = JSON.parse(
  await Deno.readTextFile(new URL("../../models/manifest.json", import.meta.url)),
).models;

/** A plain gallery of random templates of the packaged model, or of another. */
async function filled(count: number, model = student.sha256): Promise<string> {
  const folder = await Deno.makeTempDir();
  await using store = await openFileStore(folder, { device: "wasm" });
  const entries = people(7, count, student.templateSize).map(({ identity, templates }) => ({
    identity,
    templates: templates.map(({ embedding }) => new Template(embedding, model)),
  }));
  await store.put(entries, "add");
  return folder;
}

const gallery = (folder: string, ...args: string[]): ReturnType<typeof run> =>
  run("gallery", "--gallery", folder, "--plain", ...args);

Deno.test("identify answers a gallery that is too large for the default rate by ranks, and says what decides", async () => {
  const folder = await filled(1000);
  const identify = (...args: string[]): ReturnType<typeof run> =>
    run("identify", "--gallery", folder, "--plain", ...WASM, ...args, photo("hopper"));
  const ranked = await identify("--k", "2");
  assertEquals(ranked.code, 1);
  assertMatch(ranked.out, /hopper.jpg: not measured {2}the default FPIR 1% in 1000 templates\n/);
  assertMatch(
    ranked.out,
    /\n {2}rank 1 {2}-?0\.\d{4}( \(cosine .*\))? {2}person \d+ {2}\(as a threshold: FPIR .*\n {2}rank 2/,
  );
  const [, remedy] = ranked.err.match(/decide with --fpir (0\.\d+) or more/) ?? [];
  const decided = await identify("--fpir", remedy);
  assertEquals([decided.code, decided.err], [1, ""]);
  assertMatch(
    decided.out,
    /unknown {2}threshold 0\.\d+ \(for FPIR ([\d.]+%, 95% [\d.]+% to [\d.]+%;|at most [\d.]+% in each .*,) (with )?FMR/,
  );
  const own = await identify("--threshold", "0.3", "--json");
  const json = JSON.parse(own.out);
  assertEquals([json.kind, json.rates.bound], ["unknown", "at"]);
  assert(json.rates.interval[0] < json.rates.fpir && json.rates.fpir < json.rates.interval[1]);
});

Deno.test("galleries of a model that is gone are refused before a photo is read", async () => {
  const folder = await filled(3, "0123456789abcdef".repeat(4));
  for (const args of [["identify", "none.jpg"], ["enrol", "Ann", "none.jpg"]]) {
    const [verb, ...rest] = args;
    const { code, err } = await run(verb, "--gallery", folder, "--plain", ...WASM, ...rest);
    assertEquals(code, 2);
    assertStringIncludes(err, "enrol from the photos again in a new gallery");
  }
  const file = `${folder}/export`;
  assertEquals((await gallery(folder, "export", file)).code, 0);
  const place = `${folder}/new`;
  const refused = await gallery(place, "--create", "import", file);
  assertEquals([refused.code, /enrol from the photos again/.test(refused.err)], [2, true]);
  assertEquals((await gallery(place, "list")).out, "");
  assertEquals((await gallery(place, "--force", "import", file)).code, 0);
});

Deno.test("serve refuses a gallery that is missing, or of a model that is gone, as it starts", async () => {
  const old = await filled(1, "0123456789abcdef".repeat(4));
  const cases = [[`${old}/none`, "give --create"], [old, "enrol from the photos again"]];
  for (const [folder, message] of cases) {
    const { code, err } = await run(
      "serve",
      "--gallery",
      folder,
      "--plain",
      ...WASM,
      "--port",
      "0",
    );
    assertEquals(code, 2);
    assertStringIncludes(err, message);
  }
});

Deno.test("rename and merge on the command line", async () => {
  const folder = await filled(4);
  const renamed = await gallery(folder, "rename", "person 1", "Ann");
  assertEquals([renamed.code, renamed.out], [0, "person 1: renamed to Ann, 1 template"]);
  const missing = await gallery(folder, "rename", "person 1", "Ann");
  assertEquals([missing.code, missing.out], [1, "person 1: not in the gallery"]);
  const taken = await gallery(folder, "rename", "person 2", "Ann");
  assertEquals([taken.code, /Cannot rename person 2 to Ann/.test(taken.err)], [2, true]);
  const unlike = await gallery(folder, "--merge", "rename", "person 2", "Ann");
  assertEquals(unlike.code, 1);
  assertMatch(unlike.err, /does not look like the template of Ann \(highest score -?0\.\d{4}/);
  const similar = await gallery(folder, "rename", "person 2", "ANN");
  assertMatch(similar.err, /there is "Ann", a name that differs from "ANN" in case/);
  const forced = await gallery(folder, "--merge", "--force", "--json", "rename", "person 2", "Ann");
  assertEquals(JSON.parse(forced.out).templates, 1);
  assertEquals((await gallery(folder, "list")).out, "1\tperson 0\n1\tperson 3\n2\tAnn");
  assertEquals((await gallery(folder, "rename", "Ann")).code, 2);
});

Deno.test("remove by pattern asks first, and without a terminal takes --yes", async () => {
  const folder = await filled(30);
  const refused = await gallery(folder, "remove", "--pattern", "person 1*");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, "Cannot remove 11 identities with 11 templates by the pattern");
  assertStringIncludes(refused.err, "give --yes");
  const asking = async (answer: boolean): Promise<[number, string[], string[]]> => {
    const out: string[] = [], err: string[] = [];
    const code = await main(
      ["gallery", "--gallery", folder, "--plain", "remove", "--pattern", "person *"],
      {
        out: (line) => out.push(line),
        err: (line) => err.push(line),
        progress: () => {},
        confirm: (question) => (err.push(question), answer),
        colors: false,
      },
    );
    return [code, out, err];
  };
  const [code, out, err] = await asking(false);
  assertEquals([code, out, err.length], [1, [], 23]);
  assertEquals(err.slice(-3), [
    "and 10 more",
    "Remove 30 identities with 30 templates?",
    "maskinv: nothing was removed",
  ]);
  assertEquals(
    (await gallery(folder, "list", "--pattern", "person 2?")).out.split("\n").length,
    10,
  );
  const removed = await gallery(folder, "remove", "--pattern", "person 1*", "--yes");
  assertEquals([removed.code, removed.out.split("\n").length], [0, 11]);
  assertEquals((await gallery(folder, "remove", "--pattern", "person 1*", "--yes")).code, 1);
  assertEquals((await gallery(folder, "list", "--pattern", "nobody*")).code, 1);
  assertEquals((await gallery(folder, "remove", "--pattern", "x", "person 2")).code, 2);
  assertEquals((await asking(true)).slice(0, 1), [0]);
  assertEquals((await gallery(folder, "list")).out, "");
});

Deno.test("repair has its command", async () => {
  const folder = await filled(5), path = `${folder}/gallery.log`;
  await gallery(folder, "rename", "person 0", "Ann");
  await using store = await openFileStore(folder, { device: "wasm" });
  await store.put([{ identity: "last", templates: await store.templates("Ann") }], "add");
  await store[Symbol.asyncDispose]();
  const sound = await gallery(folder, "repair");
  assertEquals([sound.code, sound.out], [0, "sound: 2 records read, 6 templates of 6 identities"]);
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 9] ^= 1;
  await Deno.writeFile(path, bytes);
  assertStringIncludes((await gallery(folder, "list")).err, "gallery repair");
  const { code, out, err } = await gallery(folder, "repair");
  assertEquals(code, 1);
  assertMatch(
    out,
    /^lost: record 1 and what follows, bytes \d+ to \d+\nrepaired: 1 record read, 5 templates of 5 /,
  );
  assertMatch(err, /the damaged file is kept as .*gallery\.log\.damaged-/);
  assertEquals((await gallery(folder, "list")).out.split("\n").length, 5);
  const database = await run("gallery", "--gallery", "postgres://h/d", "repair");
  assertEquals([database.code, /restore the database/.test(database.err)], [2, true]);
});

Deno.test("a reader that closes the pipe ends the command quietly", async () => {
  const folder = await filled(20000);
  await using child = command(["-A"], ["gallery", "--gallery", folder, "--plain", "list"], NO_GPU)
    .spawn();
  const said = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals([(await child.status).code, await said], [141, ""]);
});
