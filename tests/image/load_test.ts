// loadImage takes everything that ImageInput allows, and says what is wrong with the rest.
// Files and servers are real ones on this machine.

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  ImageDecodeError,
  ImageReadError,
  ImageTooLargeError,
  InvalidArgumentError,
} from "../../src/base/errors.ts";
import type { ImageInput } from "../../src/image/image.ts";
import { loadImage } from "../../src/image/load.ts";
import { consoleLines, fixture, fixturePath, HEIGHT, WIDTH } from "./fixtures.ts";

const FILE = "rgb8.png";
const PATH = decodeURIComponent(fixturePath(FILE).pathname);

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

Deno.test("loadImage: path, file URL, data URL, blob URL, bytes, ArrayBuffer, Blob, pixels", async () => {
  const bytes = fixture(FILE);
  const blobUrl = URL.createObjectURL(new Blob([bytes]));
  const rgb = fixture("photo.rgb");
  const inputs: ImageInput[] = [
    PATH,
    fixturePath(FILE),
    new URL(`data:image/png;base64,${base64(bytes)}`),
    new URL(blobUrl),
    bytes,
    bytes.buffer,
    new Blob([bytes]),
    { width: WIDTH, height: HEIGHT, data: rgb },
    { width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(rgb) },
  ];
  for (const input of inputs) {
    const image = await loadImage(input);
    assertEquals([image.width, image.height], [WIDTH, HEIGHT]);
    assertEquals([...image.data.slice(0, 3)], [...rgb.slice(0, 3)]);
  }
  URL.revokeObjectURL(blobUrl);
  const again = await loadImage(await loadImage(bytes)); // an Image is raw pixels, too
  assertEquals([again.width, again.height], [WIDTH, HEIGHT]);
});

const UNREADABLE: [string, ImageInput, string][] = [
  ["a missing file", "/no/such/a.jpg", "Cannot read /no/such/a.jpg as there is no such file"],
  ["a folder", "/tmp", "Cannot read /tmp as it is a folder: pass the path of an image file"],
  ["a device without end", "/dev/zero", "Cannot read /dev/zero as it is no regular file"],
  ["a missing file: URL", new URL("file:///no/such.jpg"), "there is no such file"],
  ["a scheme that cannot be fetched", new URL("ftp://a.test/b.jpg"), "Cannot read ftp://"],
  ["a path with a zero byte", "a\0.jpg", "Cannot read a\0.jpg as"],
  ["a revoked blob URL", new URL("blob:null/6c7ba1d8-8f1e-4a0c-9d33-0f4a4d1b2c3d"), "Cannot read"],
];

for (const [name, input, message] of UNREADABLE) {
  Deno.test(`loadImage: cannot read ${name}`, async () => {
    await assertRejects(() => loadImage(input), ImageReadError, message);
  });
}

const UNFIT: [string, unknown, string][] = [
  [
    "an http URL as text",
    "https://a.test/b.jpg?key=1",
    "b.jpg as strings are file paths: pass new URL",
  ],
  ["an empty string", "", "Cannot load an empty string as a picture: pass a file path"],
  ["undefined", undefined, "Cannot load undefined as a picture"],
  ["null", null, "Cannot load null"],
  ["a number", 42, "Cannot load 42"],
  ["other typed arrays", new Float32Array(4), "Cannot load a value of Float32Array"],
  ["an array", [1, 2, 3], "Cannot load a value of Array"],
  ["an object", { width: 1, height: 1 }, "an object with the keys width,height"],
  ["pixels of floats", { width: 1, height: 1, data: new Float32Array(4) }, "8-bit RGB or RGBA"],
  ["pixels that are too few", { width: 2, height: 1, data: new Uint8Array(4) }, "needs 8"],
  ["pixels without size", { width: 0, height: 1, data: new Uint8Array(4) }, "size is 0x1"],
];

for (const [name, input, message] of UNFIT) {
  Deno.test(`loadImage: refuses ${name}`, async () => {
    await assertRejects(() => loadImage(input as ImageInput), InvalidArgumentError, message);
  });
}

Deno.test("loadImage: limits hold for every kind of input, and are checked themselves", async () => {
  const bytes = fixture(FILE);
  const pixels = { width: WIDTH, height: HEIGHT, data: fixture("photo.rgb") };
  const dataUrl = new URL(`data:image/png;base64,${base64(bytes)}`);
  for (const input of [PATH, fixturePath(FILE), dataUrl, bytes, bytes.buffer, new Blob([bytes])]) {
    const low = { maxBytes: bytes.length - 1 };
    await assertRejects(() => loadImage(input, low), ImageTooLargeError, "pass maxBytes");
    await loadImage(input, { maxBytes: bytes.length, maxPixels: WIDTH * HEIGHT });
  }
  for (const input of [PATH, bytes, pixels]) {
    const low = { maxPixels: WIDTH * HEIGHT - 1 };
    await assertRejects(() => loadImage(input, low), ImageTooLargeError, "pass maxPixels");
  }
  await assertRejects(() => loadImage(PATH, { maxBytes: 0 }), InvalidArgumentError, "maxBytes 0");
  await assertRejects(() => loadImage(PATH, { maxPixels: NaN }), InvalidArgumentError, "NaN");
});

Deno.test("loadImage: messages use the label, and keep logins, queries and data URLs out", async () => {
  const named = { label: "the left photo" };
  await assertRejects(() => loadImage(new Uint8Array(), named), ImageDecodeError, "the left photo");
  const file = new File([new Uint8Array(20)], "b.jpg");
  await assertRejects(() => loadImage(file), ImageDecodeError, "Cannot decode b.jpg as");
  const secret = new URL("ftp://user:word@a.test/b.jpg?token=1#part");
  const error = await assertRejects(() => loadImage(secret), ImageReadError);
  assert(!/word|token/.test(error.message), error.message);
  const data = new URL(`data:image/png,${"A".repeat(5000)}`);
  assert((await assertRejects(() => loadImage(data), ImageDecodeError)).message.length < 250);
});

Deno.test("loadImage: http", async (t) => {
  const bytes = fixture(FILE);
  const endless = Promise.withResolvers<void>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen(): void {} },
    (request): Response => {
      switch (new URL(request.url).pathname) {
        case "/good.png":
          return new Response(bytes);
        case "/endless.png":
          return new Response(
            new ReadableStream({
              pull: (controller) => controller.enqueue(new Uint8Array(65536)),
              cancel: () => endless.resolve(),
            }),
          );
        case "/page.png":
          return new Response("<!doctype html><title>log in</title>");
        case "/never.png":
          return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
        default:
          return new Response("no", { status: 404, statusText: "Not Found" });
      }
    },
  );
  const at = (path: string): URL => new URL(`http://127.0.0.1:${server.addr.port}${path}`);
  await t.step("a picture", async () => {
    assertEquals((await loadImage(at("/good.png?key=1"))).width, WIDTH);
  });
  await t.step("the status is in the message", async () => {
    const error = await assertRejects(() => loadImage(at("/none.png?key=1")), ImageReadError);
    assert(error.message.includes("none.png as the server answered 404 Not Found"), error.message);
    assert(!error.message.includes("key"), error.message);
  });
  await t.step("an endless answer ends at the limit", async () => {
    const limit = { maxBytes: 1e6 };
    await assertRejects(() => loadImage(at("/endless.png"), limit), ImageTooLargeError, "1 MB");
    await endless.promise; // the server learns that nobody reads on
  });
  await t.step("an announced length over the limit is not read", async () => {
    await assertRejects(() => loadImage(at("/good.png"), { maxBytes: 10 }), ImageTooLargeError);
  });
  await t.step("a web page instead of a picture", async () => {
    await assertRejects(() => loadImage(at("/page.png")), ImageDecodeError, "web page");
  });
  await t.step("an abort", async () => {
    const signal = AbortSignal.timeout(50);
    const error = await assertRejects(() => loadImage(at("/never.png"), { signal }));
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "TimeoutError");
  });
  await server.shutdown();
  await t.step("no server", async () => {
    const error = await assertRejects(() => loadImage(at("/good.png?key=1")), ImageReadError);
    assert(error.message.startsWith("Cannot read http://127"), error.message);
    assert(!error.message.includes("key"), error.message);
  });
});

Deno.test("loadImage: an aborted signal ends it with the reason of the signal", async () => {
  const reason = new Error("the user left");
  const signal = AbortSignal.abort(reason);
  for (const input of [PATH, fixture(FILE), new Blob([fixture(FILE)])]) {
    assertEquals(await assertRejects(() => loadImage(input, { signal })), reason);
  }
});

Deno.test("loadImage: writes nothing to the console", async () => {
  const lines = await consoleLines(async () => {
    for (const file of ["420.jpg", "cmyk.jpg", FILE, "plain.gif", "lossy.webp"]) {
      await loadImage(fixture(file));
      await loadImage(fixture(file).slice(0, 900)).catch(() => {});
    }
    await loadImage("/no/such.jpg").catch(() => {});
  });
  assertEquals(lines, []);
});
