import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
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

Deno.test("LFW's list with photos in other formats, endings in capitals and numbers without zeros", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  for (const person of ["Eileen_Collins", "Grace_Hopper"]) await Deno.mkdir(`${path}/${person}`);
  const files = [
    ...["Eileen_Collins/Eileen_Collins_0001.JPEG", "Eileen_Collins/Eileen_Collins_0002.webp"],
    ...["Grace_Hopper/Grace_Hopper_1.png", "Grace_Hopper/Grace_Hopper_0002.PNG"],
  ];
  for (const file of files) await Deno.writeTextFile(`${path}/${file}`, file);
  await Deno.writeTextFile(`${path}/pairs.txt`, LFW_LIST);
  for (const given of [path, `${path}/pairs.txt`]) {
    using dataset = await openDataset(given);
    assertEquals(dataset.kind, "lfw");
    assertEquals(dataset.images.map(({ id }) => id).sort(), files.toSorted());
    for (const { id, load } of dataset.images) {
      assertEquals(new TextDecoder().decode(await load() as Uint8Array), id);
    }
  }
  // A list without folds, with blanks; and a line that is no pair.
  const list = "1\nGrace_Hopper 1 2\nGrace_Hopper 1 Eileen_Collins 2\n";
  await Deno.writeTextFile(`${path}/pairs.txt`, list);
  using dataset = await openDataset(path);
  assertEquals(dataset.folds.map((fold) => fold.length), [2]);
  await Deno.writeTextFile(`${path}/pairs.txt`, list.replace("1 2", "one two"));
  await assertRejects(() => openDataset(path), DatasetError, "in line 2: it must be name, number");
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
      ["probe,reference,genuine,colour\na,b,1,red\n", 'line 1 has a column "colour"'],
      ["probe,reference,genuine\na,b,1\n\nb,c\n", "line 4 of"],
      ["probe;image1;genuine\na;b;1\n", "two columns for probe"],
      ["a,b\nc,d\n", 'a column "a"'],
      ["probe,reference,genuine\na,b,maybe\n", "line 2 of"],
      ["probe,reference,genuine\na,,1\n", "line 2 of"],
      ["probe,reference,genuine\n", "no pairs"],
      ['probe,reference,genuine\n"a,b,1\n', "it is no CSV"],
    ]
  ) {
    await assertRejects(() => open(text), DatasetError, message);
  }
});

Deno.test("CSV: other separators and names, and no names at all", async () => {
  using folder = temporaryFolder();
  for (const name of ["a", "b", "c"]) await Deno.writeTextFile(`${folder.path}/${name}.jpg`, "");
  const lists = [
    ["pairs.csv", "\ufeffImage1;Image2;Same\r\na.jpg;b.jpg;1\r\na.jpg;c.jpg;0\r\n"],
    ["pairs.tsv", "file_1\tfile_2\tlabel\na.jpg\tb.jpg\tgenuine\na.jpg\tc.jpg\timpostor\n"],
    ["list.txt", "a.jpg b.jpg  1\na.jpg c.jpg -1\n"],
    ["bare.csv", "a.jpg,b.jpg,yes\na.jpg,c.jpg,no\n"],
    ["same.csv", "is same,reference,probe\nTrue,b.jpg,a.jpg\nFalse,c.jpg,a.jpg\n"],
  ];
  for (const [name, text] of lists) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
    using dataset = await openDataset(`${folder.path}/${name}`);
    assertEquals(dataset.kind, "csv");
    assertEquals(named(dataset), [["a.jpg", "b.jpg", true], ["a.jpg", "c.jpg", false]], name);
  }
});

Deno.test("two folders: photos of one name are one person's, each probe meets another person too", async () => {
  using folder = temporaryFolder();
  for (const side of ["masked", "unmasked"]) {
    await Deno.mkdir(`${folder.path}/${side}/zoe`, { recursive: true });
    for (const name of ["ann", "bob", "cid", `only-${side}`]) {
      await Deno.writeTextFile(`${folder.path}/${side}/${name}.jpg`, "");
    }
    for (const i of [1, 2]) await Deno.writeTextFile(`${folder.path}/${side}/zoe/${i}.jpg`, "");
  }
  using dataset = await openDataset(folder.path);
  assertEquals([dataset.kind, dataset.identified], ["two-folders", true]);
  const pairs = dataset.folds.flat();
  assertEquals(pairs.filter(({ genuine }) => genuine).length, 3 + 2 * 2);
  assert(pairs.some(({ genuine }) => !genuine));
  for (const { probe, reference, genuine } of pairs) {
    const [a, b] = [dataset.images[probe], dataset.images[reference]];
    assertEquals([a.masked, b.masked], [true, false]);
    assertMatch(`${a.id} ${b.id}`, /^masked\/\S+ unmasked\//);
    assertEquals(a.identity === b.identity, genuine);
  }
  assert(!dataset.images.some(({ id }) => id.includes("only")));
  using strangers = temporaryFolder();
  for (const side of ["probe", "reference"]) {
    await Deno.mkdir(`${strangers.path}/${side}`);
    await Deno.writeTextFile(`${strangers.path}/${side}/${side}.jpg`, "");
  }
  await assertRejects(() => openDataset(strangers.path), DatasetError, "the same name in both");
});

Deno.test("what is no data set is refused with the reason", async () => {
  using folder = temporaryFolder();
  await assertRejects(() => openDataset(`${folder.path}/none`), DatasetError, "no such file");
  await assertRejects(() => openDataset(folder.path), DatasetError, "neither pairs.txt nor");
  await Deno.writeTextFile(`${folder.path}/a.zip`, "");
  await assertRejects(() => openDataset(`${folder.path}/a.zip`), DatasetError, "Cannot tell");
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
