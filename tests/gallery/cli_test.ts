import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createMemoryStore, exportStore } from "../../src/gallery/mod.ts";
import { main } from "../../src/cli/main.ts";
import { photo } from "../hosts.ts";
import { run, WASM } from "../cli/run.ts";

/** A folder that does not exist yet, and a file with a key for it. */
async function place(): Promise<{ folder: string; options: string[]; temp: string }> {
  const temp = await Deno.makeTempDir();
  await Deno.writeTextFile(`${temp}/key`, `${"0f".repeat(32)}\n`);
  const folder = `${temp}/gallery`;
  return { folder, options: ["--gallery", folder, "--key-file", `${temp}/key`], temp };
}

Deno.test("enrol, identify, list and remove on an encrypted folder", async () => {
  const { options, folder, temp } = await place();
  const hopper = [photo("hopper"), photo("hopper_masked"), `${temp}/none.jpg`];
  const first = await run("enrol", ...options, ...WASM, "Grace Hopper", ...hopper);
  assertEquals(first.code, 2);
  assertMatch(
    first.out,
    /enrolled as Grace Hopper: face \d+x\d+.*\n.*the gallery has 1 template of 1 identity/,
  );
  assertMatch(
    first.err,
    /hopper_masked.jpg was not enrolled as the face wears a mask.*\n.*none.jpg/,
  );
  const second = await run("enrol", ...options, ...WASM, "Collins", photo("collins"));
  assertEquals(second.code, 0);
  const found = await run(
    "identify",
    ...options,
    ...WASM,
    photo("hopper_masked"),
    photo("collins_crop"),
  );
  assertEquals([found.code, found.err], [0, ""]);
  assertMatch(
    found.out,
    /masked.jpg: Grace Hopper {2}threshold 0\.\d+ \(for the default FPIR (1%, 95% [\d.]+% to [\d.]+%; FMR 0\.0050|at most 1% in each of \d+ .*, with FMR 0\.00\d+) in each of 2 /,
  );
  assertMatch(
    found.out,
    /\n {2}0\.\d+( \(cosine 0\.\d+\))? {2}match {5}Grace Hopper\n {2}-?0\.\d+( \(cosine -?0\.\d+\))? {2}no match {2}Collins/,
  );
  const unknown = await run(
    "identify",
    ...options,
    ...WASM,
    "--json",
    "--threshold=0.99",
    `${temp}/none.jpg`,
    photo("hopper_masked"),
  );
  assertEquals(unknown.code, 2, "a photo that cannot be read, and the rest all the same");
  assertStringIncludes(unknown.err, "Cannot read");
  const json = JSON.parse(unknown.out);
  assertEquals([json.kind, json.candidates.length, "mesh" in json.face.landmarks], [
    "unknown",
    2,
    false,
  ]);
  assertEquals(await run("gallery", ...options, "list"), {
    code: 0,
    out: "1\tGrace Hopper\n1\tCollins",
    err: "",
  });
  const file = `${temp}/export.jsonl`;
  assertEquals((await run("gallery", ...options, "export", file)).code, 0);
  assertStringIncludes(
    (await run("gallery", ...options, "export", file)).err,
    "Cannot use the file",
  );
  const copy = ["--gallery", `${folder}2`, "--plain"];
  const refused = await run("gallery", ...copy, "import", file);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, `no gallery in ${folder}2: check the path, or give --create`);
  assertEquals((await run("gallery", ...copy, "--create", "import", file)).code, 0);
  const pairs = await run("gallery", ...copy, "--threshold", "-1", "dedupe");
  assertMatch(pairs.out, /^-?0\.\d+\tCollins\tGrace Hopper$/);
  const groups = await run("gallery", ...copy, "--threshold", "-1", "cluster");
  assertEquals([groups.code, groups.out], [0, "Collins\tGrace Hopper"]);
  const none = await run("gallery", ...copy, "--json", "cluster");
  assertEquals([none.code, none.out], [1, ""], "nobody is like the other at a FMR of 0.0001");
  const removed = await run("gallery", ...options, "remove", "Collins", "nobody");
  assertEquals([removed.code, removed.out], [1, "Collins: removed\nnobody: not in the gallery"]);
  assertEquals((await run("gallery", ...options, "list")).out, "1\tGrace Hopper");
});

Deno.test("a gallery is never left unencrypted by accident, and trouble is said in one line", async () => {
  const { options, folder, temp } = await place();
  const own = Deno.env.get("MASKINV_GALLERY_KEY");
  Deno.env.delete("MASKINV_GALLERY_KEY");
  await Deno.writeTextFile(`${temp}/short`, "0f0f");
  await Deno.writeTextFile(`${temp}/typo`, "0f0f!secret");
  const making = ["gallery", "--gallery", folder, "--create"], last = ["import", `${temp}/key`];
  const cases: [string[], string][] = [
    [["gallery", "list"], "give --gallery"],
    [["gallery", "--gallery", folder, "list"], `There is no gallery in ${folder}: check the path`],
    [["identify", "--gallery", folder, photo("hopper")], `There is no gallery in ${folder}`],
    [
      ["enrol", "--gallery", folder, "Ann", photo("hopper")],
      "--plain to leave templates unencrypted",
    ],
    [[...making, "--key-file", `${temp}/none`, ...last], "Cannot read the key file"],
    [[...making, "--key-file", `${temp}/short`, ...last], "16 or more"],
    [[...making, "--key-file", `${temp}/typo`, ...last], "neither hex nor base64"],
    [["gallery", ...options, "--plain", "--create", "import", "x"], "give one of them"],
    [["gallery", ...options, "show"], 'no action "show"'],
    [["gallery", ...options, "--create", "import", `${temp}/key`], "no JSON object"],
    [["gallery", ...options, "remove"], "it takes identities or a --pattern"],
    [["gallery", "--gallery", "postgres://h/d", "--plain", "list"], "encrypt the database's disks"],
    [["enrol", ...options, "name"], "operands"],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await run(...args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(err, message);
    const lines = err.split("\n").filter((line) => !line.includes("made a new gallery"));
    assertEquals([lines.length, err.includes("secret")], [1, false]);
  }
  Deno.env.set("MASKINV_GALLERY_KEY", "0f".repeat(32));
  assertEquals(await run("gallery", "--gallery", folder, "list"), { code: 0, out: "", err: "" });
  if (own === undefined) Deno.env.delete("MASKINV_GALLERY_KEY");
  else Deno.env.set("MASKINV_GALLERY_KEY", own);
});

Deno.test("a key may be typed: hidden, twice for a new gallery", async () => {
  const { folder, temp } = await place(), file = `${temp}/export`;
  await using empty = createMemoryStore();
  const lines = await Array.fromAsync(exportStore(empty));
  await Deno.writeTextFile(file, lines.join("\n"));
  const own = Deno.env.get("MASKINV_GALLERY_KEY");
  Deno.env.delete("MASKINV_GALLERY_KEY");
  const typing = async (...keys: string[]): Promise<string> => {
    const err: string[] = [];
    const code = await main(["gallery", "--gallery", folder, "--create", "import", file], {
      out: () => {},
      err: (line) => err.push(line),
      progress: () => {},
      secret: () => keys.shift() ?? "",
      colors: false,
    });
    return `${code} ${keys.length} ${err.join()}`;
  };
  const key = "0f".repeat(32);
  assertMatch(await typing(key, key.replace("0", "1")), /^2 0 .*the two keys differ/);
  assertMatch(await typing(""), /^2 0 .*without its key/);
  assertEquals(await typing(key, key), `0 0 maskinv: made a new gallery in ${folder}`);
  assertEquals(await typing(key, "not asked for"), "0 1 ");
  assertMatch(await typing("1f".repeat(32)), /^2 0 .*key/);
  if (own !== undefined) Deno.env.set("MASKINV_GALLERY_KEY", own);
});
