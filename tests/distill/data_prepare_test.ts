import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { indexShards } from "../../src/distill/data/index_shards.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { RecordReader } from "../../src/distill/data/reader.ts";
import { readShard } from "../../src/distill/data/shard.ts";
import { listPhotos } from "../../src/distill/data/source.ts";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";
import { main } from "../../src/cli/main.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { encodePng, fromPixels, type Image, loadImage } from "../../src/image/mod.ts";
import {
  addHostile,
  contents,
  FACES,
  SMALL_SHARDS,
  writeCrops,
  writePhotos,
} from "./data_fixture.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";

const TEACHER = decodeURIComponent(new URL("../../models/teacher.onnx", import.meta.url).pathname);
const SIZE = 512;
const crops = await writeCrops();
globalThis.addEventListener("unload", () => Deno.removeSync(crops, { recursive: true }));

Deno.test("prepare: crops keep their pixels, their labels and the teacher's template; other splits are not opened", async () => {
  const out = await Deno.makeTempDir();
  try {
    const settings = await prepareShards(crops, out, SMALL_SHARDS);
    assertEquals([settings.photos, settings.aligned, settings.templateSize], [6, true, SIZE]);
    const { training, validation, dropped } = indexShards(out, settings);
    assertEquals(dropped, []);
    assertEquals(training.map(({ file }) => file).sort(), [
      "any/1.png",
      "any/2.png",
      "collins/1.png",
      "collins/2.png",
    ]);
    assertEquals(validation.map(({ identity }) => identity), ["hopper", "hopper"]);
    const first = training.find(({ file }) => file === "collins/1.png")!;
    const { identity, age, sex, origin, eyes, mesh } = first;
    assertEquals({ identity, age, sex, origin, eyes, mesh }, {
      identity: "collins",
      age: 53,
      sex: "female",
      origin: "white",
      eyes: 61,
      mesh: true,
    });
    using reader = new RecordReader(out, settings.templateSize);
    const record = reader.read(first), image = await loadImage(`${crops}/${first.file}`);
    assertEquals(record.crop, Uint8Array.from(image.data.filter((_, i) => i % 4 < 3)));
    // The nose of an aligned crop is near the template's (56, 71.7), 16 pixels into the crop.
    assert(Math.hypot(record.mesh![3] - 72, record.mesh![4] - 87.7) < 10);
    assertEquals(reader.templates(first.shard).length % SIZE, 0);
    const wanted = await teacherTemplate(image);
    record.template.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-5));
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("prepare: crops that are none are dropped with a reason, bare frames get a margin", async () => {
  const folder = await Deno.makeTempDir(), out = `${folder}/out`;
  try {
    const grey = (size: number): Promise<Uint8Array> =>
      encodePng(fromPixels({ width: size, height: size, data: new Uint8Array(3 * size * size) }));
    await Deno.writeFile(`${folder}/frame.png`, await grey(112));
    await Deno.writeFile(`${folder}/photo.png`, await grey(200));
    await Deno.writeTextFile(`${folder}/text.png`, "no picture");
    const names = ["frame.png", "photo.png", "text.png", "missing.png"];
    const rows = names.map((name) => `${name}\t\ttrain`);
    await Deno.writeTextFile(`${folder}/index.tsv`, ["file\tperson\tsplit", ...rows].join("\n"));
    const index = indexShards(out, await prepareShards(folder, out, SMALL_SHARDS));
    assertEquals(index.training.map(({ file, mesh }) => [file, mesh]), [["frame.png", false]]);
    assertEquals(index.counts, { "no aligned crop": 1, unreadable: 2 });
    using reader = new RecordReader(out, SIZE);
    assertEquals(reader.read(index.training[0]).mesh, undefined);

    await Deno.writeTextFile(`${folder}/index.tsv`, "file\tperson\na.png\tb\n");
    const refused = (): Promise<unknown> => prepareShards(folder, out, SMALL_SHARDS);
    await assertRejects(refused, InvalidArgumentError, "no column split");
    await Deno.writeTextFile(`${folder}/index.tsv`, "file\tperson\tsplit\na.png\tb\tcalibration\n");
    await assertRejects(refused, InvalidArgumentError, `lists no file of split "train"`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("prepare: photos that cannot be used are dropped with a reason, the others are cut and split by person", async () => {
  const photos = await writePhotos(), out = await Deno.makeTempDir();
  await addHostile(photos);
  try {
    const settings = await prepareShards(photos, out, SMALL_SHARDS);
    const options = { validationIdentities: 1, validationShare: 0 };
    const index = indexShards(out, settings, options);
    const why = Object.fromEntries(index.dropped.map(({ file, reason }) => [file, reason]));
    assertEquals(why["unlabelled/cut.jpg"], "unreadable");
    assertEquals(why["unlabelled/empty.jpg"], "unreadable");
    assertEquals(why["unlabelled/text.jpg"], "unreadable");
    assertEquals(why["unlabelled/black.png"], "no face");
    const kept = [...index.training, ...index.validation].map(({ file }) => file);
    assertEquals(kept.sort(), [...FACES, "unlabelled/copy.jpg"].sort());
    assertEquals([settings.aligned, index.missingShards], [false, 0]);
    const [held, ...others] = new Set(index.validation.map(({ identity }) => identity));
    assert(held !== undefined && others.length === 0);
    assert(index.training.every(({ identity }) => identity !== held));
    assert(
      index.dropped.find(({ reason }) => reason === "unreadable")?.detail?.startsWith("Cannot"),
    );
    assert(!listPhotos(photos).some(({ file }) => file.includes("folder.jpg")));
    const wrong = { ...options, validationShare: 2 };
    assertThrows(() => indexShards(out, settings, wrong), InvalidArgumentError, "from 0 to 1");
  } finally {
    await Deno.remove(photos, { recursive: true });
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("prepare: stopped and run again, in parts or at once, the shards are the same", async () => {
  const folders = await Promise.all([0, 1, 2].map(() => Deno.makeTempDir()));
  try {
    const [whole, resumed, parted] = folders;
    await prepareShards(crops, whole, SMALL_SHARDS);
    const stop = new AbortController();
    await assertRejects(() =>
      prepareShards(crops, resumed, {
        ...SMALL_SHARDS,
        signal: stop.signal,
        progress: () => stop.abort(),
      })
    );
    const done: number[] = [];
    await prepareShards(crops, resumed, { ...SMALL_SHARDS, progress: (count) => done.push(count) });
    assertEquals(done, [3], "only what was missing is done again");
    for (const index of [1, 0]) {
      await prepareShards(crops, parted, { ...SMALL_SHARDS, part: { index, of: 2 } });
    }
    assertEquals(contents(resumed), contents(whole));
    assertEquals(contents(parted), contents(whole));
    const other = await assertRejects(
      () => prepareShards(crops, whole, { ...SMALL_SHARDS, shardSize: 4 }),
      InvalidArgumentError,
    ) as Error;
    assertMatch(other.message, /^Cannot go on in .* as shard 0 was made .*: give another folder/);
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("prepare: a teacher that is no model, a damaged shard, a folder without photos are errors that say what to do", async () => {
  const out = await Deno.makeTempDir();
  try {
    const settings = await prepareShards(crops, out, SMALL_SHARDS);
    const path = `${out}/shard-0000.bin`;
    await Deno.truncate(path, 1000);
    assertThrows(() => indexShards(out, settings), InvalidArgumentError, "as it has 1000 bytes");
    using reader = new RecordReader(out, SIZE);
    const place = { file: "a", mesh: true, shard: 0, record: 0 };
    assertThrows(() => reader.read(place), InvalidArgumentError, "delete the shard's");
    await Deno.writeTextFile(`${out}/shard-0001.json`, "{");
    assertThrows(() => indexShards(out, settings), InvalidArgumentError);
    assertThrows(() => listPhotos(out), InvalidArgumentError, "holds no photos");
    assertThrows(() => listPhotos(`${out}/none`), InvalidArgumentError, "check the path");
    await assertRejects(
      () => prepareShards(crops, out, { teacher: `${out}/none.onnx` }),
      Error,
      "check the path",
    );
    await assertRejects(
      () => prepareShards(crops, out, { teacher: "facemesh" }),
      InvalidArgumentError,
      "no embedding model",
    );
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("command prepare: makes shards of crops, tells how many have a mesh, takes a teacher from a file", async () => {
  const out = await Deno.makeTempDir(), teacher = `${out}/teacher.onnx`;
  await Deno.writeFile(teacher, mobilefacenetFile());
  const lines: string[] = [], errors: string[] = [];
  const terminal = {
    out: (line: string) => void lines.push(line),
    err: (line: string) => void errors.push(line),
    progress: () => {},
    colors: false,
  };
  const prepare = (...args: string[]): Promise<number> =>
    main(["prepare", crops, "--out", out, "--teacher", teacher, ...args], terminal);
  try {
    assertEquals(await prepare("--like", "mobilefacenet", "--part", "1/1"), 0);
    assertMatch(lines[0], /^part 1\/1 of .* is done: run without --part at the end$/);
    assertEquals(await prepare("--like", "mobilefacenet", "--json"), 0);
    assertEquals(JSON.parse(lines[1]), {
      out,
      training: 4,
      validation: 2,
      meshes: 6,
      dropped: {},
    });
    assertEquals(await prepare("--like", "mobilefacenet", "--part", "3/2"), 2);
    assertMatch(errors.at(-1)!, /Cannot do part "3\/2": give one such as 1\/2/);
    assertEquals(await prepare("--like", "sface"), 2);
    assertEquals(readShard(out, 0)?.photos.length, 6);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

/** What the teacher makes of a crop's frame and its mirror image together, asked of onnxruntime alone. */
async function teacherTemplate({ data }: Image): Promise<Float32Array> {
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, Deno.readFileSync(TEACHER), {
    executionProviders: ["wasm"],
  });
  const plane = 112 * 112,
    input = Float32Array.from({ length: 2 * 3 * plane }, (_, i) => {
      const channel = Math.floor(i / plane) % 3, x = i % 112, y = Math.floor(i % plane / 112);
      const column = i < 3 * plane ? x : 111 - x;
      return (data[((y + 16) * 144 + column + 16) * 4 + channel] - 127.5) / 127.5;
    });
  const tensor = new ort.Tensor("float32", input, [2, 3, 112, 112]);
  const embedding = (await session.run({ input: tensor })).embedding.data as Float32Array;
  await session.release();
  const sum = embedding.slice(0, SIZE).map((value, i) => value + embedding[SIZE + i]);
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}
