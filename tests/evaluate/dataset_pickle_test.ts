import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DatasetError } from "../../src/base/errors.ts";
import { openDataset } from "../../src/evaluate/mod.ts";
import { memorySource } from "../../src/pickle/source.ts";
import { unpickle } from "../../src/pickle/unpickle.ts";
import { isBytes, type Pickled } from "../../src/pickle/values.ts";
import { python, pythonAll, temporaryFolder, testWithPython } from "./dataset_fixtures.ts";

const read = (bytes: Uint8Array): Pickled => unpickle(memorySource(bytes), { label: "test.bin" });

/** Bytes as hexadecimal digits, so that values can be compared. */
function shown(value: Pickled): unknown {
  if (isBytes(value)) return value.read().toHex();
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return [...value].map(([key, entry]) => [shown(key), shown(entry)]);
  return value;
}

for (const protocol of [2, 3, 4, 5]) {
  testWithPython(`.bin: pictures and answers of pickle protocol ${protocol}`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/set.bin`;
    // The second is longer than the reader's window; each begins with its number.
    await Deno.writeFile(
      path,
      python(
        `pictures = [bytes([i % 256]) + bytes(range(256)) * (300 if i == 1 else 1) for i in range(2400)]
out.write(pickle.dumps((pictures, [i % 2 == 0 for i in range(1200)]), ${protocol}))`,
      ),
    );
    using dataset = await openDataset(path);
    assertEquals(dataset.kind, "bin");
    assertEquals([dataset.aligned, dataset.identified], [true, false]);
    assertEquals(dataset.images.length, 2400);
    assertEquals(dataset.folds.map((fold) => fold.length), Array(10).fill(120));
    assertEquals(dataset.folds[0][1], { probe: 2, reference: 3, genuine: false });
    assertEquals(dataset.images[0].identity, dataset.images[1].identity);
    assert(dataset.images[2].identity !== dataset.images[3].identity);
    for (const i of [0, 1, 255, 7]) {
      const bytes = await dataset.images[i].load() as Uint8Array;
      assertEquals([bytes.length, bytes[0], bytes[256]], [i === 1 ? 76801 : 257, i, 255]);
    }
  });
}

testWithPython("unpickling gives what Python pickled, whatever it is", () => {
  const values = fc.sample(fc.jsonValue({ depthSize: "small", maxDepth: 4 }), 40);
  const scripts = values.flatMap((value) =>
    [2, 3, 4, 5].map((protocol) => {
      const json = JSON.stringify(JSON.stringify(value));
      return `import json\nout.write(pickle.dumps(json.loads(${json}), ${protocol}))`;
    })
  );
  pythonAll(scripts).forEach((bytes, i) => {
    const wanted = JSON.stringify(plainEntries(values[i >> 2]));
    assertEquals(JSON.stringify(plain(read(bytes))), wanted);
  });
});

function plain(value: Pickled): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    return [...value].map(([key, entry]) => [plain(key), plain(entry)]);
  }
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === "text") {
    return value.read();
  }
  return value;
}

/** As `plain` shows objects: a list of their entries. */
function plainEntries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainEntries);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, entry]) => [key, plainEntries(entry)]);
}

testWithPython("Python 2 strings, shared values and byte arrays are data", () => {
  // SHORT_BINSTRING and BINSTRING as Python 2 writes them.
  const two = new Uint8Array([0x80, 2, 0x55, 2, 0xff, 0xd8, 0x54, 1, 0, 0, 0, 0x89, 0x86, 0x2e]);
  assertEquals(shown(read(two)), ["ffd8", "89"]);
  assertEquals(
    shown(
      read(
        python("a = [1]; out.write(pickle.dumps((a, a, bytearray(b'xy'), {'k': -5}, 2**70), 5))"),
      ),
    ),
    [[1], [1], "7879", [["k", -5]], 2n ** 70n],
  );
});

const HOSTILE: Readonly<Record<string, [script: string, message: string]>> = {
  "a call of os.system": [
    `class Bad:
  def __reduce__(self): return (os.system, ("touch PWNED",))
out.write(pickle.dumps(Bad(), PROTOCOL))`,
    "code is never run",
  ],
  "the name of eval alone": ["out.write(pickle.dumps(eval, PROTOCOL))", "code is never run"],
  "an object of a class": [
    "import collections\nout.write(pickle.dumps(collections.Counter(), PROTOCOL))",
    "never run",
  ],
  "an old-style instance": ["out.write(b'\\x80\\x02(ios\\nsystem\\n.')", "opcode 0x69"],
  "a build of state": ["out.write(b'\\x80\\x02]}b.')", "state of an object"],
  "a persistent id": ["out.write(b'\\x80\\x02Pid\\n.')", "opcode 0x50"],
  "a persistent id of a value": ["out.write(b'\\x80\\x02NQ.')", "persistent id"],
  "an extension code": ["out.write(b'\\x80\\x02\\x82\\x01.')", "opcode 0x82"],
  "an encode of other than text": [
    "out.write(b'\\x80\\x02c_codecs\\nencode\\n]X\\x06\\x00\\x00\\x00latin1\\x86R.')",
    "other than a latin1 text",
  ],
  "lists a million deep": [
    "out.write(b'\\x80\\x04' + b']' * 10**6 + b'a' * (10**6 - 1) + b'.')",
    "deep",
  ],
  "a million marks": ["out.write(b'\\x80\\x04' + b'(' * 10**6)", "deep"],
  "a text of 2 GB that is not there": [
    "out.write(b'\\x80\\x04X\\xff\\xff\\xff\\x7f.')",
    "cut short",
  ],
  "bytes of 2^64 that are not there": [
    "out.write(b'\\x80\\x04\\x8e' + b'\\xff' * 8 + b'.')",
    "cut short",
  ],
  "a memo entry that was not kept": ["out.write(b'\\x80\\x04h\\x07.')", "did not keep"],
  "an empty stack": ["out.write(b'\\x80\\x04a.')", "empty stack"],
  "protocol 0": ["out.write(pickle.dumps([1], 0))", "protocol 2 to 5"],
  "no pickle": ["out.write(b'PK\\x03\\x04 a zip file')", "protocol 2 to 5"],
  "an empty file": ["pass", "protocol 2 to 5"],
};

testWithPython("hostile pickles are refused at once and nothing of them is run", () => {
  const cases = Object.entries(HOSTILE).flatMap(([name, [script, message]]) =>
    (script.includes("PROTOCOL") ? [2, 3, 4, 5] : [0]).map((protocol) => ({
      name,
      message,
      script: script.replace("PROTOCOL", String(protocol)),
    }))
  );
  pythonAll(cases.map(({ script }) => script)).forEach((bytes, i) => {
    const { name, message } = cases[i], start = performance.now();
    const error = assertThrows(() => read(bytes), DatasetError, message, name);
    assertLess(performance.now() - start, 1000, name);
    assertStringIncludes(error.message, "test.bin");
    assertThrows(() => Deno.statSync("PWNED"), Deno.errors.NotFound);
  });
});

testWithPython("a memo bomb takes no more memory than the file has bytes", () => {
  // Forty lists, each of ten times the one before: 10^40 values if they were copied.
  const script = `out.write(b'\\x80\\x04]\\x94' + b''.join(
    b'](' + b'h' + bytes([i]) + b''.join(b'h' + bytes([i]) for _ in range(9)) + b'e\\x94' for i in range(40)) + b'.')`;
  assertThrows(() => read(python(script)), DatasetError, "left over");
});

testWithPython("a pickle cut anywhere is refused, and never hangs", () => {
  const whole = python("out.write(pickle.dumps(([b'ab' * 40, b'c'], [True]), 4))");
  for (let length = 0; length < whole.length; length++) {
    assertThrows(() => read(whole.subarray(0, length)), DatasetError);
  }
});

testWithPython("bytes by chance give data or a DatasetError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      read(new Uint8Array([0x80, 4, ...bytes]));
    } catch (error) {
      assert(error instanceof DatasetError, String(error));
    }
  }));
});
