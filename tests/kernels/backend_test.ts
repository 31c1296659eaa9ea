// What the WebGPU backend promises beyond its kernels: the same networks as wasm, one wait per read, flat memory,
// typed errors for losses and failures, and handles that cannot be confused.

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { Affine } from "../../src/math/affine.ts";
import {
  DeviceError,
  DeviceLostError,
  DisposedError,
  ImageTooLargeError,
  InvalidArgumentError,
} from "../../src/base/errors.ts";
import type { Image } from "../../src/image/image.ts";
import { openModels } from "../../src/model/model.ts";
import {
  largestDifference,
  note,
  rank,
  rgbSpec,
  startCpu,
  startWebgpu,
  texture,
  webgpuTest,
} from "./helpers.ts";

const CROP_TO_PHOTO: Affine = [1.3, -0.2, 150, 0.2, 1.3, 90];

function cosine(a: Float32Array, b: Float32Array): number {
  let ab = 0, aa = 0, bb = 0;
  a.forEach((value, i) => {
    ab += value * b[i];
    aa += value * value;
    bb += b[i] * b[i];
  });
  return ab / Math.sqrt(aa * bb);
}

webgpuTest("networks give what they give on wasm", async (webgpu) => {
  await using cpu = await startCpu();
  const models = await openModels();
  const image = texture(640, 480);
  // The maps of YuNet are in another order on a GPU: tests/onnx compares those.
  for (const name of ["student", "teacher"]) {
    const model = await models.load(name);
    const batch = model.entry.batched ? 2 : 1;
    const outputs = await Promise.all([cpu, webgpu].map(async (backend) => {
      await using network = await backend.load(model);
      using stack = new DisposableStack();
      const photo = stack.use(backend.upload(image));
      const jobs = Array.from(
        { length: batch },
        (_, i): { photo: typeof photo; cropToPhoto: Affine } => ({
          photo,
          cropToPhoto: [1.3, -0.2, 150 + 20 * i, 0.2, 1.3, 90],
        }),
      );
      const input = stack.use(backend.warpAffine(jobs, network.model.entry.input, false));
      const blocks = (await backend.run(network, input)).map((block) => stack.use(block));
      const values = await backend.read(...blocks);
      return values.map((data, i) => ({ data, shape: [...blocks[i].shape] }));
    }));
    const [onCpu, onWebgpu] = outputs;
    onCpu.forEach(({ data, shape }, i) => {
      assertEquals(onWebgpu[i].shape, shape);
      const similarity = cosine(data, onWebgpu[i].data);
      const difference = largestDifference(onWebgpu[i].data, data);
      note(
        `${name} ${model.entry.outputs[i]}: cosine ${similarity}, largest difference ${difference}`,
      );
      assertGreaterOrEqual(similarity, 0.9999, `${name} ${model.entry.outputs[i]}`);
    });
  }
});

webgpuTest("from photo to ranking there is one wait", async (backend) => {
  const model = await (await openModels()).load("student");
  const network = await backend.load(model);
  using photo = backend.upload(texture(640, 480));
  const jobs = [{ photo, cropToPhoto: CROP_TO_PHOTO }, { photo, cropToPhoto: CROP_TO_PHOTO }];
  using crops = backend.warpAffine(jobs, network.model.entry.input, true);
  const [raw] = await backend.run(network, crops);
  using embeddings = raw;
  using templates = backend.blendNormalize(embeddings, true);
  using scores = await backend.cosineMatrix(templates, templates);
  const { indices } = await rank(backend, scores, 2);
  assertEquals(backend.syncs, 1);
  assertEquals([...indices], [0, 1, 0, 1]);
  await backend.read(scores, templates, embeddings, crops);
  assertEquals(backend.syncs, 2);
  await backend.read();
  assertEquals(backend.syncs, 2);
});

webgpuTest(
  "memory is flat over 200 cycles of the kernels, also those that fail",
  async (backend) => {
    const cycle = async (): Promise<void> => {
      using photo = backend.upload(texture(64, 48));
      using input = backend.letterbox([{ photo }], rgbSpec(64));
      using _crops = backend.warpAffine(
        [{ photo, cropToPhoto: CROP_TO_PHOTO }],
        rgbSpec(112),
        true,
      );
      using embeddings = backend.write(new Float32Array(4 * 192).fill(1), [4, 192]);
      using templates = backend.blendNormalize(embeddings, true);
      using scores = await backend.cosineMatrix(templates, templates);
      await Promise.all([rank(backend, scores, 1), backend.read(input, templates)]);
      await assertRejects(() => backend.cosineMatrix(templates, input), InvalidArgumentError);
    };
    await cycle();
    const after = backend.memory;
    assertEquals(after.live, 0);
    for (let i = 0; i < 200; i++) await cycle();
    assertEquals(backend.memory, after);
    assert(after.idle < 20, `${after.idle} idle buffers`);
  },
);

webgpuTest("memory is flat over runs of a network", async (backend) => {
  const model = await (await openModels()).load("yunet");
  const network = await backend.load(model);
  using photo = backend.upload(texture(64, 48));
  const cycle = async (): Promise<void> => {
    using stack = new DisposableStack();
    const input = stack.use(backend.letterbox([{ photo }], network.model.entry.input));
    const outputs = await backend.run(network, input);
    await backend.read(...outputs.map((output) => stack.use(output)));
  };
  const buffers = await countBuffers(backend.gpu.device, async () => {
    for (let i = 0; i < 3; i++) await cycle();
  });
  assert(buffers.live > 0);
  const after = backend.memory;
  const later = await countBuffers(backend.gpu.device, async () => {
    for (let i = 0; i < 10; i++) await cycle();
  });
  // Neither the pool nor onnxruntime makes a buffer that it does not destroy.
  assertEquals(later.live, 0, `${later.made} buffers made`);
  assertEquals(backend.memory, after);
});

/** How many buffers a task makes on a device, and how many of them it leaves. */
async function countBuffers(
  device: GPUDevice,
  task: () => Promise<void>,
): Promise<{ made: number; live: number }> {
  const create = device.createBuffer;
  let made = 0, live = 0;
  device.createBuffer = (descriptor): GPUBuffer => {
    const buffer = create.call(device, descriptor);
    const destroy = buffer.destroy;
    made++;
    live++;
    buffer.destroy = (): undefined => {
      live--;
      buffer.destroy = destroy;
      destroy.call(buffer);
    };
    return buffer;
  };
  try {
    await task();
  } finally {
    device.createBuffer = create;
  }
  return { made, live };
}

webgpuTest("the pool bounds what lies idle", async (backend) => {
  for (let i = 1; i <= 40; i++) {
    using _block = backend.write(new Float32Array(i * 2 ** 18), [i * 2 ** 18]);
  }
  assert(backend.memory.idleBytes <= 256 * 2 ** 20, `${backend.memory.idleBytes} bytes`);
  assert(backend.memory.idleBytes > 100 * 2 ** 20, `${backend.memory.idleBytes} bytes`);
  assertEquals(backend.memory.live, 0);
  await backend.read();
});

webgpuTest("a lost device is a DeviceLostError, and a new backend works", async (backend) => {
  const model = await (await openModels()).load("student");
  const network = await backend.load(model);
  const photo = backend.upload(texture(64, 48));
  using block = backend.write(new Float32Array([1, 2]), [1, 2]);
  using crops = backend.warpAffine(
    [{ photo, cropToPhoto: CROP_TO_PHOTO }],
    network.model.entry.input,
    true,
  );
  const underWay = [backend.read(block), backend.run(network, crops), backend.load(model)];
  backend.gpu.device.destroy();
  for (const call of await Promise.allSettled(underWay)) {
    // What had been finished before the loss may be given; nothing else may be thrown.
    if (call.status === "rejected") {
      assert(call.reason instanceof DeviceLostError, `${call.reason}`);
    }
  }
  await assertRejects(() => backend.read(block), DeviceLostError, "call again");
  await assertRejects(() => backend.run(network, crops), DeviceLostError);
  await assertRejects(() => backend.load(model), DeviceLostError);
  assertThrows(() => backend.upload(texture(8, 8)), DeviceLostError);
  assertThrows(() => backend.letterbox([{ photo }], rgbSpec(64)), DeviceLostError);
  photo[Symbol.dispose]();
  await using next = await startWebgpu();
  const renewed = await next.load(model);
  using again = next.upload(texture(64, 48));
  using input = next.warpAffine(
    [{ photo: again, cropToPhoto: CROP_TO_PHOTO }],
    renewed.model.entry.input,
    true,
  );
  const [output] = await next.run(renewed, input);
  assertEquals((await next.read(output))[0].length, 2 * model.entry.templateSize!);
});

webgpuTest(
  "an error of the device reaches the results that it may have spoiled, and no others",
  async (backend) => {
    using before = backend.write(new Float32Array([1]), [1, 1]);
    await backend.read(before);
    using spoiled = backend.write(new Float32Array([2]), [1, 1]);
    using derived = await backend.cosineMatrix(spoiled, before);
    // An error of anyone on the shared device, such as memory running out.
    const { device } = backend.gpu;
    device.queue.writeBuffer(
      device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST }),
      4,
      new Uint8Array(4),
    );
    await assertRejects(() => backend.read(derived), DeviceError, 'reported "');
    using late = backend.blendNormalize(derived, false);
    await assertRejects(() => backend.read(before, late), DeviceError, 'reported "');
    assertEquals([...(await backend.read(before))[0]], [1]);
    using fresh = backend.write(new Float32Array([3]), [1, 1]);
    using scores = await backend.cosineMatrix(fresh, before);
    assertEquals([...(await backend.read(scores))[0]], [3]);
  },
);

webgpuTest("a photo beyond the binding limit is refused with a way out", async (backend) => {
  const { maxStorageBufferBindingSize } = backend.gpu.device.limits;
  // Only the length is looked at, so that the test needs no such photo.
  const data = { byteLength: maxStorageBufferBindingSize + 4 } as Image["data"];
  const error = assertThrows(
    () => backend.upload({ width: 40_000, height: 30_000, data }),
    ImageTooLargeError,
    "40000x30000",
  );
  assertStringIncludes(error.message, 'device: "wasm"');
  await backend.read();
});

webgpuTest("handles of other backends and disposed ones are refused", async (backend) => {
  await using cpu = await startCpu();
  await using other = await startWebgpu();
  const spec = rgbSpec(8);
  for (const stranger of [cpu, other]) {
    assertThrows(
      () => backend.letterbox([{ photo: stranger.upload(texture(2, 2)) }], spec),
      InvalidArgumentError,
      "this photo as it was made by another backend",
    );
    const block = stranger.write(new Float32Array(2), [1, 2]);
    assertThrows(() => backend.blendNormalize(block, false), InvalidArgumentError, "this block");
  }
  const photo = backend.upload(texture(2, 2));
  photo[Symbol.dispose]();
  photo[Symbol.dispose]();
  assertThrows(() => backend.letterbox([{ photo }], spec), DisposedError);
  assertThrows(() => backend.write(new Float32Array(3), [2, 2]), InvalidArgumentError, "give 4");
  assertEquals(backend.memory.live, 0);
});

webgpuTest("a disposed backend says so, and disposing twice is harmless", async () => {
  const backend = await startWebgpu();
  const network = await backend.load(await (await openModels()).load("student"));
  const block = backend.write(new Float32Array(2), [1, 2]);
  await backend[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  block[Symbol.dispose]();
  assertThrows(() => backend.upload(texture(2, 2)), DisposedError);
  await assertRejects(() => backend.read(block), DisposedError);
});
