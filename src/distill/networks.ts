// The student networks by name.

import { InvalidArgumentError } from "../base/errors.ts";
import { type Depth, iresnetLayers } from "./network/iresnet.ts";
import { mobilefacenetLayers } from "./network/mobilefacenet.ts";
import { StudentNetwork } from "./network/student.ts";

/** Names of the student networks. */
export const STUDENT_NETWORKS = [
  "edgenext",
  "mobilefacenet",
  "iresnet18",
  "iresnet34",
  "iresnet50",
  "iresnet100",
  "iresnet200",
] as const;

/** A name of a student network. */
export type StudentName = typeof STUDENT_NETWORKS[number];

/**
 * The student network of a name.
 *
 * @param templateSize Numbers of its templates; by default 192 for MobileFaceNet and 512 for the others.
 * @throws {InvalidArgumentError} If there is none.
 */
export function studentNetwork(name: string, templateSize?: number): StudentNetwork {
  if (name === "edgenext") {
    throw new InvalidArgumentError(
      "Cannot train an edgenext on jax-js: pass --engine torch",
    );
  }
  if (name === "mobilefacenet") {
    const size = templateSize ?? 192;
    return new StudentNetwork(name, size, mobilefacenetLayers(size));
  }
  if (STUDENT_NETWORKS.includes(name as StudentName)) {
    const depth = Number(name.slice("iresnet".length)) as Depth, size = templateSize ?? 512;
    return new StudentNetwork(name, size, iresnetLayers(depth, size));
  }
  throw new InvalidArgumentError(
    `There is no student network "${name}": use one of ${STUDENT_NETWORKS.join(", ")}`,
  );
}
