// The training of the detector: torch's network beside onnxruntime, a few steps to a file, and what is refused.

import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DeviceError, InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { heldOutPairs, openPairs } from "../../src/distill/data/pairs.ts";
import { checkDetectorConfig } from "../../src/distill/detector/config.ts";
import { DetectorEngine, optimizerOf } from "../../src/distill/detector/engine.ts";
import { DetectorGraph } from "../../src/distill/detector/graph.ts";
import { listShownPhotos } from "../../src/distill/detector/photos.ts";
import { placeErrors } from "../../src/distill/detector/place_errors.ts";
import { trainDetector } from "../../src/distill/detector/trainer.ts";
import { firstState } from "../../src/distill/train/optimizer.ts";
import { ARCFACE_TEMPLATE } from "../../src/pipeline/align/arcface.ts";
import { createSession, inTurn, loadOrt } from "../../src/runtime/ort.ts";
import { run } from "../cli/run.ts";
import { photo } from "../hosts.ts";
import { CONFIG, configFor, photoFolder, START, startGraph } from "./detector_fixture.ts";
import { FOLDER, prepared } from "./torch_fixture.ts";
import { checkInPython, testWithTorch } from "./torch_hosts.ts";

testWithTorch("torch computes the detector's maps as onnxruntime", async (python) => {
  const graph = startGraph(), config = configFor("maps"), { parameters } = graph;
  const optimizer = firstState(optimizerOf(config), parameters.length);
  await using engine = await DetectorEngine.start(
    graph,
    config,
    { parameters, mean: parameters, optimizer },
    { python, threads: 1 },
  );
  const [height, width] = [96, 128], cells = height * width;
  const pixels = Uint8Array.from({ length: 2 * cells * 3 }, (_, i) => (i * 7919 + (i >> 5)) % 256);
  const found = await engine.maps(pixels, height, width);
  const planes = new Float32Array(pixels.length);
  pixels.forEach((level, i) => {
    const picture = Math.floor(i / (3 * cells)), place = Math.floor(i / 3) % cells;
    planes[(picture * 3 + 2 - i % 3) * cells + place] = level;
  });
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, Deno.readFileSync(START), {
    executionProviders: ["wasm"],
  });
  const input = new ort.Tensor("float32", planes, [2, 3, height, width]);
  const wanted = await inTurn(() => session.run({ input }));
  assertEquals(Object.keys(found), [...graph.outputs]);
  for (const name of graph.outputs) {
    const values = wanted[name].data as Float32Array;
    assertEquals(found[name].length, values.length);
    const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - found[name][i])), 0);
    assertLess(worst, 1e-4, name);
  }
  await session.release();
});

testWithTorch(
  "places, cuts and targets of the detector's pictures are as the card says",
  (python) => checkInPython(python, "detector_parts.py"),
);

Deno.test("the photos that are shown are those of even or odd numbers, and never none", async () => {
  const folder = await photoFolder();
  const names = (numbers?: "all" | "even" | "odd"): string[] =>
    listShownPhotos([folder], numbers).map((path) => path.slice(folder.length + 1));
  assertEquals(names(), ["face-001.jpg", "face-002.jpg", "face-003.jpg", "face.jpg"]);
  assertEquals(names("even"), ["face-002.jpg"]);
  assertEquals(names("odd"), ["face-001.jpg", "face-003.jpg"]);
  assertEquals(listShownPhotos([]), []);
  const unnumbered = `${FOLDER}/unnumbered`;
  await Deno.mkdir(unnumbered);
  assertThrows(() => listShownPhotos([unnumbered]), InvalidArgumentError, "known format");
  await Deno.copyFile(photo("collins"), `${unnumbered}/face.jpg`);
  assertThrows(() => listShownPhotos([unnumbered], "odd"), InvalidArgumentError, "an odd number");
  const missing = `${FOLDER}/nowhere`;
  assertThrows(() => listShownPhotos([missing]), InvalidArgumentError, missing);
});

testWithTorch("a photo that cannot be shown is an error that names it", async (python) => {
  await prepared();
  const folder = `${FOLDER}/broken`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/broken.jpg`, "no picture");
  const config = configFor("broken-photo", { photos: [folder] });
  await assertRejects(
    () => trainDetector(config, { python, threads: 1, samplers: 1 }),
    InvalidArgumentError,
    "broken.jpg",
  );
});

Deno.test("a graph without trained numbers is written as it was read", () => {
  const graph = startGraph(), again = new DetectorGraph(graph.write(graph.parameters), "again");
  assertEquals(again.nodes, graph.nodes);
  assertEquals(again.parameters, graph.parameters);
});

Deno.test("pairs are the same whoever draws them, and differ where something is before the face", async () => {
  await prepared();
  const options = { seed: 5, maskShare: 0.5, surroundShare: 0.5 };
  using data = openPairs(`${FOLDER}/shards`, options);
  const all = data.draw(2, 0, 6, 6), last = data.draw(2, 4, 6, 6), crop = all.clean.length / 6;
  assertEquals(all.clean.subarray(4 * crop), last.clean);
  assertEquals(all.masked.subarray(4 * crop), last.masked);
  for (let i = 0; i < 6; i++) {
    const [clean, masked] = [all.clean, all.masked].map((a) =>
      a.subarray(i * crop, (i + 1) * crop)
    );
    const changed = clean.filter((level, k) => Math.abs(level - masked[k]) > 8).length;
    assert(changed > 0.02 * crop, `${changed} levels of pair ${i} differ`);
    assertLess(changed, 0.9 * crop);
  }
  assertEquals(heldOutPairs(`${FOLDER}/shards`, options, 1).clean.length, crop);
});

Deno.test("place errors are those by which points are moved", () => {
  const row = (score: number, dx: number, scale: number): Float32Array =>
    Float32Array.of(score, ...ARCFACE_TEMPLATE.flatMap(({ x, y }) => [scale * x + dx, scale * y]));
  const wanted = [row(0.9, 0, 2), row(0.9, 10, 2), row(0.5, 0, 2)];
  const found = [row(0.8, 4, 2), row(0.4, 14, 2), row(0.9, 90, 2)];
  const { count, x, y, scale, roll, below } = placeErrors(wanted, found);
  // Points that lie four pixels too far right move what the crop shows two of its pixels to the left.
  assertEquals([count, below], [2, 0.5]);
  assertLess(Math.abs(x.mean + 2), 1e-4);
  for (const near of [x.deviation, y.mean, y.deviation, scale.mean, roll.mean, roll.deviation]) {
    assertLess(Math.abs(near), 1e-4);
  }
});

Deno.test("a detector's configuration is refused with the reason", async () => {
  const sound = JSON.parse(Deno.readTextFileSync(CONFIG));
  const wrong: [unknown, string][] = [
    [[], "no object"],
    [{ ...sound, data: 7 }, `"data" is no path`],
    [{ ...sound, start: undefined }, `"start" is no path`],
    [{ ...sound, batch: 2.5 }, `"batch" is 2.5`],
    [{ ...sound, maskShare: 1.2 }, `"maskShare" is 1.2`],
    [{ ...sound, smallShare: -0.1 }, `"smallShare" is -0.1`],
    [{ ...sound, tightShare: undefined }, `"tightShare" is undefined`],
    [{ ...sound, rolledShare: 0.9 }, "together more than 1"],
    [{ ...sound, cleanWeight: -1 }, `"cleanWeight" is -1`],
    [{ ...sound, teacher: "" }, `"teacher" is no path`],
    [{ ...sound, turnedShare: 2 }, `"turnedShare" is 2`],
    [{ ...sound, photos: "faces" }, `"photos" is no list`],
    [{ ...sound, photos: [] }, `"photos" is no list`],
    [{ ...sound, photoNumbers: "prime" }, `"photoNumbers" is prime`],
    [{ ...sound, photos: undefined }, `"photoNumbers" without "photos"`],
    [{ ...sound, average: 1 }, `"average" is 1`],
    [{ ...sound, rate: "fast" }, `"rate" is fast`],
    [{ ...sound, network: "edgenext" }, `"network"`],
  ];
  for (const [value, reason] of wrong) {
    assertThrows(() => checkDetectorConfig(value, "a.json"), InvalidArgumentError, reason);
  }
  for (
    const [args, reason] of [
      [[CONFIG], "--engine torch"],
      [[CONFIG, "--engine", "torch", "--processes", "2"], "--processes is not for --detector"],
      [[CONFIG, "--engine", "torch", "--workers", "0"], "--workers"],
      [[CONFIG.replace("detector.json", "student.json"), "--engine", "torch"], "correct the file"],
    ] as const
  ) {
    const { code, err } = await run("distill", "--detector", ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, reason);
  }
});

Deno.test("a start that is no YuNet, and an interpreter that is none, are errors that say so", async () => {
  await prepared();
  const other = START.replace("yunet", "facemesh");
  await assertRejects(() => trainDetector(configFor("a", { start: other })), ModelError, other);
  const missing = `${FOLDER}/none.onnx`;
  for (const role of ["start", "teacher"]) {
    const config = configFor("b", { [role]: missing });
    const error = await assertRejects(() => trainDetector(config), ModelError, missing);
    assertStringIncludes(error.message, `correct "${role}"`);
  }
  await assertRejects(
    () => trainDetector(configFor("c"), { python: "/nowhere/python", samplers: 1 }),
    DeviceError,
    "--python",
  );
});

globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
