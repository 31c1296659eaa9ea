import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { openModels, packagedModels } from "../../src/model/model.ts";

const text = await Deno.readTextFile(packagedModels().pathname + "manifest.json");

Deno.test("every packaged model is what the manifest says", async () => {
  const store = await openModels();
  const names = Object.keys(store.manifest);
  assertEquals(names.toSorted(), ["facemesh", "fast", "mask-state", "student", "teacher", "yunet"]);
  for (const name of names) assertEquals((await store.load(name)).bytes.length > 50_000, true);
});

Deno.test("the package stays below JSR's limit of 20 MB", async () => {
  const { default: { publish } } = await import("../../deno.json", { with: { type: "json" } });
  let bytes = 0;
  for await (const { name } of Deno.readDir(packagedModels())) {
    if (publish.exclude.includes(`models/${name}`)) continue;
    bytes += (await Deno.stat(new URL(name, packagedModels()))).size;
  }
  assertEquals(bytes < 15e6, true, `${bytes} bytes of models`);
});

Deno.test("a damaged model is refused with its file and both hashes", async () => {
  const { file: damaged } = parseManifest(text).student;
  const store = await openModels(async (file) => {
    const bytes = await Deno.readFile(new URL(file, packagedModels()));
    if (file === damaged) bytes[1000] ^= 1;
    return bytes;
  });
  const error = await assertRejects(() => store.load("student"), ModelError, damaged);
  assertEquals(error.message.match(/[0-9a-f]{64}/g)?.length, 2);
  await store.load("facemesh");
});

Deno.test("missing models, folders and readers of the wrong kind are told apart", async () => {
  const store = await openModels();
  await assertRejects(() => store.load("arcface"), ModelError, "has only student");
  await assertRejects(() => openModels("/nowhere"), ModelError, "/nowhere/manifest.json");
  await assertRejects(() => openModels(new URL("file:///nowhere")), ModelError, "nowhere/manifest");
  await assertRejects(() => openModels(5 as unknown as string), InvalidArgumentError, "number");
  await assertRejects(
    () => openModels(() => Promise.reject(new Error("bucket is closed"))),
    ModelError,
    "bucket is closed",
  );
});

Deno.test("a manifest with a wrong field names the field, what it is, and what it must be", () => {
  const change = (path: string[], value: unknown): string => {
    const json = JSON.parse(text);
    let at = json.models.student;
    for (const key of path.slice(0, -1)) at = at[key];
    at[path[path.length - 1]] = value;
    return JSON.stringify(json);
  };
  const cases: [string[], unknown, string][] = [
    [["sha256"], "abc", 'models.student.sha256 as it is "abc"'],
    [["file"], "../../etc/passwd", "models.student.file"],
    [["input", "size"], 0, "models.student.input.size as it is 0"],
    [["input", "layout"], "HWC", "NHWC|NCHW"],
    [["input", "mean"], [1, 2], "a list of 3 numbers"],
    [["outputs"], "embedding", "outputs as it is"],
    [["batched"], 1, "true or false"],
    [["license"], undefined, "license as it is nothing"],
    [["calibration", "single", "none", "points", "0", "threshold"], "high", "points[0].threshold"],
    [["calibration", "single", "none", "curve"], [[0.1, 0.1, 0.1]], "a list of lists of 4 numbers"],
    [["calibration", "single", "none", "curve"], [[0, 0.1, 0, 1], [0.1, 0.2, 0, 1]], "descending"],
    [["calibration", "mirrored", "none", "curve"], [], "ascending scores"],
  ];
  for (const [path, value, message] of cases) {
    assertThrows(() => parseManifest(change(path, value)), ModelError, message);
  }
  assertThrows(() => parseManifest("{"), ModelError, "not JSON");
  assertThrows(() => parseManifest("[]"), ModelError, "must be an object");
});
