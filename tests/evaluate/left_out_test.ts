// Files that are no photos are named and counted apart, and change no error rate unless that is asked for.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatasetError } from "../../src/base/errors.ts";
import { describeLeftOut, withoutMissing } from "../../src/evaluate/dataset/left_out.ts";
import { openDataset } from "../../src/evaluate/mod.ts";

/** A folder with these files, by their paths in it. */
async function folderOf(...files: string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const file of files) {
    await Deno.mkdir(`${folder}/${file}`.replace(/[^/]+$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${file}`, "a photo");
  }
  return folder;
}

const PEOPLE = ["p1/a.jpg", "p1/b.jpg", "p2/a.jpg", "p2/b.jpg"];

Deno.test("folders of people: macOS metadata and names that are no UTF-8 are left out", async () => {
  const folder = await folderOf(...PEOPLE, "p1/._a.jpg");
  // No name of a string has such bytes: a shell writes them.
  const script = `cd '${folder}' && cp p1/a.jpg "$(printf 'p1/caf\\351.jpg')" && ` +
    `mkdir "$(printf 'Ren\\351')" && cp p1/a.jpg "$(printf 'Ren\\351/a.jpg')"`;
  const { success } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  using dataset = await openDataset(folder);
  assertEquals(dataset.images.map(({ id }) => id), PEOPLE);
  const lost = dataset.leftOut!.filter(({ reason }) => reason === "name-not-utf8");
  // Some file systems refuse such names; there is nothing to leave out there.
  assertEquals(lost.map(({ id }) => id), success ? ["Ren\uFFFD", "p1/caf\uFFFD.jpg"] : []);
  assertEquals(dataset.leftOut!.filter((file) => !lost.includes(file)), [
    { id: "p1/._a.jpg", reason: "macos-metadata" },
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("lists: photos that are not there take their comparisons with them, unless they are to count", async () => {
  const folder = await folderOf("a.jpg", "b.jpg", "c.jpg", "._c.jpg");
  const list = `${folder}/pairs.csv`;
  const lines = [
    "a.jpg,b.jpg,true",
    "a.jpg,gone.jpg,true",
    "a.jpg,c.jpg,false",
    "b.jpg,._c.jpg,false",
  ];
  await Deno.writeTextFile(list, ["probe,reference,genuine", ...lines].join("\n"));
  using dataset = await openDataset(list);
  assertEquals(dataset.images.map(({ id }) => id), ["a.jpg", "b.jpg", "c.jpg"]);
  const pairs = dataset.folds.flat().map(({ probe, reference, genuine }) =>
    `${dataset.images[probe].id} ${dataset.images[reference].id} ${genuine}`
  );
  assertEquals(pairs.sort(), ["a.jpg b.jpg true", "a.jpg c.jpg false"]);
  const said = describeLeftOut(dataset.leftOut!);
  assertEquals(said.length, 2);
  assertStringIncludes(said[0], "1 file (not there): gone.jpg");
  assertStringIncludes(said[1], "._c.jpg");
  using counting = await openDataset(list, { countMissing: true });
  assertEquals([counting.images.length, counting.folds.flat().length], [5, 4]);
  await Deno.writeTextFile(list, "probe,reference,genuine\nx.jpg,y.jpg,true");
  await assertRejects(() => openDataset(list), DatasetError, "x.jpg, for one, is not there");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a complete data set stays as it is", async () => {
  const folder = await folderOf(...PEOPLE);
  using dataset = await openDataset(folder);
  assertEquals(dataset.leftOut, []);
  assertEquals(await withoutMissing(dataset, folder), dataset);
  await Deno.remove(folder, { recursive: true });
});
