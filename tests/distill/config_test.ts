// Configurations: those of the project are valid and say what they should; wrong ones are refused with the reason.

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { HIGH_GUIDANCE, LOW_GUIDANCE } from "../../src/distill/loss/loss.ts";
import { checkConfig, configHash, type DistillConfig } from "../../src/distill/train/config.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";

function configOf(name: string): DistillConfig {
  const url = new URL(`../../src/distill/configs/${name}.json`, import.meta.url);
  return checkConfig(JSON.parse(Deno.readTextFileSync(url)), name);
}

Deno.test("the configurations of the project are valid", () => {
  for (const name of ["student", "student_2", "fast", "fast_2"]) {
    assertEquals(configOf(name).network, "edgenext");
  }
  assertEquals(configOf("paper_lg").loss, LOW_GUIDANCE);
  assertEquals(configOf("paper_hg").loss, HIGH_GUIDANCE);
  for (const name of ["paper_lg", "paper_hg"]) {
    const { optimizer, schedule, network, batch, samples } = configOf(name);
    assertEquals(optimizer, { kind: "sgd", rate: 0.1, momentum: 0.9, decay: 5e-4, clip: 5 });
    assertEquals(schedule.kind, "stairs");
    assertEquals([network, batch, samples?.maskProbability], ["iresnet100", 512, 0.5]);
  }
});

Deno.test("a configuration is refused with what is wrong", () => {
  const good = configOf("student");
  const wrong: [object | null, string][] = [
    [null, "no object"],
    [{ ...good, data: undefined }, `"data"`],
    [{ ...good, network: "resnet" }, "mobilefacenet"],
    [{ ...good, steps: 1.5 }, `"steps" is 1.5`],
    [{ ...good, batch: 0 }, `"batch" is 0`],
    [{ ...good, average: 1 }, `"average" is 1`],
    [{ ...good, loss: { ...good.loss, scale: "64" } }, `"loss.scale" is 64`],
    [
      { ...good, loss: { ...good.loss, contrast: { weight: 1, temperature: 0, alike: 0.6 } } },
      `"loss.contrast" lacks a weight, a temperature above 0`,
    ],
    [{ ...good, optimizer: { kind: "adam" } }, "adam"],
    [{ ...good, optimizer: { ...good.optimizer, clip: undefined } }, "lacks a number"],
    [{ ...good, optimizer: { ...good.optimizer, kind: "sgd" } }, "lacks a number"],
    [{ ...good, schedule: { kind: "cosine" } }, "warmUp"],
    [{ ...good, schedule: { kind: "stairs", at: [1] } }, "factor"],
    [{ ...good, schedule: {} }, "schedule.kind"],
  ];
  for (const [config, reason] of wrong) {
    assertThrows(() => checkConfig(config, "c.json"), InvalidArgumentError, reason);
  }
});

Deno.test("the hash of a configuration covers what decides about numbers, and no more", async () => {
  const good = configOf("student"), hash = await configHash(good);
  const { loss, ...rest } = good;
  assertEquals(await configHash({ loss: { ...loss }, ...rest, out: "elsewhere" }), hash);
  assertNotEquals(await configHash({ ...good, batch: good.batch + 1 }), hash);
  assertNotEquals(await configHash({ ...good, samples: { ...good.samples, seed: 9 } }), hash);
});
