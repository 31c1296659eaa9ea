// Condition heads whose answers are known: weights of zero, so that the biases alone speak. What comes after the network
// can be tested by them whatever the shipped student says.

import type { ConditionLimits } from "../src/model/manifest.ts";
import { hashHex, type ModelReader, packagedModels } from "../src/model/model.ts";
import {
  CONDITION_SIZE,
  CONDITION_SLOTS,
  type Covering,
  COVERINGS,
  type Fault,
  FAULTS,
} from "../src/pipeline/embed/condition.ts";
import { withFeatures, withHead } from "../src/distill/head/graph.ts";
import { type HeadWeights, HIDDEN } from "../src/distill/head/network.ts";
import { withHeadEntry } from "../src/distill/head/train_head.ts";

/** What a head says of every face. */
export interface Said {
  readonly similarity?: number;
  readonly covering?: Covering;
  readonly darkGlasses?: number;
  readonly child?: number;
  readonly fault?: Fault;
}

/** Limits for tests. */
export const LIMITS: ConditionLimits = { floor: 0.4, child: 0.5, childFmr: 0.29 };

/** The weights of a head that always says the same. */
export function constantHead(features: number, said: Said): HeadWeights {
  const { similarity = 0.8, covering = "bare", darkGlasses = 0.01, child = 0.01, fault } = said;
  const bias = new Float32Array(CONDITION_SIZE);
  const logit = (share: number): number => Math.log(share / (1 - share));
  bias[CONDITION_SLOTS.similarity] = logit(similarity);
  bias[CONDITION_SLOTS.coverings + COVERINGS.indexOf(covering)] = 6;
  bias[CONDITION_SLOTS.darkGlasses] = logit(darkGlasses);
  bias[CONDITION_SLOTS.child] = logit(child);
  FAULTS.forEach((name, i) => bias[CONDITION_SLOTS.faults + i] = name === fault ? 3 : -5);
  return {
    "0.weight": new Float32Array(HIDDEN * features),
    "0.bias": new Float32Array(HIDDEN),
    "2.weight": new Float32Array(CONDITION_SIZE * HIDDEN),
    "2.bias": bias,
  };
}

/** The packaged models, whose student has a head that always says the same. */
export async function modelsWithHead(said: Said, limits = LIMITS): Promise<ModelReader> {
  const models = packagedModels(), student = await Deno.readFile(new URL("student.onnx", models));
  const { features } = withFeatures(student, "student.onnx");
  const bytes = withHead(student, constantHead(features, said), "student.onnx");
  const text = await Deno.readTextFile(new URL("manifest.json", models));
  const told = {
    sha256: await hashHex(bytes),
    outputs: ["embedding", "condition"],
    condition: limits,
  };
  const manifest = new TextEncoder().encode(withHeadEntry(text, "student", told));
  return (file) => {
    if (file === "manifest.json") return Promise.resolve(manifest);
    if (file === "student.onnx") return Promise.resolve(bytes);
    return Deno.readFile(new URL(file, models));
  };
}

/** A model folder whose student has a head that always says the same, without the networks for masks. */
export async function folderWithHead(said: Said): Promise<string> {
  const folder = await Deno.makeTempDir(), read = await modelsWithHead(said);
  const manifest = JSON.parse(new TextDecoder().decode(await read("manifest.json")));
  const { student, yunet } = manifest.models;
  const text = JSON.stringify({ models: { student, yunet } });
  await Deno.writeTextFile(`${folder}/manifest.json`, text);
  for (const { file } of [student, yunet, student.cohort].filter(Boolean)) {
    await Deno.writeFile(`${folder}/${file}`, await read(file));
  }
  return folder;
}
