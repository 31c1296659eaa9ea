import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { choosePhotos } from "../../src/distill/data/choose.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { readShard } from "../../src/distill/data/shard.ts";
import { listPhotos } from "../../src/distill/data/source.ts";
import { main } from "../../src/cli/main.ts";
import { InvalidArgumentError } from "../../src/errors.ts";
import { addHostile, contents, FACES, SMALL_SHARDS, writePhotos } from "./data_fixture.ts";

Deno.test("prepare: photos that cannot be used are dropped with a reason, the others are kept", async () => {
  const photos = await writePhotos(), out = await Deno.makeTempDir();
  await addHostile(photos);
  try {
    const settings = await prepareShards(photos, out, SMALL_SHARDS);
    const index = await choosePhotos(out, settings, { sameScore: 0.9999, validationShare: 0 });
    const why = Object.fromEntries(index.dropped.map(({ file, reason }) => [file, reason]));
    assertEquals(why["unlabelled/cut.jpg"], "unreadable");
    assertEquals(why["unlabelled/empty.jpg"], "unreadable");
    assertEquals(why["unlabelled/text.jpg"], "unreadable");
    assertEquals(why["unlabelled/black.png"], "no face");
    // Of two files with the same picture one stays.
    const twins = ["labelled/collins/crop.jpg", "unlabelled/copy.jpg"];
    assertEquals(twins.filter((file) => why[file] === "same picture").length, 1);
    const kept = [...index.training, ...index.validation].map(({ file }) => file);
    assertEquals(kept.length, FACES.length);
    assertEquals(index.missingShards, 0);
    assert(
      index.dropped.find(({ reason }) => reason === "unreadable")?.detail?.startsWith("Cannot"),
    );
    assertEquals(index.shifts.length > 0, true);
    assert(!listPhotos(photos).some(({ file }) => file.includes("folder.jpg")));
  } finally {
    await Deno.remove(photos, { recursive: true });
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("prepare: stopped and run again, in parts or at once, the shards are the same", async () => {
  const photos = await writePhotos();
  const folders = await Promise.all([0, 1, 2].map(() => Deno.makeTempDir()));
  try {
    const [whole, resumed, parted] = folders;
    await prepareShards(photos, whole, SMALL_SHARDS);
    const stop = new AbortController();
    await assertRejects(() =>
      prepareShards(photos, resumed, {
        ...SMALL_SHARDS,
        signal: stop.signal,
        progress: (done) => done === 4 && stop.abort(),
      })
    );
    assert(readShard(resumed, 0) !== undefined && readShard(resumed, 1) === undefined);
    let done = 0;
    await prepareShards(photos, resumed, { ...SMALL_SHARDS, progress: () => done++ });
    assertEquals(done, 3, "only what was missing is done again");
    for (const index of [1, 0]) {
      await prepareShards(photos, parted, { ...SMALL_SHARDS, part: { index, of: 2 } });
    }
    assertEquals(contents(resumed), contents(whole));
    assertEquals(contents(parted), contents(whole));
    const other = await assertRejects(
      () => prepareShards(photos, whole, { ...SMALL_SHARDS, border: 0.1 }),
      InvalidArgumentError,
    ) as Error;
    assertMatch(other.message, /^Cannot go on in .* as shard 0 was made .*: give another folder/);
  } finally {
    for (const folder of [photos, ...folders]) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("prepare: people of excluded shards are dropped, and validation people are not in training", async () => {
  const photos = await writePhotos(), others = await Deno.makeTempDir();
  const [out, excluded] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  try {
    await Deno.mkdir(`${others}/Hopper`);
    await Deno.copyFile(`${photos}/unlabelled/hopper_mirrored.jpg`, `${others}/Hopper/1.jpg`);
    await choosePhotos(excluded, await prepareShards(others, excluded, SMALL_SHARDS));
    const settings = await prepareShards(photos, out, SMALL_SHARDS);
    const options = { sameScore: 0.99999, validationIdentities: 1, validationShare: 0.5 };
    const all = await choosePhotos(out, settings, options);
    const [held] = new Set(all.validation.flatMap(({ identity }) => identity ?? []));
    assert(held !== undefined);
    assert(all.training.every(({ identity }) => identity !== held));
    const index = await choosePhotos(out, settings, { ...options, exclude: excluded });
    const gone = index.dropped.filter(({ reason }) => reason === "like an excluded photo");
    assertEquals(
      gone.map(({ file }) => file).sort(),
      FACES.filter((file) => file.includes("hopper")),
    );
    await assertRejects(
      () => choosePhotos(out, settings, { exclude: photos }),
      InvalidArgumentError,
      "there is no index.json",
    );
  } finally {
    for (const folder of [photos, others, out, excluded]) {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("prepare: a shard that is damaged or a folder without photos is an error that says what to do", async () => {
  const photos = await writePhotos(), out = await Deno.makeTempDir();
  try {
    const settings = await prepareShards(photos, out, SMALL_SHARDS);
    const path = `${out}/shard-0000.bin`;
    await Deno.truncate(path, 1000);
    await assertRejects(
      () => choosePhotos(out, settings),
      InvalidArgumentError,
      "as it has 1000 bytes",
    );
    await Deno.writeTextFile(`${out}/shard-0001.json`, "{");
    await assertRejects(() => choosePhotos(out, settings), InvalidArgumentError);
    assertThrows(() => listPhotos(out), InvalidArgumentError, "holds no photos");
    assertThrows(() => listPhotos(`${out}/none`), InvalidArgumentError, "check the path");
  } finally {
    for (const folder of [photos, out]) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("command prepare: makes shards, tells what was dropped, and goes on where it was", async () => {
  const photos = await writePhotos(), out = await Deno.makeTempDir();
  await addHostile(photos);
  const lines: string[] = [], errors: string[] = [];
  const terminal = {
    out: (line: string) => void lines.push(line),
    err: (line: string) => void errors.push(line),
    progress: () => {},
    colors: false,
  };
  const prepare = (...args: string[]): Promise<number> =>
    main(["prepare", photos, "--out", out, "--teacher", "student", ...args], terminal);
  try {
    assertEquals(await prepare("--part", "1/1"), 0);
    assertMatch(lines[0], /^part 1\/1 of .* is done: run without --part at the end$/);
    assertEquals(await prepare("--json", "--same-score", "0.9999", "--validation", "1"), 0);
    const result = JSON.parse(lines[1]);
    assertEquals(result.training + result.validation, FACES.length);
    assertEquals(result.dropped, { unreadable: 3, "no face": 1, "same picture": 1 });
    assertEquals(await prepare("--part", "3/2"), 2);
    assertMatch(errors[0], /Cannot do part "3\/2": give one such as 1\/2/);
    assertEquals(await prepare("--border", "7"), 2);
    assertMatch(errors[1], /Cannot use border 7: give a share from 0 to 1/);
  } finally {
    for (const folder of [photos, out]) await Deno.remove(folder, { recursive: true });
  }
});
