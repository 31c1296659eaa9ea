import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, WASM } from "../cli/run.ts";
import { photo } from "../hosts.ts";
import { peopleFolder } from "./people_folder.ts";

Deno.test("a folder of people is enrolled, and run again goes on with what is new", async () => {
  const folder = await peopleFolder({
    "Grace Hopper": { "a.jpg": "hopper", "b.JPG": "hopper_mirrored", "c.jpg": "hopper_masked" },
    "Jose\u0301": { "x.jpg": "collins", ".hidden.jpg": "hopper" },
    "Mallory": { "copy.jpg": "hopper" },
    "empty": {},
  });
  await Deno.writeTextFile(`${folder}/Jos\u0065\u0301/broken.png`, "no picture");
  await Deno.writeTextFile(`${folder}/notes.txt`, "x");
  const gallery = `${await Deno.makeTempDir()}/gallery`;
  const options = ["--gallery", gallery, "--plain", ...WASM];
  const first = await run("enrol", ...options, "--folder", folder);
  assertEquals(first.code, 2, "a photo could not be read");
  assertEquals(first.out.split("\n"), [
    "Grace Hopper: 2 enrolled, 1 not enrolled",
    "José: 1 enrolled, 1 not read",
    "Mallory: 1 not enrolled",
    "6 photos of 3 people: 3 enrolled, 2 not enrolled, 1 not read; 3 other entries left out " +
    "(Jose\u0301/.hidden.jpg, empty, an empty folder, notes.txt)",
    "the gallery has 3 templates of 2 identities",
  ]);
  assertMatch(first.err, /Hopper\/c.jpg was not enrolled as the face wears a mask/);
  assertMatch(
    first.err,
    /Mallory\/copy.jpg .* as the face looks like Grace Hopper \(score 1\.\d{4}/,
  );
  assertMatch(first.err, /broken.png/);
  const journal = await Deno.readTextFile(`${gallery}/enrolled`);
  assert(!/Hopper|Jos/.test(journal), "the journal names nobody");

  await Deno.remove(`${folder}/Mallory`, { recursive: true });
  await Deno.remove(`${folder}/Jose\u0301/broken.png`);
  await Deno.remove(`${folder}/Grace Hopper/c.jpg`);
  await Deno.copyFile(photo("collins_mirrored"), `${folder}/Jose\u0301/y.jpg`);
  const second = await run("enrol", ...options, "--folder", folder);
  assertEquals([second.code, second.err], [0, ""]);
  assertMatch(
    second.out,
    /^Grace Hopper: 2 enrolled before\nJosé: 1 enrolled, 1 enrolled before\n/,
  );
  // Without the journal the gallery still knows its templates.
  await Deno.remove(`${gallery}/enrolled`);
  const third = await run("enrol", ...options, "--json", "--folder", folder);
  const lines = third.out.split("\n").map((line) => JSON.parse(line));
  assertEquals(
    lines.map(({ kind, already }) => [kind, already]),
    Array(4).fill(["enrolled", true]),
  );
  // Who was removed is enrolled once more, whatever the journal says.
  assertEquals((await run("gallery", "--gallery", gallery, "--plain", "remove", "José")).code, 0);
  const fourth = await run("enrol", ...options, "--folder", folder);
  assertMatch(fourth.out, /before\nJosé: 2 enrolled\n.*\nthe gallery has 4 templates of 2 ident/);
});

Deno.test("what is no folder of people is said before the gallery is made", async () => {
  const temp = await Deno.makeTempDir(), gallery = `${temp}/gallery`;
  await Deno.writeTextFile(`${temp}/journal`, "my diary\n");
  const people = await peopleFolder({ Ann: { "a.jpg": "hopper_crop" } });
  const cases: [string[], string][] = [
    [["--folder", `${temp}/none`], "Cannot read the folder"],
    [["--folder", temp], "no sub-folder of it holds photos"],
    [["--folder", photo("hopper")], "Cannot read the folder"],
    [["--folder", people, "Ann"], 'Cannot use --folder with "Ann"'],
    [["--folder", people, "--replace"], "remove first whom"],
    [["--journal", `${temp}/j`, "Ann", photo("hopper")], "--journal goes with --folder"],
    [[], "operands"],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await run("enrol", "--gallery", gallery, "--plain", ...WASM, ...args);
    assertEquals(code, 2, message);
    assertStringIncludes(err, message);
  }
  assertEquals(await Deno.stat(gallery).catch(() => "none"), "none");
  const args = ["--gallery", gallery, "--plain", ...WASM, "--journal", `${temp}/journal`];
  assertStringIncludes((await run("enrol", ...args, "--folder", people)).err, "another file");
  assertEquals(await Deno.readTextFile(`${temp}/journal`), "my diary\n");
});
