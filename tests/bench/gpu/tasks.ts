// The tasks of the GPU bench: each is made for one device and then run many times. Warm only: what a task keeps on the device
// (templates of a gallery, compiled shaders) is there before the first round that counts.

import { createVerifier, type Verifier } from "../../../mod.ts";
import { type Image, loadImage } from "../../../src/image/mod.ts";
import { type Backend, createBackend } from "../../../src/kernels/mod.ts";
import { topKKernel } from "../../../src/kernels/top_k/mod.ts";
import { drawLayers, type LayeredPicture } from "../../../src/mask/draw_layers.ts";
import { randomMaskOptions } from "../../../src/mask/kinds.ts";
import { maskLayer } from "../../../src/mask/mask_layer.ts";
import { startRuntime } from "../../../src/runtime/start.ts";
import { photo } from "../../hosts.ts";
import { unitRows } from "../../kernels/helpers.ts";

/** Where a task runs. */
export type Device = "webgpu" | "wasm";

/** A task on one device, ready to be run again and again. */
export interface Runner extends AsyncDisposable {
  run(): Promise<unknown>;
}

/** A task. */
export interface Task {
  readonly name: string;
  readonly count: number;
  /** The most rounds that are worth their time. */
  readonly maxRounds: number;
  readonly bytes?: number;
  start(device: Device): Promise<Runner>;
}

/** How large the tasks are. */
export interface Sizes {
  readonly batches: readonly number[];
  readonly galleries: readonly number[];
  readonly crops: readonly number[];
}

/** What a person with a GPU measures, and what shows in minutes that it runs. */
export const FULL: Sizes = {
  batches: [1, 8, 32, 128],
  galleries: [1e4, 1e5, 1e6],
  crops: [1, 32, 256],
};
export const SMALL: Sizes = { batches: [1, 4], galleries: [1e3, 1e4], crops: [1, 8] };

/** Numbers of a template, and how many rows of a gallery lie in one block. */
const DIMENSIONS = 512, BLOCK_ROWS = 32_768;
/** Width and height of a crop. */
const CROP = 112;
const WHOLE_CROP = { x: 0, y: 0, width: CROP, height: CROP };

/** The tasks in the order in which they run. */
export function tasksOf({ batches, galleries, crops }: Sizes): Task[] {
  return [
    verifyTask(),
    ...batches.map(embedTask),
    ...galleries.map(identifyTask),
    ...crops.map(overlayTask),
  ];
}

/** Two decoded photos to a decision. */
function verifyTask(): Task {
  return {
    name: "verify",
    count: 1,
    maxRounds: 40,
    start: (device) =>
      withVerifier(device, async (verifier) => {
        const [probe, reference] = await Promise.all(["collins", "hopper"].map(picture));
        return () => verifier.verify(probe, reference);
      }),
  };
}

/** So many decoded photos to templates, in one batch. */
function embedTask(count: number): Task {
  return {
    name: "embedAll",
    count,
    maxRounds: count > 32 ? 8 : 20,
    start: (device) =>
      withVerifier(device, async (verifier) => {
        const two = await Promise.all(["collins", "hopper"].map(picture));
        const photos = Array.from({ length: count }, (_, i) => two[i % 2]);
        return async () => {
          for await (const result of verifier.embedAll(photos, { batchSize: count })) {
            if (result.kind !== "acquired") throw new Error(`A photo gave ${result.kind}`);
          }
        };
      }),
  };
}

/** One probe against all rows of a gallery, to the ten best, as galleries do it. */
function identifyTask(count: number): Task {
  return {
    name: `1:N, ${DIMENSIONS} numbers`,
    count,
    maxRounds: count > 1e5 ? 8 : 20,
    bytes: count * DIMENSIONS * 4,
    start: (device) =>
      withBackend(device, async (backend, stack) => {
        const topK = await backend.prepare(topKKernel);
        const probe = stack.use(backend.write(unitRows(1, DIMENSIONS, 2), [1, DIMENSIONS]));
        const rows = blocks(count).map((values) =>
          stack.use(backend.write(values, [values.length / DIMENSIONS, DIMENSIONS]))
        );
        return async () => {
          using made = new DisposableStack();
          const rankings = [];
          for (const references of rows) {
            const scores = made.use(await backend.cosineMatrix(probe, references));
            rankings.push(made.use(topK(scores, 10)));
          }
          await backend.read(...rankings.flatMap((ranking) => ranking.blocks));
        };
      }),
  };
}

let latest: { readonly count: number; readonly rows: Float32Array<ArrayBuffer>[] } | undefined;

/**
 * Rows of a gallery in blocks; a thousand random ones again and again, as a million take longer than the bench. Both devices
 * get the same, which for a million are 2 GB.
 */
function blocks(count: number): Float32Array<ArrayBuffer>[] {
  if (latest?.count !== count) latest = { count, rows: makeBlocks(count) };
  return latest.rows;
}

function makeBlocks(count: number): Float32Array<ArrayBuffer>[] {
  const some = unitRows(Math.min(count, 1000), DIMENSIONS, 1), out = [];
  for (let from = 0; from < count; from += BLOCK_ROWS) {
    const values = new Float32Array(Math.min(BLOCK_ROWS, count - from) * DIMENSIONS);
    for (let at = 0; at < values.length; at += some.length) {
      values.set(some.subarray(0, values.length - at), at);
    }
    out.push(values);
  }
  return out;
}

/** A mask on each of so many crops, drawn together; fitting is not part of it. */
function overlayTask(count: number): Task {
  return {
    name: "mask overlay, 112x112",
    count,
    maxRounds: 40,
    start: (device) =>
      withBackend(device, async (backend) => {
        const { image, mesh } = await cropWithMesh();
        const pictures = Array.from({ length: count }, (_, i): LayeredPicture => {
          // Ten masks, so that textures are shared as in training by chance.
          const options = randomMaskOptions(i % 10);
          return { image, layers: [maskLayer(mesh, WHOLE_CROP, options, image)] };
        });
        return () => drawLayers(backend, pictures);
      }),
  };
}

let crop: Promise<{ image: Image; mesh: Float32Array }> | undefined;

/** A face of 112x112 pixels with its mesh. */
function cropWithMesh(): Promise<{ image: Image; mesh: Float32Array }> {
  return crop ??= (async () => {
    await using verifier = await createVerifier({ device: "wasm" });
    const whole = await picture("collins_crop");
    const { faces: [face] } = await verifier.detect(whole, { mesh: true });
    if (!face?.mesh) throw new Error("collins_crop.jpg has no mesh");
    const step = whole.width / CROP, data = new Uint8ClampedArray(CROP * CROP * 4);
    for (let i = 0; i < CROP * CROP; i++) {
      const x = Math.floor(step * (i % CROP)), y = Math.floor(step * Math.floor(i / CROP));
      const from = 4 * (y * whole.width + x);
      data.set(whole.data.subarray(from, from + 4), 4 * i);
    }
    const mesh = face.mesh.map((value) => value / step);
    return { image: { width: CROP, height: CROP, data }, mesh };
  })();
}

function picture(name: string): Promise<Image> {
  return loadImage(photo(name));
}

async function withVerifier(
  device: Device,
  prepare: (verifier: Verifier) => Promise<() => Promise<unknown>>,
): Promise<Runner> {
  const verifier = await createVerifier({ device });
  return { run: await prepare(verifier), [Symbol.asyncDispose]: () => verifier.dispose() };
}

async function withBackend(
  device: Device,
  prepare: (backend: Backend, stack: DisposableStack) => Promise<() => Promise<unknown>>,
): Promise<Runner> {
  const backend = await createBackend(await startRuntime(device));
  const stack = new DisposableStack();
  return {
    run: await prepare(backend, stack),
    async [Symbol.asyncDispose](): Promise<void> {
      stack.dispose();
      await backend[Symbol.asyncDispose]();
    },
  };
}
