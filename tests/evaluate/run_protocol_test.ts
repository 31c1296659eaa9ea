import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { type Dataset, type MaskStyle, parseColorList } from "../../src/evaluate/mod.ts";
import { type Comparison, comparisonsOf } from "../../src/evaluate/run/protocol.ts";

/** Eight pairs of sixteen photos in two folds, genuine and impostor by turns. */
function pairs(masked?: (image: number) => boolean): Dataset {
  const all = Array.from({ length: 8 }, (_, i) => ({
    probe: 2 * i,
    reference: 2 * i + 1,
    genuine: i % 2 === 0,
  }));
  return {
    name: "set",
    kind: "bin",
    aligned: true,
    identified: false,
    images: Array.from({ length: 16 }, (_, i) => ({
      id: String(i),
      identity: i,
      ...(masked && { masked: masked(i) }),
      load: () => Promise.reject(new Error("not needed")),
    })),
    folds: [all.slice(0, 4), all.slice(4)],
    [Symbol.dispose]: () => {},
  };
}

const OURS: MaskStyle = { style: "ours", seed: 5 };
const worn = (folds: Comparison[][]): boolean[][] =>
  folds.flat().map(({ probe, reference }) => [!!probe.mask, !!reference.mask]);

Deno.test("corrected um masks exactly the probes, mm all, uu and listed none", () => {
  const of = (scenario: "uu" | "um" | "mm" | "listed"): boolean[][] =>
    worn(comparisonsOf(pairs(), scenario, "corrected", OURS));
  assertEquals(of("uu"), Array(8).fill([false, false]));
  assertEquals(of("um"), Array(8).fill([true, false]));
  assertEquals(of("mm"), Array(8).fill([true, true]));
  assertEquals(of("listed"), Array(8).fill([false, false]));
});

Deno.test("released um masks both photos of the second half of the pairs", () => {
  const folds = comparisonsOf(pairs(), "um", "released", OURS);
  assertEquals(worn(folds), [...Array(4).fill([false, false]), ...Array(4).fill([true, true])]);
});

Deno.test("a photo's mask is the same in every scenario and changes with the seed", () => {
  const mask = (scenario: "um" | "mm", seed: number): unknown =>
    comparisonsOf(pairs(), scenario, "corrected", { style: "ours", seed })[1][0].probe.mask;
  assertEquals(mask("um", 1), mask("mm", 1));
  assert(JSON.stringify(mask("um", 1)) !== JSON.stringify(mask("um", 2)));
});

Deno.test("masks of one kind: every mask says so, and is otherwise the one of chance", () => {
  const masks = (kind?: "gaiter"): unknown[] =>
    comparisonsOf(pairs(), "um", "corrected", { style: "ours", seed: 1, kind }).flat()
      .map(({ probe }) => probe.mask);
  assertEquals(masks("gaiter"), masks().map((mask) => ({ ...mask as object, kind: "gaiter" })));
});

Deno.test("colours come from the paper's lists: all photos in mm, the second half in um", () => {
  const text = (count: number): string =>
    Array.from({ length: count }, (_, i) => `${i},[ ${i} ${i + 1} ${i + 2}]`).join("\n");
  const texture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  const colors = { one: parseColorList(text(8)), both: parseColorList(text(16)) };
  const masks: MaskStyle = { style: "maskinv", texture, colors };
  const offset = (scenario: "um" | "mm", fold: number): unknown => {
    const { probe } = comparisonsOf(pairs(), scenario, "released", masks)[fold][1];
    return probe.mask?.style === "maskinv" && probe.mask.offset;
  };
  assertEquals(offset("mm", 0), [2, 3, 4]);
  assertEquals(offset("mm", 1), [10, 11, 12]);
  // Photo 10 is the third of those from the eighth on.
  assertEquals(offset("um", 1), [2, 3, 4]);
  const short = { ...masks, colors: { both: parseColorList(text(3)) } };
  assertThrows(
    () => comparisonsOf(pairs(), "mm", "released", short),
    InvalidArgumentError,
    "the list has 3",
  );
  assertThrows(() => parseColorList("0,[1 2]"), InvalidArgumentError, "line 1");
  assertThrows(() => parseColorList("0,[1 2 150]"), InvalidArgumentError, "0 to 149");
});

Deno.test("labelled data sets give a scenario the pairs that are in it, without drawing masks", () => {
  // Pairs 0 and 1: none masked; 2 to 5: the probe; 6 and 7: both.
  const dataset = pairs((image) => image >= 12 || image >= 4 && image % 2 === 0);
  const of = (scenario: "uu" | "um" | "mm" | "listed"): Comparison[] =>
    comparisonsOf(dataset, scenario, "corrected", OURS).flat();
  assertEquals([of("uu"), of("um"), of("mm"), of("listed")].map((list) => list.length), [
    2,
    4,
    2,
    8,
  ]);
  assertEquals(of("mm")[0], { probe: { image: 12 }, reference: { image: 13 }, genuine: true });
  const bare = pairs(() => false);
  assertThrows(
    () => comparisonsOf(bare, "mm", "corrected", OURS),
    InvalidArgumentError,
    "leave no comparisons",
  );
});

Deno.test("a limit takes pairs of both kinds from the whole list", () => {
  const folds = comparisonsOf(pairs(), "uu", "corrected", OURS, 4);
  assertEquals(folds.flat().map(({ probe }) => probe.image), [0, 2, 8, 10]);
});
