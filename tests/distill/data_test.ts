import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import {
  openTrainingData,
  openValidationData,
  type RawBatch,
} from "../../src/distill/data/data.ts";
import { identitiesOf } from "../../src/distill/data/index_file.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { RecordReader } from "../../src/distill/data/reader.ts";
import { drawLayers } from "../../src/mask/draw_layers.ts";
import { backendTest } from "../kernels/helpers.ts";
import { shardsOf, writeCrops } from "./data_fixture.ts";
import { MASK_KINDS } from "../../src/mask/kinds.ts";

const FRAME = 112 * 112 * 3;
const photos = await writeCrops();
const { folder, index } = await shardsOf(photos);
globalThis.addEventListener("unload", () => {
  for (const path of [photos, folder]) Deno.removeSync(path, { recursive: true });
});
/** Nothing is changed. */
const PLAIN = {
  maskProbability: 0,
  coverProbability: 0,
  surroundProbability: 0,
  flip: false,
  place: 0,
  light: 0,
  quality: 0,
} as const;

Deno.test("training data: the same step gives the same bytes, however it is split over workers", async () => {
  using data = await openTrainingData(folder, { seed: 5 });
  using again = await openTrainingData(folder, { seed: 5 });
  const whole = data.rawBatch(7, 0, 6, 6);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), (cut) => {
      const second = again.rawBatch(7, cut, 6, 6), first = again.rawBatch(7, 0, cut, 6);
      assertEquals(joined(first, second), [whole.levels, whole.targets, whole.labels]);
    }),
    { numRuns: 5 },
  );
  const next = data.rawBatch(8, 0, 6, 6);
  assertNotEquals(next.levels, whole.levels);
  using other = await openTrainingData(folder, { seed: 6 });
  assertNotEquals((other.rawBatch(7, 0, 6, 6)).levels, whole.levels);
});

backendTest("training data: masks drawn together are those drawn one by one", async (backend) => {
  using data = await openTrainingData(folder, { seed: 5, maskProbability: 0.7 });
  let pictures = 0;
  const drawn = await data.drawnBatch(7, 1, 6, 6, (given) => {
    pictures += given.length;
    return drawLayers(backend, given);
  });
  const wanted = data.rawBatch(7, 1, 6, 6);
  assertGreater(pictures, 0);
  assertEquals([drawn.targets, drawn.labels], [wanted.targets, wanted.labels]);
  if (backend.device === "wasm") return assertEquals(drawn.levels, wanted.levels);
  const far = drawn.levels.filter((level, i) => Math.abs(level - wanted.levels[i]) > 2);
  assertLessOrEqual(far.length, wanted.levels.length / 1000);
});

Deno.test("training data: an epoch shows every photo once, with its own label and target", async () => {
  using data = await openTrainingData(folder, PLAIN);
  assertEquals(data.photos, index.training.length);
  assertEquals(data.identities, identitiesOf(index.training).length);
  using reader = new RecordReader(folder, data.templateSize);
  const wanted = index.training.map((photo) =>
    [...reader.read(photo).template.subarray(0, 4), photo.identity ? 0 : -1].join()
  ).sort();
  for (const epoch of [0, 1]) {
    const { targets, labels, count } = data.rawBatch(epoch, 0, data.photos, data.photos);
    const seen = Array.from({ length: count }, (_, i) => {
      const at = i * data.templateSize;
      return [...targets.subarray(at, at + 4), labels[i]].join();
    }).sort();
    assertEquals(seen, wanted);
  }
});

Deno.test("training data: the bank has the teacher's template of each photo, and whom it shows", async () => {
  using data = await openTrainingData(folder, PLAIN);
  using reader = new RecordReader(folder, data.templateSize);
  const { templates, labels } = data.bank(), people = identitiesOf(index.training);
  assertEquals(labels.length, data.photos);
  index.training.forEach((photo, i) => {
    const row = templates.subarray(i * data.templateSize, (i + 1) * data.templateSize);
    assertEquals(row, reader.read(photo).template);
    assertEquals(people[labels[i]], photo.identity);
  });
});

Deno.test("training data: unchanged samples are the frames of the crops, and targets have length 1", async () => {
  using data = await openTrainingData(folder, PLAIN);
  using reader = new RecordReader(folder, data.templateSize);
  const { levels, targets, count } = data.rawBatch(0, 0, data.photos, data.photos);
  const { crop } = reader.read(index.training[0]);
  const frame = Uint8Array.from({ length: FRAME }, (_, i) => {
    const x = Math.floor(i / 3) % 112, y = Math.floor(i / 336);
    return crop[((y + 16) * 144 + x + 16) * 3 + i % 3];
  });
  const same = Array.from({ length: count }, (_, i) => levels.subarray(i * FRAME, (i + 1) * FRAME))
    .filter((image) => image.every((value, i) => value === frame[i]));
  assertEquals(same.length, 1);
  for (let i = 0; i < count; i++) {
    const target = targets.subarray(i * data.templateSize, (i + 1) * data.templateSize);
    assertAlmostEquals(target.reduce((sum, value) => sum + value * value, 0), 1, 1e-5);
  }
});

Deno.test("training data: half of the samples are mirror images, with the same target", async () => {
  using data = await openTrainingData(folder, { ...PLAIN, flip: true });
  using straight = await openTrainingData(folder, PLAIN);
  const n = data.photos;
  let flips = 0;
  for (let step = 0; step < 8; step++) {
    const { levels, targets } = data.rawBatch(step, 0, n, n),
      plain = straight.rawBatch(step, 0, n, n);
    assertEquals(targets, plain.targets);
    for (let i = 0; i < n; i++) {
      const image = levels.subarray(i * FRAME, (i + 1) * FRAME);
      const before = plain.levels.subarray(i * FRAME, (i + 1) * FRAME);
      const mirror = before.map((_, p) =>
        before[p - 3 * (Math.floor(p / 3) % 112) + 3 * (111 - Math.floor(p / 3) % 112)]
      );
      const flipped = image[0] !== before[0] || image.some((value, p) => value !== before[p]);
      if (flipped) flips++;
      assertEquals(image, flipped ? mirror : before);
    }
  }
  assert(flips > 0.25 * 8 * n && flips < 0.75 * 8 * n, `${flips}`);
});

Deno.test("training data: rare origins and ages are drawn as often as their weights say", async () => {
  using data = await openTrainingData(folder, {
    ...PLAIN,
    originWeights: { black: 3 },
    ageWeights: { senior: 0 },
  });
  const drawn = data.rawBatch(0, 0, data.photos, data.photos);
  using reader = new RecordReader(folder, data.templateSize);
  const timesOf = (file: string): number => {
    const { template } = reader.read(index.training.find((photo) => photo.file === file)!);
    return Array.from({ length: drawn.count }, (_, i) => drawn.targets[i * data.templateSize])
      .filter((first) => first === template[0]).length;
  };
  assertEquals(["collins/1.png", "any/1.png", "any/2.png"].map(timesOf), [1, 3, 0]);
  assertEquals(data.photos, 5);
  assertEquals(data.bank().labels.length, index.training.length);
});

Deno.test("training data: masks cover the lower face and come as often as asked", async () => {
  const lowerChange = async (
    options: Parameters<typeof openTrainingData>[1],
  ): Promise<number[]> => {
    using plain = await openTrainingData(folder, PLAIN);
    using data = await openTrainingData(folder, { ...PLAIN, ...options });
    const n = data.photos, steps = 12;
    const changes: number[] = [];
    for (let step = 0; step < steps; step++) {
      const [a, b] = [plain.rawBatch(step, 0, n, n), data.rawBatch(step, 0, n, n)];
      assertEquals(b.targets, a.targets);
      for (let i = 0; i < n; i++) {
        let lower = 0;
        for (let p = 0; p < FRAME / 3; p++) {
          if (a.levels[i * FRAME + 3 * p] !== b.levels[i * FRAME + 3 * p]) lower += 3 / FRAME;
        }
        changes.push(lower);
      }
    }
    return changes;
  };
  assert((await lowerChange({ maskProbability: 0 })).every((share) => share === 0));
  assert((await lowerChange({ maskProbability: 1 })).filter((share) => share > 0.08).length > 30);
  const half = await lowerChange({ maskProbability: 0.5 });
  const share = half.filter((change) => change > 0).length / half.length;
  assert(share > 0.25 && share < 0.75, `${share}`);
});

Deno.test("training data: every augmentation makes pictures with contrast, at full strength too", async () => {
  using data = await openTrainingData(folder, {
    maskProbability: 0.5,
    coverProbability: 1,
    surroundProbability: 1,
    place: 2,
    light: 2,
    quality: 2,
  });
  for (let step = 0; step < 12; step++) {
    const { levels } = data.rawBatch(step, 0, 4, 4);
    for (let at = 0; at < levels.length; at += FRAME) {
      const frame = levels.subarray(at, at + FRAME);
      const mean = frame.reduce((sum, level) => sum + level, 0) / FRAME;
      assert(frame.filter((level) => Math.abs(level - mean) > 10).length > FRAME / 10);
    }
  }
});

Deno.test("training data: options that make no sense are refused", () => {
  const refused = (options: object): unknown =>
    assertThrows(() => void openTrainingData(folder, options), InvalidArgumentError);
  refused({ maskProbability: 1.1 });
  refused({ light: -1 });
  refused({ place: NaN });
  refused({ seed: 0.5 });
  refused({ excludeKinds: MASK_KINDS });
  refused({ excludeKinds: ["veil"] });
  refused({ maskprobability: 0.5 });
  refused({ originWeights: { black: -1 } });
  refused({ ageWeights: { baby: 2 } });
  refused({ originWeights: { white: 0, black: 0, asian: 0 }, ageWeights: { adult: 21 } });
  assertThrows(() => void openTrainingData("/nowhere"), InvalidArgumentError, "run prepare");
});

Deno.test("validation data: people apart from training, each photo clean and masked, the same every time", async () => {
  const people = new Set(identitiesOf(index.training));
  assert(identitiesOf(index.validation).every((name) => !people.has(name)));
  const data = await openValidationData(folder), again = await openValidationData(folder);
  assertEquals(data, again);
  assertEquals(data.count, index.validation.length);
  assertEquals(data.labels.filter((label) => label >= 0).length, 2);
  assertEquals(data.targets.length, data.count * index.settings.templateSize);
  for (let i = 0; i < data.count; i++) {
    let changed = 0;
    for (let p = i * FRAME; p < (i + 1) * FRAME; p += 3) {
      if (data.clean[p] !== data.masked[p]) changed += 3 / FRAME;
    }
    assertGreater(changed, 0.05);
  }
  assertEquals((await openValidationData(folder, { maxPhotos: 1 })).count, 1);
});

function joined(first: RawBatch, second: RawBatch): unknown {
  const join = (a: Float32Array, b: Float32Array): Float32Array => Float32Array.from([...a, ...b]);
  return [
    Uint8Array.from([...first.levels, ...second.levels]),
    join(first.targets, second.targets),
    Int32Array.from([...first.labels, ...second.labels]),
  ];
}
