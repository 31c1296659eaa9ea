// JSON that parses and says the wrong thing: values of other kinds, missing and foreign fields, in every place.

import fc from "fast-check";

/** One change to the value at a place; `steps` choose the way down, whatever the value's shape. */
export interface JsonMutation {
  readonly steps: readonly number[];
  readonly change: "set" | "delete" | "repeat" | "rename";
  readonly value: unknown;
}

/** Values that readers trip over. */
const NASTY: readonly unknown[] = [
  ...[null, true, 0, -1, 0.5, 1e9, 2 ** 31, 2 ** 53, 1e308, -1e308, "", " ", "0", "NaN"],
  ...["__proto__", "constructor", "\u0000", "\ud800", "../../etc/passwd", "a".repeat(2000)],
  ...[[], {}, [[]], [null], { length: 1e9 }, { toString: 1 }, [1, 2, 3]],
];

/** One to three changes. */
export const jsonMutations: fc.Arbitrary<readonly JsonMutation[]> = fc.array(
  fc.record({
    steps: fc.array(fc.nat(40), { maxLength: 7 }),
    change: fc.constantFrom("set", "set", "delete", "repeat", "rename"),
    value: fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 2 })),
  }),
  { minLength: 1, maxLength: 3 },
);

/** A changed copy. */
export function mutateJson(json: unknown, mutations: readonly JsonMutation[]): unknown {
  const root = { whole: structuredClone(json) };
  for (const { steps, change, value } of mutations) {
    // The way down; its end is where the change is made.
    let parent: Record<string, unknown> = root, key = "whole";
    for (const step of steps) {
      const at: unknown = parent[key];
      if (typeof at !== "object" || at === null || Object.keys(at).length === 0) break;
      const keys = Object.keys(at);
      parent = at as Record<string, unknown>;
      key = keys[step % keys.length];
    }
    if (change === "set") define(parent, key, structuredClone(value));
    else if (change === "delete") delete parent[key];
    else if (change === "rename" && !Array.isArray(parent)) {
      define(parent, renamed(value), parent[key]);
    } else repeat(parent[key]);
  }
  return root.whole;
}

function repeat(value: unknown): void {
  if (Array.isArray(value)) value.push(...value);
}

/** As JSON.parse does it: `__proto__` becomes a field like any other. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** A text as it is, so that `__proto__` and the like become names; what is none, as JSON. */
function renamed(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 40);
}
