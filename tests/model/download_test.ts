// Downloads against a server of this machine that misbehaves in every way that was thought of.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DownloadError, InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { addModel } from "../../src/model/add/add.ts";
import { download } from "../../src/model/add/download.ts";
import { hashHex } from "../../src/model/model.ts";
import { noise, tinyModel } from "./tiny_models.ts";

/** A request as the server saw it. */
interface Seen {
  readonly range: string | null;
  readonly ifRange: string | null;
}

/** A server of one file, which may cut its answers short. */
class FileServer implements AsyncDisposable {
  content: Uint8Array<ArrayBuffer>;
  etag: string | undefined = '"one"';
  /** Bytes after which the connection breaks, once. */
  cutAfter = Infinity;
  readonly seen: Seen[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(content: Uint8Array<ArrayBuffer>) {
    this.content = content;
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      const range = request.headers.get("range"), ifRange = request.headers.get("if-range");
      this.seen.push({ range, ifRange });
      return this.#answer(new URL(request.url).pathname, range, ifRange);
    });
  }

  url(path = "/net.onnx"): URL {
    return new URL(`http://127.0.0.1:${this.#server.addr.port}${path}`);
  }

  #answer(path: string, range: string | null, ifRange: string | null): Response {
    if (path === "/away") {
      return new Response(null, { status: 302, headers: { location: "/net.onnx" } });
    }
    if (path === "/loop") {
      return new Response(null, { status: 302, headers: { location: "/loop" } });
    }
    if (path === "/ftp") {
      return new Response(null, { status: 302, headers: { location: "ftp://a/b" } });
    }
    if (path === "/silent") return new Response(new ReadableStream({ start: (): void => {} }));
    if (path === "/endless") {
      const piece = new Uint8Array(1 << 16);
      return new Response(new ReadableStream({ pull: (control) => control.enqueue(piece) }));
    }
    if (path !== "/net.onnx") return new Response("no", { status: 404 });
    const { content, etag } = this;
    const headers = new Headers(etag ? { etag } : {});
    const from = range && ifRange === etag ? Number(range.match(/\d+/)![0]) : 0;
    if (from >= content.length) return new Response(null, { status: 416 });
    if (from > 0) {
      headers.set("content-range", `bytes ${from}-${content.length - 1}/${content.length}`);
    }
    headers.set("content-length", String(content.length - from));
    const end = this.cutAfter;
    this.cutAfter = Infinity;
    const body = end >= content.length - from ? content.slice(from) : new ReadableStream({
      start: (control) => control.enqueue(content.slice(from, from + end)),
      pull: (control) => control.error(new Error("cut")),
    });
    return new Response(body, { status: from > 0 ? 206 : 200, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const CONTENT = new Uint8Array(noise(250_000, 3).buffer);

async function withServer(
  test: (server: FileServer, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new FileServer(CONTENT);
    await test(server, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a download that was cut goes on where it was, if the file is still the same", async () => {
  await withServer(async (server, folder) => {
    const part = `${folder}/a.part`;
    server.cutAfter = 300_000;
    await assertRejects(() => download(server.url(), part), DownloadError, "goes on from there");
    const have = (await Deno.stat(part)).size;
    assertEquals(have > 0 && have <= 300_000, true, `${have} bytes`);
    await download(server.url(), part);
    assertEquals(server.seen.at(-1), { range: `bytes=${have}-`, ifRange: '"one"' });
    assertEquals(await hashHex(await Deno.readFile(part)), await hashHex(CONTENT));
  });
});

Deno.test("a file that changed meanwhile is taken from its start", async () => {
  await withServer(async (server, folder) => {
    const part = `${folder}/a.part`;
    server.cutAfter = 300_000;
    await assertRejects(() => download(server.url(), part), DownloadError);
    server.etag = '"two"';
    server.content = new Uint8Array(noise(100_000, 9).buffer); // shorter than before as well
    await download(server.url(), part);
    assertEquals(server.seen.at(-1)!.ifRange, '"one"');
    assertEquals(await hashHex(await Deno.readFile(part)), await hashHex(server.content));
  });
});

Deno.test("without a strong tag or a date nothing is gone on with", async () => {
  await withServer(async (server, folder) => {
    for (const etag of [undefined, 'W/"weak"']) {
      const part = `${folder}/${etag ? "weak" : "none"}.part`;
      server.etag = etag;
      server.cutAfter = 300_000;
      await assertRejects(() => download(server.url(), part), DownloadError);
      await download(server.url(), part);
      assertEquals(server.seen.at(-1)!.range, null);
      assertEquals(await hashHex(await Deno.readFile(part)), await hashHex(CONTENT));
    }
  });
});

Deno.test("a part that is whole already, or too long, is not asked for again in vain", async () => {
  await withServer(async (server, folder) => {
    const part = `${folder}/a.part`;
    await download(server.url(), part);
    await download(server.url(), part); // 416, then from the start
    assertEquals(server.seen.map(({ range }) => range), [null, "bytes=1000000-", null]);
    assertEquals(await hashHex(await Deno.readFile(part)), await hashHex(CONTENT));
  });
});

Deno.test("refusals, redirects, endless and silent answers end with what was seen", async () => {
  await withServer(async (server, folder) => {
    const part = `${folder}/a.part`;
    await download(server.url("/away"), part);
    assertEquals(await hashHex(await Deno.readFile(part)), await hashHex(CONTENT));
    const cases: [string, Parameters<typeof download>[2], string][] = [
      ["/none", {}, "the server answered 404"],
      ["/loop", {}, "redirected more than 5 times"],
      ["/net.onnx", { maxBytes: 999_999 }, "has 1000000 bytes or more and the limit is 999999"],
      ["/endless", { maxBytes: 5e6 }, "the limit is 5000000"],
      ["/silent", { silence: 200 }, "silent for 0.2 s"],
    ];
    for (const [path, options, message] of cases) {
      await assertRejects(() => download(server.url(path), part, options), DownloadError, message);
    }
    await assertRejects(
      () => download(server.url("/ftp"), part),
      InvalidArgumentError,
      "ftp://a/b",
    );
    for (const url of ["http://models.example/a.onnx", "ftp://models.example/a", "file:///a"]) {
      await assertRejects(() => download(new URL(url), part), InvalidArgumentError, "https");
    }
    await assertRejects(
      () => download(new URL("http://127.0.0.1:1/a"), part),
      DownloadError,
      "as ",
    );
  });
});

Deno.test("models add takes a URL, and a wrong hash leaves nothing behind", async () => {
  await withServer(async (server, folder) => {
    server.content = tinyModel("magface");
    const sha256 = await hashHex(server.content);
    await assertRejects(
      () => addModel(server.url().href, folder, { like: "magface", sha256: "0".repeat(64) }),
      ModelError,
      `its SHA-256 is ${sha256}`,
    );
    assertEquals([...Deno.readDirSync(folder)].length, 0);
    server.cutAfter = 1000;
    const add = (): ReturnType<typeof addModel> =>
      addModel(server.url().href, folder, { like: "magface", sha256 });
    await assertRejects(add, DownloadError);
    const { entry } = await add();
    assertStringIncludes(server.seen.at(-1)!.range!, "bytes=");
    assertEquals([entry.name, entry.sha256, entry.origin], ["net", sha256, server.url().href]);
    const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(files, ["manifest.json", "net.onnx"]);
  });
});
