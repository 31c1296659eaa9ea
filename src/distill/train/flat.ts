// All trained numbers in one array, so that workers exchange one buffer and optimisers are plain loops.

import type { Parameters } from "../network/onnx_read.ts";
import type { TrainedNetwork } from "../network/student.ts";

/** Name of the class centres among the parameters; they are trained but not exported. */
export const CENTRES = "centres";

/** A parameter within the flat array. */
export interface Slot {
  /** Name of the parameter. */
  readonly name: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** Where it starts. */
  readonly start: number;
  /** How long it is. */
  readonly length: number;
  /** Share of the learning rate by which it moves; 1 if not given. */
  readonly rate?: number;
}

/** Where each parameter lies. */
export interface FlatLayout {
  /** The parameters in their order. */
  readonly slots: readonly Slot[];
  /** Numbers in all. */
  readonly length: number;
}

/**
 * The layout of a network's parameters and its class centres `[identities, templateSize]`.
 *
 * @param rates Shares of the learning rate by name, see {@linkcode Slot}.
 */
export function flatLayout(
  network: Pick<TrainedNetwork, "shapes" | "templateSize">,
  identities: number,
  rates: Readonly<Record<string, number>> = {},
): FlatLayout {
  const shapes = { ...network.shapes, [CENTRES]: [Math.max(1, identities), network.templateSize] };
  let length = 0;
  const slots = Object.entries(shapes).map(([name, shape]) => {
    const slot = {
      name,
      shape,
      start: length,
      length: shape.reduce((a, b) => a * b, 1),
      ...rates[name] !== undefined && { rate: rates[name] },
    };
    length += slot.length;
    return slot;
  });
  return { slots, length };
}

/** Parameters by name written into one array; what is not given stays as it is there, by default zero. */
export function toFlat(
  layout: FlatLayout,
  parameters: Parameters,
  flat = new Float32Array(layout.length),
): Float32Array<ArrayBuffer> {
  for (const { name, start } of layout.slots) {
    if (parameters[name]) flat.set(parameters[name], start);
  }
  return flat;
}

/** Copies of the parameters by name. */
export function fromFlat(layout: FlatLayout, flat: Float32Array): Parameters {
  return Object.fromEntries(
    layout.slots.map(({ name, start, length }) => [name, flat.slice(start, start + length)]),
  );
}
