// A training that is stopped and resumed ends where one does that was not.

import "../../src/distill/train/one_thread.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { exportStudent } from "../../src/distill/train/export.ts";
import { readLog, type StepLine } from "../../src/distill/train/log.ts";
import { train } from "../../src/distill/train/trainer.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { configFor, trainSteps } from "./trainer_fixture.ts";

/** Losses of the steps of a log. */
function losses({ out }: DistillConfig): StepLine["loss"][] {
  return readLog(`${out}/log.jsonl`).filter((line): line is StepLine => "loss" in line)
    .map(({ loss }) => loss);
}

/** SHA-256 of the student that the last checkpoint gives. */
async function studentHash({ network, out }: DistillConfig): Promise<string> {
  const bytes = exportStudent(network, `${out}/last.checkpoint`);
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("a training that was stopped goes on to the same losses and the same student", async () => {
  const whole = configFor("whole"), parts = configFor("parts");
  assertEquals(await trainSteps(whole, Infinity, {}), 3);
  assertEquals(await trainSteps(parts, 2, {}), 2);
  assertEquals(await trainSteps(parts, Infinity, { resume: true }), 3);
  assertEquals(losses(parts), losses(whole));
  assertEquals(losses(whole).length, 3);
  assertEquals(await studentHash(parts), await studentHash(whole));
  assert(Deno.readTextFileSync(`${whole.out}/curve.svg`).includes("<path"));

  await assertRejects(() => train(whole), InvalidArgumentError, "--resume");
  await assertRejects(
    () => train({ ...whole, batch: 4 }, { resume: true }),
    InvalidArgumentError,
    "configuration was another",
  );
});
