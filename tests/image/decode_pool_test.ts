// Decoding by workers: the same pictures and errors as without, and what happens where there are none.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ImageDecodeError, ImageTooLargeError } from "../../src/base/errors.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { DecodePool } from "../../src/image/decode_pool.ts";
import { photo } from "../hosts.ts";

const NAMES = ["collins", "hopper", "collins_dark"];

Deno.test("workers decode the same pictures, in any order, and leave the bytes as they are", async () => {
  using pool = new DecodePool(2);
  const files = NAMES.map((name) => Deno.readFileSync(photo(name)));
  const options = { reduceAbove: 20_000 };
  const images = await Promise.all(files.map((bytes) => pool.decode(bytes, options)));
  for (const [i, bytes] of files.entries()) {
    assert(bytes.length > 0);
    assertEquals(images[i], await decodeImage(bytes, options));
  }
});

Deno.test("workers meet the same errors", async () => {
  using pool = new DecodePool(1);
  const whole = Deno.readFileSync(photo("collins"));
  const wrong: [Uint8Array, object, new (message: string) => Error][] = [
    [whole.subarray(0, 3000), { label: "cut.jpg" }, ImageDecodeError],
    [whole, { label: "large.jpg", maxPixels: 100 }, ImageTooLargeError],
  ];
  for (const [bytes, options, kind] of wrong) {
    const here = await assertRejects(() => decodeImage(bytes, options), kind);
    const there = await assertRejects(() => pool.decode(bytes, options), kind);
    assertEquals(there.message, here.message);
  }
});

Deno.test("a worker that cannot start or stops is done without", async () => {
  const bytes = Deno.readFileSync(photo("hopper")), wanted = await decodeImage(bytes);
  const { Worker } = globalThis;
  for (const file of ["data:text/javascript,throw new Error('no')", undefined]) {
    globalThis.Worker = class extends Worker {
      constructor(_: string | URL, options?: WorkerOptions) {
        if (file === undefined) throw new Error("no workers here");
        super(file, options);
      }
    };
    try {
      using pool = new DecodePool(1);
      assertEquals(await pool.decode(bytes), wanted);
      assertEquals(await pool.decode(bytes), wanted);
    } finally {
      globalThis.Worker = Worker;
    }
  }
});

Deno.test("a pool that is no longer wanted rejects what it has not decoded", async () => {
  const pool = new DecodePool(1), bytes = Deno.readFileSync(photo("hopper"));
  const decoding = pool.decode(bytes);
  pool[Symbol.dispose]();
  await assertRejects(() => decoding, DOMException, "no longer wanted");
});
