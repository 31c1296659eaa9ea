// The student networks by name.

import { InvalidArgumentError } from "../errors.ts";
import { type Depth, iresnetLayers } from "./network/iresnet.ts";
import { MOBILEFACENET_LAYERS } from "./network/mobilefacenet.ts";
import { StudentNetwork } from "./network/student.ts";

/** Names of the student networks. */
export const STUDENT_NETWORKS = ["mobilefacenet", "iresnet18", "iresnet50", "iresnet100"] as const;

/** A name of a student network. */
export type StudentName = typeof STUDENT_NETWORKS[number];

/**
 * The student network of a name.
 *
 * @throws {InvalidArgumentError} If there is none.
 */
export function studentNetwork(name: string): StudentNetwork {
  if (name === "mobilefacenet") return new StudentNetwork(name, 192, MOBILEFACENET_LAYERS);
  if (STUDENT_NETWORKS.includes(name as StudentName)) {
    const depth = Number(name.slice("iresnet".length)) as Depth;
    return new StudentNetwork(name, 512, iresnetLayers(depth));
  }
  throw new InvalidArgumentError(
    `There is no student network "${name}": use one of ${STUDENT_NETWORKS.join(", ")}`,
  );
}
