// Checkpoints: what is read is what was written, and nothing else is taken for one.

import { assertEquals, assertThrows } from "@std/assert";
import {
  type Checkpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../../src/distill/train/checkpoint.ts";
import { ModelError } from "../../src/base/errors.ts";

const CHECKPOINT: Checkpoint = {
  step: 7,
  config: "abc",
  identities: 3,
  best: { score: 1.5, step: 4 },
  parameters: Float32Array.of(1, 2, 3),
  mean: Float32Array.of(4, 5, 6),
  optimizer: [Float32Array.of(7, 8, 9), Float32Array.of(-1, 1e-30, Infinity)],
};

Deno.test("a checkpoint is read as it was written, and replaces the one before", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/last.checkpoint`;
  writeCheckpoint(path, { ...CHECKPOINT, step: 6 });
  writeCheckpoint(path, CHECKPOINT);
  assertEquals(readCheckpoint(path), CHECKPOINT);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["last.checkpoint"]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("a cut, foreign or missing checkpoint is refused", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/last.checkpoint`;
  assertThrows(() => readCheckpoint(path), ModelError, "check the path");
  writeCheckpoint(path, CHECKPOINT);
  const bytes = Deno.readFileSync(path);
  for (const length of [0, 1, 50, bytes.length - 4, bytes.length - 1]) {
    Deno.writeFileSync(path, bytes.subarray(0, length));
    assertThrows(() => readCheckpoint(path), ModelError, "no whole checkpoint");
  }
  Deno.writeTextFileSync(path, "{}\nabcd");
  assertThrows(() => readCheckpoint(path), ModelError, "no whole checkpoint");
  Deno.removeSync(folder, { recursive: true });
});
