// What the parser takes and refuses, by the kinds of options; and what no command's options may have.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS, loadCommand } from "../../src/cli/commands.ts";
import { placeholderOf } from "../../src/cli/option.ts";
import { readArguments } from "../../src/cli/read_arguments.ts";
import { command, NO_GPU } from "./process.ts";
import { photo } from "../hosts.ts";
import { run } from "./run.ts";

const SOME: Command = {
  name: "some",
  takes: { usage: "<photo> ...", what: ["photo", "photos"], min: 0, max: 3 },
  options: [
    { kind: "flag", name: "json", help: "" },
    { kind: "text", name: "model", help: "" },
    { kind: "file", name: "out", short: "o", help: "" },
    { kind: "whole", name: "port", min: 0, max: 65535, help: "" },
    { kind: "whole", name: "workers", min: 1, help: "" },
    { kind: "number", name: "threshold", min: -1, max: 1, help: "" },
    { kind: "number", name: "limit", names: ["best", "worst"], min: 0, help: "" },
    { kind: "rate", name: "fmr", help: "" },
    { kind: "rates", name: "rates", help: "" },
    { kind: "choice", name: "device", of: ["auto", "wasm"], help: "" },
    { kind: "choices", name: "scenarios", of: ["uu", "um"], help: "" },
    { kind: "text", name: "python", with: ["device", "wasm"], help: "" },
    { kind: "text", name: "journal", with: ["out"], help: "" },
  ],
  run: () => Promise.resolve(0),
};

const ACTING: Command = {
  ...SOME,
  takes: {
    actions: {
      list: { usage: "", what: ["name", "names"], min: 0, max: 0 },
      rename: { usage: "<old> <new>", what: ["name", "names"], min: 2, max: 2 },
    },
  },
  options: [{ kind: "folder", name: "gallery", required: true, help: "" }],
};

Deno.test("values are read by the kind of their option", () => {
  const args = readArguments(SOME, [
    ...["--json", "-o", "a.png", "--port=0", "--workers", "2e1", "--threshold", "-0.5"],
    ...["--fmr", "1e-3", "--rates", "0.1,0.01", "--device=wasm", "--scenarios", "um,uu"],
    ...["a.jpg", "--", "--json.jpg", "-"],
  ]);
  assertEquals(args.operands, ["a.jpg", "--json.jpg", "-"]);
  assertEquals(args.photos.map(({ label }) => label), ["a.jpg", "--json.jpg", "-"]);
  assertEquals(args.flag("json"), true);
  assertEquals([args.text("out"), args.text("model")], ["a.png", undefined]);
  assertEquals(["port", "workers", "threshold", "fmr"].map(args.number), [0, 20, -0.5, 0.001]);
  assertEquals(args.numbers("rates"), [0.1, 0.01]);
  assertEquals(["workers", "rates", "json"].map(args.given), ["2e1", "0.1,0.01", undefined]);
  assertEquals(args.choice("device", ["auto", "wasm"]), "wasm");
  assertEquals(args.choices("scenarios", ["uu", "um"]), ["um", "uu"]);
});

Deno.test("a number may have names that it takes as well, which its placeholder lists", () => {
  assertEquals(readArguments(SOME, ["--limit", "worst"]).given("limit"), "worst");
  assertEquals(readArguments(SOME, ["--limit=0.5"]).number("limit"), 0.5);
  const limit = SOME.options.find(({ name }) => name === "limit")!;
  assertEquals(placeholderOf(limit), "best|worst|number");
});

const REFUSED: readonly [string, string][] = [
  ["--workers 0", "Option --workers is 0: give a whole number from 1 on"],
  ["--workers 1.5", "Option --workers is 1.5: give a whole number from 1 on"],
  ["--workers 1e999", "Option --workers is 1e999: give a whole number"],
  ["--workers many", 'Option --workers is "many": give a whole number'],
  ["--port 65536", "give a whole number from 0 to 65535"],
  ["--threshold 1.01", "Option --threshold is 1.01: give a number from -1 to 1"],
  ["--limit mean", 'Option --limit is "mean": give best or worst or a number from 0 on'],
  ["--limit -1", "Option --limit is -1: give best or worst or a number from 0 on"],
  ["--fmr often", 'Option --fmr is "often": give a number between 0 and 1'],
  ["--fmr 0", "Option --fmr is 0: give a number between 0 and 1"],
  ["--rates 0.1,2", "Option --rates is 2: give a number between 0 and 1"],
  ["--rates 0.1,", 'Option --rates is "": give a number between 0 and 1'],
  ["--device gpu", 'Option --device is "gpu": give one of auto, wasm'],
  ["--device constructor", "give one of auto, wasm"],
  ["--scenarios uu,ux", 'Option --scenarios is "ux": give one of uu, um'],
  ["--out out/", 'Option --out is "out/": give the name of a file'],
  ["--out", "Option --out has no value: see some --help"],
  ["--out=", "Option --out has no value"],
  ["--out --json", "Option --out has no value"],
  ["--python python3", "Option --python goes with --device wasm: give both, or neither"],
  ["--python python3 --device auto", "Option --python goes with --device wasm"],
  ["--journal j", "Option --journal goes with --out: give both, or neither"],
  ["--treshold 0.5", "There is no option --treshold of some: did you mean --threshold? Or see"],
  ["--no-json", "There is no option --no-json of some"],
  ["-x", "There is no option -x of some: see some --help"],
  ["a b c d", "Cannot some 4 photos: usage is some [options] <photo> ..."],
  ["- -", "Cannot read two photos from the standard input"],
];

for (const [line, message] of REFUSED) {
  Deno.test(`${line} is refused with what to give`, () => {
    const error = assertThrows(
      () => readArguments(SOME, line.split(" ")),
      InvalidArgumentError,
    );
    assertStringIncludes(error.message, message);
  });
}

Deno.test("actions have operands of their own, and a needed option is asked for by name", () => {
  const place = ["--gallery", "people"];
  const { action, operands } = readArguments(ACTING, [...place, "rename", "a", "b"]);
  assertEquals([action, operands], ["rename", ["a", "b"]]);
  const refused: [string[], string][] = [
    [place, "The command some lacks an action: use list, rename"],
    [[...place, "toString"], 'There is no action "toString": use one of list, rename'],
    [
      [...place, "list", "a"],
      "Cannot list 1 name: usage is some --gallery <folder> [options] list",
    ],
    [[...place, "rename", "a"], "[options] rename <old> <new>"],
    [["list"], "Cannot some list without --gallery: give --gallery <folder>"],
  ];
  for (const [args, message] of refused) {
    const error = assertThrows(() => readArguments(ACTING, args), InvalidArgumentError);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("the data set's kind and the mask's kind are --kind, the part it covers --coverage; former names say so", async () => {
  for (const name of ["evaluate", "calibrate", "mask"]) {
    const { code, err } = await run(name, "--type", "lfw", "x");
    assertEquals(code, 2);
    assertStringIncludes(err, `There is no option --type of ${name}: its name is --kind`);
  }
  const { code, err } = await run("mask", "--wearing=chin", "x");
  assertEquals(code, 2);
  assertStringIncludes(err, "There is no option --wearing of mask: its name is --coverage");
});

for (const entry of COMMANDS) {
  const { name } = entry;
  Deno.test(`${name}: options have one name each, and go with others that there are`, async () => {
    const { name: own, options } = await loadCommand(entry);
    assertEquals(own, name);
    const names = options.map((option) => option.name);
    assertEquals(names.length, new Set(names).size, names.join());
    const letters = options.flatMap(({ short }) => short ?? []);
    assertEquals(letters.length, new Set(letters).size);
    for (const option of options) {
      const [other, wanted] = option.with ?? [];
      const found = options.find((candidate) => candidate.name === (other ?? option.name));
      assertEquals([other, found !== undefined], [other, true]);
      if (wanted !== undefined) assertEquals("of" in found! && found.of.includes(wanted), true);
    }
  });
}

Deno.test("- reads a photo from the standard input", async () => {
  const args = ["detect", "--device", "wasm", "--json", "-"];
  const child = command(["--allow-read"], args, NO_GPU, { stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(await Deno.readFile(photo("collins_crop")));
  await writer.close();
  const { code, stdout } = await child.output();
  const { photo: label, faces } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals([code, label, faces.length], [0, "-", 1]);
});
