// Whole trainings of the detector: stopped and resumed to the same numbers, and photos that are shown without labels.

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { DetectorGraph } from "../../src/distill/detector/graph.ts";
import { trainDetector } from "../../src/distill/detector/trainer.ts";
import { readCheckpoint } from "../../src/distill/train/checkpoint.ts";
import { createSession, loadOrt } from "../../src/runtime/ort.ts";
import { configFor, photoFolder, START, startGraph } from "./detector_fixture.ts";
import { prepared } from "./torch_fixture.ts";
import { testWithTorch } from "./torch_hosts.ts";

testWithTorch("a detector that was stopped goes on to the same numbers", async (python) => {
  await prepared();
  // With photos, so that those are the same too.
  const photos = [await photoFolder()];
  const whole = configFor("detector-whole", { photos });
  const parts = configFor("detector-parts", { photos });
  const options = { python, threads: 1, samplers: 1 }, said: string[] = [];
  const { step, file, errors } = await trainDetector(whole, {
    ...options,
    report: (text) => said.push(text),
  });
  assertEquals([step, said.length], [3, 2]);
  for (const text of said) {
    assertEquals(text.match(/(scores|points|boxes) \d+\.\d{3}/g)?.length, 3, text);
  }
  assertEquals(errors.map(({ size, pictures }) => [size, pictures]), [
    [160, "clean"],
    [160, "masked"],
    [320, "clean"],
    [320, "masked"],
  ]);
  for (const { before, after } of errors) {
    assertEquals([before.count, after.count], [2, 2]);
    assertLess(Math.abs(before.x.mean) + before.x.deviation, 40);
    assert(before.y.mean !== after.y.mean);
  }
  // On clean pictures the published network finds what is wanted, but for the averaging of views.
  assertLess(Math.abs(errors[0].before.y.mean), 3);

  const stop = new AbortController();
  const stopped = await trainDetector(parts, {
    ...options,
    progress: (text) => text.startsWith("step") && stop.abort(),
    signal: stop.signal,
  });
  assertLess(stopped.step, 3);
  assertEquals(stopped.errors, []);
  const resumed = await trainDetector(parts, { ...options, resume: true });
  assertEquals(resumed.step, 3);
  const [one, other] = [whole, parts].map(({ out }) => readCheckpoint(`${out}/last.checkpoint`));
  assertEquals(other, one);
  assertEquals(Deno.readFileSync(resumed.file), Deno.readFileSync(file));

  // The file is the start's graph with other numbers, which onnxruntime takes.
  const start = startGraph(), written = new DetectorGraph(Deno.readFileSync(file), file);
  assertEquals(written.nodes, start.nodes);
  assertEquals(written.layout, start.layout);
  assertEquals(written.parameters, one.mean);
  const moved = written.parameters.filter((value, i) => value !== start.parameters[i]).length;
  assert(moved > 0.9 * start.parameters.length, `${moved} numbers have moved`);
  assert(written.parameters.every(Number.isFinite));
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, Deno.readFileSync(file), {
    executionProviders: ["wasm"],
  });
  assertEquals([...session.outputNames], [...start.outputs]);
  await session.release();

  await assertRejects(() => trainDetector(whole, options), InvalidArgumentError, "--resume");
  const faster = { ...whole, rate: 0.1 };
  await assertRejects(
    () => trainDetector(faster, { ...options, resume: true }),
    InvalidArgumentError,
    "configuration was another",
  );
});

testWithTorch("a trained detector is trained further by the same teacher", async (python) => {
  await prepared();
  const options = { python, threads: 1, samplers: 1 };
  const first = await trainDetector(configFor("first"), options);
  const further = configFor("further", { start: first.file, teacher: START, rate: 1e-6 });
  const second = await trainDetector(further, options);
  for (const [i, { before, after }] of second.errors.entries()) {
    assertEquals(before, first.errors[i].before);
    assertLess(Math.abs(after.x.mean - first.errors[i].after.x.mean), 0.05);
  }
  const weighed = configFor("weighed", { ...further, out: `${further.out}-2`, cleanWeight: 3 });
  await trainDetector(weighed, options);
  const [one, other] = [further, weighed].map(({ out }) =>
    readCheckpoint(`${out}/last.checkpoint`)
  );
  assert(one.parameters.some((value, i) => value !== other.parameters[i]));
});

testWithTorch("photos without labels are shown and change what is learnt", async (python) => {
  await prepared();
  const photos = [await photoFolder()], options = { python, threads: 1, samplers: 1 };
  const shown = configFor("photos", { photos, photoNumbers: "even", steps: 2 });
  const plain = configFor("no-photos", { steps: 2 }), said: string[] = [];
  const progress = (text: string): unknown => said.push(text);
  const { step } = await trainDetector(shown, { ...options, progress });
  await trainDetector(plain, options);
  assertEquals([step, said[0]], [2, "photo 1/1"]);
  const [one, other] = [shown, plain].map(({ out }) => readCheckpoint(`${out}/last.checkpoint`));
  assert(one.parameters.every(Number.isFinite));
  assert(one.parameters.some((value, i) => value !== other.parameters[i]));
  const all = { ...shown, photoNumbers: undefined };
  await assertRejects(
    () => trainDetector(all, { ...options, resume: true }),
    InvalidArgumentError,
    "configuration was another",
  );
});
