import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatasetError, InvalidArgumentError } from "../../src/base/errors.ts";
import { type Dataset, openDataset } from "../../src/evaluate/mod.ts";
import { personFolds } from "../../src/evaluate/dataset/folds.ts";
import { parseMfr2Labels } from "../../src/evaluate/dataset/mfr2.ts";
import {
  LFW_LIST,
  pythonAll,
  temporaryFolder,
  testWithPython,
  writePeople,
} from "./dataset_fixtures.ts";

const named = ({ images, folds }: Dataset): (string | boolean)[][] =>
  folds.flat().map((
    { probe, reference, genuine },
  ) => [images[probe].id, images[reference].id, genuine]);

Deno.test("LFW: a list and photos, also in images/", async () => {
  for (const below of ["", "/images"]) {
    using folder = temporaryFolder();
    await writePeople(folder.path + below);
    await Deno.writeTextFile(`${folder.path}/pairs.txt`, LFW_LIST);
    using dataset = await openDataset(folder.path);
    assertEquals([dataset.kind, dataset.aligned, dataset.identified], ["lfw", false, true]);
    assertEquals(dataset.folds.map((fold) => fold.length), [2, 2]);
    assertEquals(named(dataset)[1], [
      "Eileen_Collins/Eileen_Collins_0001.jpg",
      "Grace_Hopper/Grace_Hopper_0001.jpg",
      false,
    ]);
    // Each photo once, however many pairs name it.
    assertEquals(dataset.images.map(({ identity }) => identity), [0, 0, 1, 1]);
    const bytes = await dataset.images[2].load() as Uint8Array;
    assertEquals([...bytes.subarray(0, 2)], [0xff, 0xd8]);
  }
});

Deno.test("LFW: photos that are not there are noticed when the data set is opened", async () => {
  using folder = temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/pairs.txt`, LFW_LIST);
  await assertRejects(() => openDataset(folder.path), DatasetError, "first photo of its list");
});

Deno.test("MFR2: labels say who wears a mask, pairs are dealt to folds", async () => {
  using folder = temporaryFolder();
  await writePeople(folder.path, "png");
  await Deno.writeTextFile(
    `${folder.path}/mfr2_labels.txt`,
    "Eileen_Collins, 1, no-mask\nEileen_Collins, 4, surgical_white\nGrace_Hopper, 1, no-mask\n",
  );
  await Deno.writeTextFile(
    `${folder.path}/pairs.txt`,
    "Eileen_Collins 1 4\nEileen_Collins 4 Grace_Hopper 1\nGrace_Hopper 1 2\n",
  );
  using dataset = await openDataset(folder.path);
  assertEquals(dataset.kind, "mfr2");
  assertEquals(
    dataset.images.map(({ id, masked }) => [id.slice(-8), masked]),
    [["0001.png", false], ["0004.png", true], ["0001.png", false], ["0002.png", undefined]],
  );
  assertEquals(dataset.folds.flat().length, 3);
  assertEquals(parseMfr2Labels("A_B, 0003, cloth").get("A_B/3"), true);
});

Deno.test("folders of people: pairs repeat with their seed and stay within a fold", async () => {
  using folder = temporaryFolder();
  for (let person = 0; person < 25; person++) {
    await Deno.mkdir(`${folder.path}/p${person}`);
    for (let i = 0; i < 3; i++) await Deno.writeTextFile(`${folder.path}/p${person}/${i}.jpg`, "");
  }
  await Deno.writeTextFile(`${folder.path}/p0/notes.txt`, "no photo");
  const open = (seed: number): Promise<Dataset> => openDataset(folder.path, { seed, pairs: 40 });
  using first = await open(1);
  using again = await open(1);
  using other = await open(2);
  assertEquals(named(first), named(again));
  assert(JSON.stringify(named(first)) !== JSON.stringify(named(other)));
  assertEquals(first.images.length, 75);
  const people = first.folds.map((fold) =>
    new Set(fold.flatMap(({ probe, reference }) =>
      [probe, reference]
        .map((image) => first.images[image].identity)
    ))
  );
  people.forEach((fold, i) =>
    people.slice(i + 1).forEach((later) => {
      assertEquals(fold.intersection(later).size, 0);
    })
  );
  for (const { probe, reference, genuine } of first.folds.flat()) {
    assertEquals(first.images[probe].identity === first.images[reference].identity, genuine);
    assert(probe !== reference);
  }
  // Its own folds share no person, so that calibration keeps them.
  const folds = personFolds(first, 0);
  first.folds.forEach((pairs, fold) => assertEquals(folds[pairs[0].probe], fold));
});

Deno.test("CSV: columns by name, paths from the file's place, errors with their line", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/pairs.csv`;
  const open = async (text: string): Promise<Dataset> => {
    await Deno.writeTextFile(path, text);
    return await openDataset(path, { countMissing: true }); // there are no photos, only the list
  };
  {
    using dataset = await open(
      "genuine,probe,reference,probe_person,reference_person,probe_masked,reference_masked,fold\r\n" +
        'yes,"a, b.jpg",c.jpg,ann,ann,1,0,1\r\nno,c.jpg,d.jpg,ann,bob,0,,2\r\n',
    );
    assertEquals(named(dataset), [["a, b.jpg", "c.jpg", true], ["c.jpg", "d.jpg", false]]);
    assertEquals(dataset.images.map(({ identity }) => identity), [0, 0, 1]);
    assertEquals(dataset.images.map(({ masked }) => masked), [true, false, undefined]);
    assertEquals([dataset.folds.length, dataset.identified], [2, true]);
  }
  for (
    const [text, message] of [
      ["probe,reference\na,b\n", "no column genuine"],
      ["probe,reference,genuine,colour\na,b,1,red\n", 'a column "colour"'],
      ["probe,reference,genuine\na,b,maybe\n", "line 2 of"],
      ["probe,reference,genuine\na,,1\n", "line 2 of"],
      ["probe,reference,genuine\n", "no pairs"],
      ['probe,reference,genuine\n"a,b,1\n', "it is no CSV"],
    ]
  ) {
    await assertRejects(() => open(text), DatasetError, message);
  }
});

Deno.test("what is no data set is refused with the reason", async () => {
  using folder = temporaryFolder();
  await assertRejects(() => openDataset(`${folder.path}/none`), DatasetError, "no such file");
  await assertRejects(() => openDataset(folder.path), DatasetError, "neither pairs.txt nor");
  await Deno.writeTextFile(`${folder.path}/a.txt`, "");
  await assertRejects(() => openDataset(`${folder.path}/a.txt`), DatasetError, "Cannot tell");
  await assertRejects(
    () => openDataset(folder.path, { kind: "tar" as "csv" }),
    InvalidArgumentError,
    "no kind of data set",
  );
});

testWithPython(".bin: shapes that are not insightface's are refused", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/x.bin`;
  const shapes = [
    ["[1, 2, 3]", "does not hold"],
    ["([b'a'], [True])", "1 pictures for 1 pairs"],
    ["([b'a', 'b'], [True])", "other things than bytes"],
    ["([b'a', b'b'], ['yes'])", "other things than true and false"],
    ["([], [])", "0 pictures for 0 pairs"],
    ["([[[[b'a']]], b'b'], [True])", "other things than bytes"],
  ];
  const files = pythonAll(shapes.map(([value]) => `out.write(pickle.dumps(${value}, 4))`));
  for (const [i, [, message]] of shapes.entries()) {
    await Deno.writeFile(path, files[i]);
    await assertRejects(() => openDataset(path), DatasetError, message);
  }
});
