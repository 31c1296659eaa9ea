// Learns src/align/mesh_shift_weights.ts: photos are masked and detected again, and a linear map of the masked mesh is
// fitted to how far its frame lies from the bare face's. Bare meshes, which must not move, are fitted along with them.
//   deno run -A tests/train/alignment.ts [--data ../shared/data/train] [--every 5] [--cache /tmp/maskinv-meshes.json] [--write]
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { invertAffine, multiplyAffine } from "../../src/align/affine.ts";
import { alignByPoints, ARCFACE_TEMPLATE } from "../../src/align/arcface.ts";
import { affineToShift, shiftFeatures } from "../../src/align/mesh_shift.ts";
import { EngineHost } from "../../src/backend/host.ts";
import type { Landmarks, MeshLandmarks } from "../../src/detect/face.ts";
import { hashName } from "../../src/distill/data/chance.ts";
import { type BareAndMasked, lookUnderMask } from "../../src/distill/data/look.ts";
import { listPhotos, type SourcePhoto } from "../../src/distill/data/source.ts";
import { openModels } from "../../src/model/model.ts";
import { errorsOf, fitRidge, type RidgeOptions, type Rows } from "./ridge.ts";

const WIDTH = 468 * 3 + 1, OUTPUTS = 4;
/** Shifts beyond this are other faces, in crop pixels. */
const MOST = 14;
/** Deviation of the template's points from their middle, by which turns and growths are pixels. */
const SPREAD = Math.sqrt(
  ARCFACE_TEMPLATE.reduce((sum, { x, y }) => sum + (x - 56) ** 2 + (y - 72) ** 2, 0) /
    ARCFACE_TEMPLATE.length,
);

const args = parseArgs(Deno.args, {
  string: ["data", "every", "cache", "lambda"],
  boolean: ["write"],
});
const { data = "../shared/data/train", cache = "/tmp/maskinv-meshes.json" } = args;
const { every = "5", lambda = "100" } = args;

/** A photo whose meshes are known. */
interface Pair extends BareAndMasked {
  readonly photo: SourcePhoto;
}

/** A mesh, as features, and how far its frame lies from the bare face's. */
interface Example {
  readonly group: string;
  readonly masked: boolean;
  readonly features: Float64Array;
  readonly shift: readonly number[];
}

const pairs = await collect();
const examples = pairs.flatMap(examplesOf);
console.log(`${pairs.length} photos, ${examples.length} meshes of bare and masked faces`);
report("without correction", examples.map(({ masked, shift }) => ({ masked, errors: [...shift] })));
const halves = [0, 1].map((half) =>
  examples.filter(({ group }) => hashName(`half ${group}`) % 2 === half)
);
report(
  "people and photos held out",
  [0, 1].flatMap((half) => check(fit(halves[1 - half]), halves[half])),
);
const weights = fit(examples);
report("all, as written", check(weights, examples));
if (args.write) write(weights);
Deno.exit(0);

function options(): RidgeOptions {
  return {
    width: WIDTH,
    outputs: OUTPUTS,
    lambda: Number(lambda),
    delta: 1.5,
    rounds: 3,
    distance,
  };
}

/** Root mean square move of the template's points, in crop pixels. */
function distance([growth, turn, right, down]: readonly number[]): number {
  return Math.sqrt(SPREAD ** 2 * (growth ** 2 + turn ** 2) + right ** 2 + down ** 2);
}

async function collect(): Promise<Pair[]> {
  try {
    return (JSON.parse(await Deno.readTextFile(cache)) as Pair[]).map((pair) => ({
      ...pair,
      bare: withMesh(pair.bare),
      masked: withMesh(pair.masked),
    }));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const look = {
    folder: data,
    teacher: "teacher",
    border: 0.25,
    shiftEvery: Number(every),
  };
  await using host = new EngineHost("wasm", await openModels(undefined), {});
  const found: Pair[] = [];
  for (const photo of listPhotos(data)) {
    const both = await host.use((engine) => lookUnderMask(engine, photo, look));
    if (both) found.push({ photo, ...both });
  }
  const plain = (_: string, value: unknown): unknown =>
    value instanceof Float32Array ? Array.from(value, (one) => Math.round(one * 1e3) / 1e3) : value;
  await Deno.writeTextFile(cache, JSON.stringify(found, plain));
  return found;
}

function withMesh<T extends Landmarks>(landmarks: T): T {
  if (landmarks.source === "detector") return landmarks;
  return { ...landmarks, mesh: Float32Array.from(landmarks.mesh) };
}

function examplesOf({ photo, bare, masked }: Pair): Example[] {
  const clean = alignByPoints(bare).cropToPhoto;
  const example = (landmarks: MeshLandmarks, masked: boolean): Example => {
    const photoToCrop = invertAffine(alignByPoints(landmarks).cropToPhoto);
    return {
      group: photo.identity ?? photo.file,
      masked,
      features: shiftFeatures(landmarks.mesh, photoToCrop),
      shift: affineToShift(multiplyAffine(photoToCrop, clean)),
    };
  };
  const both = [example(bare, false)];
  if (masked.source === "mesh") both.push(example(masked, true));
  return both.filter(({ shift }) => distance(shift) < MOST);
}

function rowsOf(examples: readonly Example[]): Rows {
  const features = new Float32Array(examples.length * WIDTH);
  const targets = new Float32Array(examples.length * OUTPUTS);
  examples.forEach((example, i) => {
    features.set(example.features, i * WIDTH);
    targets.set(example.shift, i * OUTPUTS);
  });
  return { count: examples.length, features, targets };
}

function fit(examples: readonly Example[]): Float64Array {
  return fitRidge(rowsOf(examples), options());
}

interface Checked {
  readonly masked: boolean;
  readonly errors: readonly number[];
}

function check(weights: Float64Array, examples: readonly Example[]): Checked[] {
  const rows = rowsOf(examples);
  return examples.map(({ masked }, row) => ({
    masked,
    errors: errorsOf(rows, row, weights, WIDTH, OUTPUTS),
  }));
}

function report(what: string, checked: readonly Checked[]): void {
  for (const masked of [false, true]) {
    const far = checked.filter((one) => one.masked === masked)
      .map(({ errors }) => distance(errors)).sort((a, b) => a - b);
    const at = (share: number): string => far[Math.floor(share * (far.length - 1))].toFixed(2);
    console.log(
      `${what}, ${masked ? "masked" : "bare"}: median ${at(0.5)}, p90 ${at(0.9)} crop pixels`,
    );
  }
}

function write(weights: Float64Array): void {
  const bytes = new Uint8Array(Float32Array.from(weights).buffer);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  Deno.writeTextFileSync(
    new URL("../../src/align/mesh_shift_weights.ts", import.meta.url),
    `// Written by tests/train/alignment.ts from ${pairs.length} photos: what mesh_shift.ts multiplies meshes with.
// Four rows of 1405 float32, little-endian, in base64.

/** The weights. */
export const MESH_SHIFT_WEIGHTS: string =
  "${btoa(binary)}";
`,
  );
}
