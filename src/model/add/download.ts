// Downloads a file that the user asked for: resumed where it was cut off, and never in place before it is whole.
// A part is only continued if the server says, by If-Range, that the file is still the same one.

import { DownloadError, InvalidArgumentError } from "../../base/errors.ts";
import { publicName } from "../../image/name.ts";

/** Limits of a download. */
export interface DownloadOptions {
  /** The most bytes to take; by default 1 GB. */
  readonly maxBytes?: number;
  /** Whether the caller knows the file's hash; without one, http is only taken from this machine. */
  readonly pinned?: boolean;
  /** Ends a download that has been silent for so many milliseconds; by default a minute. */
  readonly silence?: number;
  /** Told after each piece; `of` is 0 if the server does not say. */
  readonly progress?: (done: number, of: number) => void;
}

/** The most bytes of a download, unless another limit is given. */
export const MAX_DOWNLOAD = 1e9;
const MAX_REDIRECTS = 5;

/** What is known of a part that lies on the disk. */
interface Part {
  readonly url: string;
  /** The strong entity tag or the date of the file. */
  readonly validator: string;
}

/**
 * Downloads a file into `part`, beside which `part.json` keeps what is needed to go on after an interruption. The
 * caller checks the file, moves it into place and removes what is left by {@linkcode dropPart}.
 *
 * @throws {InvalidArgumentError} If the URL is neither http nor https, or plain http without a hash.
 * @throws {DownloadError} If the server refuses, sends too much or too little, or goes silent.
 */
export async function download(
  url: URL,
  part: string,
  options: DownloadOptions = {},
): Promise<void> {
  checkUrl(url, options);
  const known = await readPart(part, url);
  const have = known ? await sizeOf(part) : 0;
  const { maxBytes = MAX_DOWNLOAD } = options;
  const watch = new Silence(options.silence ?? 60_000);
  try {
    const response = await request(url, have > 0 ? { have, known: known! } : undefined, {
      ...options,
      signal: watch.signal,
    });
    if (response.status === 416) {
      // The part is as long as the file or longer: begin anew.
      await response.body?.cancel();
      await dropPart(part);
      return await download(url, part, options);
    }
    const from = response.status === 206 ? have : 0;
    const total = totalOf(response, from, url);
    if (total !== undefined && total > maxBytes) throw tooLarge(url, total, maxBytes);
    await writePart(part, url, response);
    const size = await append(response, part, from, { maxBytes, total, url, watch, options });
    if (total !== undefined && size !== total) {
      throw new DownloadError(
        `Cannot download ${
          publicName(url.href)
        } as the connection ended after ${size} of ${total} bytes: ` +
          `run the command again, which goes on from there`,
      );
    }
  } catch (error) {
    if (error instanceof DownloadError || error instanceof InvalidArgumentError) throw error;
    throw new DownloadError(
      `Cannot download ${publicName(url.href)} as ${
        watch.signal.aborted ? watch.signal.reason : publicName((error as Error).message)
      }: run the command again, which goes on from there`,
      { cause: error },
    );
  } finally {
    watch.end();
  }
}

/** Removes a part and what is known of it. */
export async function dropPart(part: string): Promise<void> {
  for (const path of [part, `${part}.json`]) {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function checkUrl(url: URL, { pinned }: DownloadOptions): void {
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && (pinned || here))) return;
  throw new InvalidArgumentError(
    url.protocol === "http:"
      ? `Cannot download ${
        publicName(url.href)
      } as anyone on the way could change it: use https, or give its --sha256`
      : `Cannot download ${publicName(url.href)}: give an https URL or a file`,
  );
}

/** Asks for the file, or the rest of it, and follows redirects itself: from https only to https. */
async function request(
  url: URL,
  part: { readonly have: number; readonly known: Part } | undefined,
  options: DownloadOptions & { readonly signal: AbortSignal },
): Promise<Response> {
  // A compressed answer would have another length than the file.
  const headers = new Headers({ "accept-encoding": "identity" });
  if (part) {
    headers.set("range", `bytes=${part.have}-`);
    headers.set("if-range", part.known.validator);
  }
  let at = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(at, { headers, redirect: "manual", signal: options.signal });
    const { status } = response, location = response.headers.get("location");
    if ([301, 302, 303, 307, 308].includes(status) && location) {
      await response.body?.cancel();
      const next = new URL(location, at);
      if (at.protocol === "https:" && next.protocol !== "https:") {
        throw new DownloadError(
          `Cannot download ${
            publicName(url.href)
          } as it is redirected from https to ${next.protocol} ${next.host}: ` +
            `download it yourself and give the file`,
        );
      }
      checkUrl(next, options);
      at = next;
      continue;
    }
    if (status === 200 || (part && (status === 206 || status === 416))) return response;
    await response.body?.cancel();
    throw new DownloadError(
      `Cannot download ${publicName(url.href)} as the server answered ${status}: check the URL`,
    );
  }
  throw new DownloadError(
    `Cannot download ${
      publicName(url.href)
    } as it was redirected more than ${MAX_REDIRECTS} times: check the URL`,
  );
}

/** Returns the size of the whole file, if the server says it. */
function totalOf({ status, headers }: Response, from: number, url: URL): number | undefined {
  if (status === 206) {
    const [, start, total] = headers.get("content-range")?.match(/^bytes (\d+)-\d+\/(\d+)$/) ?? [];
    if (Number(start) === from) return Number(total);
    throw new DownloadError(
      `Cannot download ${publicName(url.href)} as the server sent ${
        headers.get("content-range")
      } instead of bytes ${from} on: ` +
        `remove the .part file and run the command again`,
    );
  }
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
}

interface Appending {
  readonly maxBytes: number;
  readonly total: number | undefined;
  readonly url: URL;
  readonly watch: Silence;
  readonly options: DownloadOptions;
}

async function append(
  response: Response,
  part: string,
  from: number,
  { maxBytes, total, url, watch, options }: Appending,
): Promise<number> {
  using file = await Deno.open(part, { write: true, create: true });
  await file.truncate(from);
  await file.seek(from, Deno.SeekMode.Start);
  let size = from;
  for await (const piece of response.body ?? []) {
    watch.heard();
    size += piece.length;
    if (size > maxBytes) throw tooLarge(url, size, maxBytes);
    for (let rest = piece; rest.length > 0;) rest = rest.subarray(await file.write(rest));
    options.progress?.(size, total ?? 0);
  }
  await file.syncData();
  return size;
}

function tooLarge(url: URL, size: number, limit: number): DownloadError {
  return new DownloadError(
    `Cannot download ${
      publicName(url.href)
    } as it has ${size} bytes or more and the limit is ${limit}: pass --max-bytes to allow it`,
  );
}

async function readPart(path: string, url: URL): Promise<Part | undefined> {
  try {
    const part = JSON.parse(await Deno.readTextFile(`${path}.json`)) as Part;
    return part.url === url.href && typeof part.validator === "string" ? part : undefined;
  } catch {
    return undefined; // nothing that could be gone on with
  }
}

/** A weak tag does not promise equal bytes, so that a part with nothing better is never gone on with. */
async function writePart(path: string, url: URL, { headers }: Response): Promise<void> {
  const tag = headers.get("etag"), date = headers.get("last-modified");
  const validator = tag && !tag.startsWith("W/") ? tag : date;
  if (validator) {
    await Deno.writeTextFile(`${path}.json`, JSON.stringify({ url: url.href, validator }));
  } else await Deno.remove(`${path}.json`).catch(() => {});
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch {
    return 0;
  }
}

/** Aborts when nothing was heard for a while. */
class Silence {
  readonly #control = new AbortController();
  readonly #limit: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#control.abort(`the server was silent for ${this.#limit / 1000} s`),
      this.#limit,
    );
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
