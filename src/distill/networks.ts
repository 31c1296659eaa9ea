// The student networks by name.

import { InvalidArgumentError } from "../base/errors.ts";
import { type Depth, iresnetLayers } from "./network/iresnet.ts";
import { mobilefacenetLayers } from "./network/mobilefacenet.ts";
import { EdgeNextStudent } from "./network/edgenext_student.ts";
import { StudentNetwork, type TrainedNetwork } from "./network/student.ts";

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
 * @param templateSize Numbers of its templates; by default 192 for MobileFaceNet and 512 for the others. An `edgenext` has
 * what its graph says.
 * @param graph The ONNX file that an `edgenext` starts from, which says what its layers are.
 * @throws {InvalidArgumentError} If there is none.
 * @throws {ModelError} If the graph is of another family.
 */
export function studentNetwork(
  name: string,
  templateSize?: number,
  graph?: Uint8Array,
): TrainedNetwork {
  if (name === "edgenext") {
    if (graph) return new EdgeNextStudent(graph, "the start");
    throw new InvalidArgumentError(
      "Cannot make an edgenext of nothing: give the ONNX file that the training starts from",
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
