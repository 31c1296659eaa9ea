// Checkpoints that lie, are broken or want to run something: refused at once, with nothing run and little memory.
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { type Checkpoint, openCheckpoint } from "../../src/convert/mod.ts";
import { CheckpointError, InvalidArgumentError } from "../../src/base/errors.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import {
  bytes,
  legacyFile,
  little,
  mxnetFile,
  pickle,
  smallNetwork,
  stateOf,
  storages,
  type TensorOf,
  zip,
  zipFile,
} from "./torch_bytes.ts";

/** Opens a checkpoint and has every byte of its ONNX file made. */
async function convert(file: string | Uint8Array, key?: string): Promise<Checkpoint> {
  using checkpoint = await openCheckpoint(file, { label: "bad.pth", key });
  for (const piece of checkpoint.onnx()) assert(piece.length > 0);
  return checkpoint;
}

/** The small network with one tensor changed. */
function withTensor(change: Partial<TensorOf>, name = "conv_sep.layers.0.weight"): Uint8Array {
  const tensors = smallNetwork();
  return zipFile({ ...tensors, [name]: { ...tensors[name], ...change } });
}

const HONEST = smallNetwork();
const inZip = (body: Uint8Array, more: Record<string, Uint8Array> = {}): Uint8Array =>
  zip({ "archive/data.pkl": pickle.whole(body), ...more });
const { name, text, tuple, call, number } = pickle;
const storage = (type = "FloatStorage", key = "0", length: number | bigint = 4): Uint8Array =>
  bytes(tuple(text("storage"), name("torch", type), text(key), text("cpu"), number(length)), "Q");

Deno.test("both formats of the small network are read, also with zip64 fields", async () => {
  const whole = { "archive/data.pkl": pickle.whole(stateOf(HONEST)), ...storages(HONEST) };
  for (const file of [zipFile(HONEST), legacyFile(HONEST), zip(whole, { large: true })]) {
    const { network, templateSize, key } = await convert(file);
    assertEquals([network, templateSize, key], ["mobilefacenet", 3, ""]);
  }
});

const ATTACKS: Readonly<Record<string, [file: () => Uint8Array, message: string]>> = {
  "a call of os.system": [
    () => inZip(call(name("posix", "system"), text("touch PWNED"))),
    "code is never run",
  ],
  "a call of eval in the legacy format": [
    () => pickle.whole(call(name("builtins", "eval"), text("1"))),
    "code is never run",
  ],
  "a call of exec by a name on the stack": [
    () => inZip(bytes(text("builtins"), text("exec"), [0x93], tuple(text("1")), "R")),
    "code is never run",
  ],
  "a name of torch that is no tensor's": [
    () => inZip(call(name("torch", "load"), text("/etc/passwd"))),
    "code is never run",
  ],
  "a name within a listed one": [
    () => inZip(name("torch._utils", "_rebuild_tensor_v2.__globals__")),
    "code is never run",
  ],
  "a new object": [
    () => inZip(bytes(name("collections", "OrderedDict"), ")", [0x81])),
    "opcode 0x81",
  ],
  "the state of a function": [
    () => inZip(bytes(name("torch", "FloatStorage"), "}b")),
    "state of an object",
  ],
  "a call of a storage": [() => inZip(call(name("torch", "FloatStorage"))), "calls a storage"],
  "a whole model with code": [
    () => inZip(bytes(tuple(text("module"), text("a"), text("b"), text("import os")), "Q")),
    "code is never run",
  ],
  "a TorchScript program": [
    () => inZip(bytes("N"), { "archive/constants.pkl": pickle.whole(bytes("N")) }),
    "TorchScript",
  ],
  "a storage outside of the folder": [
    () => inZip(storage("FloatStorage", "../data.pkl", 5)),
    "has none",
  ],
  "a storage that is longer than its record": [
    () => withTensor({ said: 1e9 }),
    "said to have 4000000000 bytes and has 16",
  ],
  "a storage of 2^62 numbers": [
    () => withTensor({ said: 2n ** 62n }),
    "a length that is no number",
  ],
  "a storage of fewer than no numbers": [() => withTensor({ said: -1 }), "no number"],
  "one storage of two types": [
    () => inZip(tuple(storage(), storage("IntStorage")), { "archive/data/0": new Uint8Array(16) }),
    "both Float[4] and Int[4]",
  ],
  "a tensor behind its storage": [() => withTensor({ offset: 1 }), "reaches element 5"],
  "a negative offset": [() => withTensor({ offset: -1 }), "of -1"],
  "a negative stride": [() => withTensor({ strides: [2, -1, 1, 1] }), "of -1"],
  "a stride of 2^31 - 1": [() => withTensor({ strides: [2 ** 31 - 1, 1, 1, 1] }), "reaches"],
  "a stride of none": [() => withTensor({ strides: [0, 1, 1, 1] }), "more than once"],
  "strides that overlap": [
    () => withTensor({ strides: [1, 1, 1, 1] }),
    "more than once",
  ],
  "a million million numbers of one": [
    () => withTensor({ sizes: [1000000, 1000000], strides: [0, 0] }),
    "more than once",
  ],
  "sizes beyond all numbers": [
    () => withTensor({ sizes: Array(16).fill(2 ** 31 - 1), strides: Array(16).fill(2 ** 31 - 1) }),
    "",
  ],
  "more dimensions than sense": [
    () => withTensor({ sizes: Array(1000).fill(1), strides: Array(1000).fill(1) }),
    "1000 sizes",
  ],
  "weights that are whole numbers": [() => withTensor({ type: "IntStorage" }), "type Int"],
  "weights that are not numbers": [
    () => withTensor({ values: new Float32Array(4).fill(NaN) }),
    "diverge",
  ],
  "a tensor of another shape": [() => withTensor({ sizes: [1, 4, 1, 1] }), "[1,4,1,1]"],
  "a compressed record": [
    () => zip({ "archive/data.pkl": new Uint8Array(99) }, { method: 8 }),
    "compressed",
  ],
  "an encrypted record": [
    () => zip({ "archive/data.pkl": new Uint8Array(99) }, { flags: 1 }),
    "encrypted",
  ],
  "a record of 4 GB that is not there": [
    () => zip({ "archive/data.pkl": new Uint8Array(99) }, { size: 2 ** 32 - 2 }),
    "outside of the file",
  ],
  "a record of 2^53 bytes": [
    () => zip({ "archive/data.pkl": new Uint8Array(99) }, { size: 2 ** 53, large: true }),
    "outside of the file",
  ],
  "records over each other": [
    () => zip({ a: new Uint8Array(9), b: new Uint8Array(9) }, { header: 0 }),
    "over each other",
  ],
  "a directory that says too many records": [
    () => zip({ a: new Uint8Array(9) }, { count: 60000 }),
    "ends after 1 of 60000",
  ],
  "a zip of other things": [() => zip({ "word/document.xml": new Uint8Array(9) }), "data.pkl"],
  "a legacy file of another number": [() => pickle.whole(number(1)), "something else"],
  "a picture": [() => bytes([0xff, 0xd8, 0xff, 0xe0]), "do not begin as"],
  "nothing": [() => new Uint8Array(0), "0 bytes"],
  "a list that contains itself": [
    () => inZip(bytes([0x5d, 0x71, 0], "h", [0], "a")),
    "of no network",
  ],
  "a dictionary that contains itself": [
    () => inZip(bytes([0x7d, 0x71, 0], text("a"), "h", [0], "s")),
    "of no network",
  ],
  "a name that is a list of lists of lists": [
    () =>
      inZip(
        bytes([0x5d, 0x94], ...lists(40), text("x"), [0x93]),
      ),
    "by what is no text",
  ],
  "a size that is a list of lists of lists": [
    () =>
      inZip(
        bytes(
          ...[[0x5d, 0x94], ...lists(40), "0"],
          call(
            name("torch._utils", "_rebuild_tensor_v2"),
            storage(),
            bytes([0x68, 40]),
            tuple(bytes([0x68, 40])),
            tuple(bytes([0x68, 40])),
          ),
        ),
        { "archive/data/0": new Uint8Array(16) },
      ),
    "of NaN",
  ],
  "a million values": [() => inZip(bytes("(", "N".repeat(1_000_000), "t")), "more than 500000"],
  "a thousand networks": [
    () => inZip(pickle.dictionary(manyNetworks()), { "archive/data/0": new Uint8Array(0) }),
    "1000 networks",
  ],
  "MXNet: a network that is not known": [() => mxnetFile([2, 2]), '"other"'],
  "MXNet: an array beyond the file": [() => mxnetFile([1e9, 1e9]), "cut short"],
  "MXNet: sizes whose product is beyond all numbers": [
    () => mxnetFile(Array(8).fill(2n ** 63n - 1n)),
    "cut short",
  ],
  "MXNet: more dimensions than sense": [() => mxnetFile(Array(9).fill(1)), "9 dimensions"],
  "MXNet: sparse arrays": [() => mxnetFile([2, 2], { sparse: 1 }), "sparse"],
  "MXNet: 2^52 arrays": [() => mxnetFile([2, 2], { count: 2 ** 52 }), "arrays"],
  "MXNet: fewer names than arrays": [() => mxnetFile([2, 2], { names: 0 }), "names than"],
  "MXNet: a name of 2^52 characters": [() => mxnetFile([4], { length: 2 ** 52 }), "characters"],
  "a model of another kind": [
    () => zipFile({ "fc1.weight": { values: new Float32Array(4), sizes: [2, 2] } }),
    '"fc1.weight"',
  ],
  "a tensor too many": [
    () => zipFile({ ...HONEST, "extra.weight": { values: new Float32Array(4), sizes: [4] } }),
    "extra.weight",
  ],
};

/** Lists each of ten times the one before: 10^depth values if anything wrote them out. */
function lists(depth: number): (number[] | string)[] {
  return Array.from({ length: depth }, (_, i) => [
    ...[0x30, 0x5d, 0x28],
    ...Array.from({ length: 10 }, () => [0x68, i]).flat(),
    ...[0x65, 0x94],
  ]);
}

function manyNetworks(): Record<string, Uint8Array> {
  const tensor = call(
    name("torch._utils", "_rebuild_tensor_v2"),
    storage("FloatStorage", "0", 0),
    number(0),
    tuple(number(0)),
    tuple(number(1)),
  );
  return Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`${i}.layer1.0.bn1.weight`, tensor]),
  );
}

for (const [attack, [file, message]] of Object.entries(ATTACKS)) {
  Deno.test(`refused: ${attack}`, async () => {
    const data = file(), before = Deno.memoryUsage().rss, start = performance.now();
    const error = await assertRejects(() => convert(data), CheckpointError, message);
    assertStringIncludes(error.message, ": "); // what was seen, and the remedy
    assertLess(performance.now() - start, 5000);
    assertLess(Deno.memoryUsage().rss - before, 300e6);
    assert(!exists("PWNED"), "the checkpoint's code was run");
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test("a checkpoint cut anywhere is refused", async () => {
  for (const file of [zipFile(HONEST), legacyFile(HONEST), mxnetFile([4])]) {
    for (let length = 0; length < file.length; length += length < 3000 ? 37 : 211) {
      await assertRejects(() => convert(file.subarray(0, length)), CheckpointError);
    }
    await assertRejects(() => convert(file.subarray(0, file.length - 1)), CheckpointError);
  }
});

Deno.test("bytes changed by chance give a network or a CheckpointError", async () => {
  const files = [zipFile(HONEST), legacyFile(HONEST), mxnetFile([4])];
  const change = fc.tuple(fc.nat(), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (file, changes) => {
        const changed = file.slice();
        for (const [place, value] of changes) changed[place % changed.length] = value;
        try {
          await convert(changed);
        } catch (error) {
          assert(error instanceof CheckpointError, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a file of 5 GB: only what is asked for is read", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/large.pth`;
  // A legacy file whose first storage, class centres as it were, is a hole of 5 GB.
  const centres = 1_250_000_000;
  const body = pickle.dictionary({
    "centres": call(
      name("torch._utils", "_rebuild_tensor_v2"),
      bytes(
        tuple(
          ...[text("storage"), name("torch", "FloatStorage"), text("c"), text("cpu")],
          ...[number(centres), bytes("N")],
        ),
        "Q",
      ),
      number(0),
      tuple(number(centres)),
      tuple(number(1)),
    ),
    "state_dict": stateOf(HONEST, true),
  });
  const all = Object.values(HONEST);
  const head = bytes(
    pickle.whole(bytes([0x8a, 10], little(0x1950a86a20f9469cfc6cn, 10))),
    pickle.whole(number(1001)),
    pickle.whole(bytes("}", text("little_endian"), [0x88], "s")),
    pickle.whole(body),
    pickle.whole(pickle.list(text("c"), ...all.map((_, i) => text(String(i))))),
    little(centres, 8),
  );
  const rest = bytes(...all.flatMap(({ values }) => [
    little(values.length, 8),
    new Uint8Array(values.slice().buffer),
  ]));
  {
    using file = await Deno.open(path, { write: true, create: true });
    await file.write(head);
    await file.seek(head.length + 4 * centres, Deno.SeekMode.Start);
    await file.write(rest);
  }
  const before = Deno.memoryUsage().rss, start = performance.now();
  const { network, key } = await convert(path);
  assertEquals([network, key], ["mobilefacenet", "state_dict"]);
  assertLess(Deno.memoryUsage().rss - before, 300e6);
  assertLess(performance.now() - start, 30000);
});

Deno.test("of several networks one is chosen by its key", async () => {
  const tensors = storages(HONEST);
  const file = inZip(
    pickle.dictionary({ student: stateOf(HONEST), ema: stateOf(HONEST) }),
    tensors,
  );
  await assertRejects(() => convert(file), CheckpointError, '"student", "ema"');
  assertEquals((await convert(file, "ema")).key, "ema");
  await assertRejects(() => convert(file, "teacher"), InvalidArgumentError, '"student", "ema"');
});

Deno.test("options out of range are refused", async () => {
  for (const epsilon of [0, -1, 2, NaN]) {
    await assertRejects(() => openCheckpoint(zipFile(HONEST), { epsilon }), InvalidArgumentError);
  }
  await assertRejects(() => openCheckpoint("no/such.pth"), CheckpointError, "no/such.pth");
  await assertRejects(() => openCheckpoint("tests"), CheckpointError, "no file");
});
