// Finds networks in what was saved: dictionaries of tensors, however wrapped, whose names are a known network's.
// Training scripts wrap them as they like ({ state_dict: ... }, "module.", "features.module."), so that nothing is
// assumed but the names within the network.

import { CheckpointError, InvalidArgumentError } from "../base/errors.ts";
import type { Pickled } from "../pickle/values.ts";
import { EDGENEXT_MARK, isEdgeNext } from "./network/edgenext.ts";
import { isIresnet } from "./network/iresnet.ts";
import { isMobileFaceNet } from "./network/mobilefacenet.ts";
import { Weights } from "./network/weights.ts";
import type { StoredTensor } from "./torch/stored_tensor.ts";
import { textOf } from "./torch/names.ts";
import { unpackLinears } from "./torch/packed_linear.ts";

/** A network's tensors in a checkpoint. */
export interface Found {
  /** Where they are: the keys of the dictionaries and the prefix of the names. */
  readonly key: string;
  /** What stands before the names of the network's tensors. */
  readonly prefix: string;
  readonly weights: Weights;
  readonly kind: "iresnet" | "mobilefacenet" | "edgenext";
}

/** A name of each network by which prefixes are found. */
const MARKS = ["layer1.0.bn1.weight", "conv_sep.layers.0.weight", EDGENEXT_MARK];
const MAX_DEPTH = 8;
/** Networks in one dictionary; each is looked for among all names. */
const MAX_NETWORKS = 16;

/**
 * The one network of a checkpoint, or the one at `key`.
 *
 * @throws {CheckpointError} If there is none, or there are several and no `key`.
 * @throws {InvalidArgumentError} If there is none at `key`.
 */
export function findNetwork(
  saved: Pickled | ReadonlyMap<string, StoredTensor>,
  label: string,
  key?: string,
): Found {
  const dictionaries = [...tensorDictionaries(saved as Pickled, "", new Set(), 0)];
  const found = dictionaries.flatMap(({ path, tensors }) => networksOf(path, tensors));
  const keys = found.map((each) => JSON.stringify(each.key)).join(", ");
  if (key !== undefined) {
    const wanted = found.find((each) => each.key === key);
    if (wanted) return wanted;
    throw new InvalidArgumentError(
      `There is no network at "${key}" of ${label}: it has ${keys || "none that maskinv knows"}`,
    );
  }
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    throw new CheckpointError(
      `Cannot convert ${label} as it has several networks: choose one by its key, of ${keys}`,
    );
  }
  const names = dictionaries.flatMap(({ tensors }) => [...tensors.keys()]);
  const some = names.slice(0, 4).map((name) => JSON.stringify(name.slice(0, 80))).join(", ");
  throw new CheckpointError(
    `Cannot convert ${label} as its ${names.length} tensors (${
      some || "none"
    }) are of no network that maskinv knows: ` +
      `give an iResNet's, insightface's MobileFaceNet's or an EdgeFace's`,
  );
}

function* tensorDictionaries(
  value: Pickled,
  path: string,
  seen: Set<Pickled>,
  depth: number,
): Generator<{ readonly path: string; readonly tensors: ReadonlyMap<string, StoredTensor> }> {
  // A pickle's values may contain themselves.
  if (!(value instanceof Map) || seen.has(value) || depth > MAX_DEPTH) return;
  seen.add(value);
  const named = new Map<string, Pickled>();
  for (const [key, entry] of value) {
    const name = textOf(key);
    if (name === undefined) continue;
    named.set(name, entry);
    yield* tensorDictionaries(entry, path ? `${path}.${name}` : name, seen, depth + 1);
  }
  const tensors = unpackLinears(named);
  if (tensors.size > 0) yield { path, tensors };
}

function networksOf(path: string, tensors: ReadonlyMap<string, StoredTensor>): Found[] {
  const prefixes = new Set<string>();
  for (const name of tensors.keys()) {
    const mark = MARKS.find((end) => name === end || name.endsWith(`.${end}`));
    if (mark) prefixes.add(name.slice(0, -mark.length));
  }
  if (prefixes.size > MAX_NETWORKS) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as it has ${prefixes.size} networks and the limit is ${MAX_NETWORKS}: ` +
        `save one of them by itself`,
    );
  }
  return [...prefixes].flatMap((prefix): Found[] => {
    const within = new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
    const weights = new Weights(within);
    const kind = isIresnet(weights)
      ? "iresnet"
      : isMobileFaceNet(weights)
      ? "mobilefacenet"
      : isEdgeNext(weights)
      ? "edgenext"
      : undefined;
    const key = [path, prefix.slice(0, -1)].filter((part) => part !== "").join("/");
    return kind ? [{ key, prefix, weights, kind }] : [];
  });
}
