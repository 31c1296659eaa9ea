// The server as one function from Request to Response, for Deno.serve, `deno serve`, Workers and Node alike.
// In the order of a request: route, key, rate limit, place in the queue, body, fields, work, answer.

import { Hono, type MiddlewareHandler } from "npm:hono@4.13.19";
import { compress, COMPRESSIBLE_CONTENT_TYPE_REGEX } from "npm:hono@4.13.19/compress";
import { cors } from "npm:hono@4.13.19/cors";
import { etag } from "npm:hono@4.13.19/etag";
import { serveStatic } from "npm:hono@4.13.19/serve-static";
import type { Gallery } from "../gallery/gallery.ts";
import type { Verifier } from "../verify/verifier.ts";
import type { AssetReader } from "./assets.ts";
import { readBody } from "./body.ts";
import { docsPage } from "./docs.ts";
import { readFields } from "./fields.ts";
import { authentication, KeyRing, type KeyVariables } from "./keys.ts";
import { resolveLimits, type ServeLimits } from "./limits.ts";
import { elapsed } from "../base/elapsed.ts";
import { Metrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { checkPrefix, corsOptions } from "./origins.ts";
import { asProblem, ProblemError, problemResponse } from "./problem.ts";
import { WorkQueue } from "./queue.ts";
import { type Route, ROUTES } from "./routes.ts";

/** Options of {@linkcode createHandler}. */
export interface HandlerOptions {
  /** Does the work; it stays the caller's. */
  readonly verifier: Pick<Verifier, "verify" | "detect" | "mask">;
  /** Who is known; without it, /v1/enrol and /v1/identify answer 404. It stays the caller's. */
  readonly gallery?: Gallery;
  /**
   * API keys for /v1 and /metrics, each of 16 characters or more, or `sha256:` and the hash of one. Without it, anybody
   * who reaches the server may use it.
   */
  readonly keys?: readonly string[];
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<ServeLimits>;
  /** Asked before each request under /v1 is read. */
  readonly rateLimit?: RateLimit;
  /** Files to serve at /, such as the page; see `folderAssets`. */
  readonly assets?: AssetReader;
  /**
   * Origins whose pages may ask this server, such as `https://example.com`, or `*` for all; by default none but its own
   * (CORS is off).
   */
  readonly origins?: readonly string[];
  /** The path that a proxy has put the server under, such as `/faces`; links in the docs and in problems begin with it. */
  readonly prefix?: string;
  /** Told of errors that are the server's own fault, which clients are not told of. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Says whether a client has asked too often.
 *
 * @param request The request, whose body is not read yet.
 * @param key The beginning of the hash of the client's API key; undefined where no keys are asked for.
 * @returns Seconds after which to try again; 0 to let the request in.
 */
export type RateLimit = (request: Request, key: string | undefined) => number | Promise<number>;

/** A server without its socket. */
export interface Handler extends AsyncDisposable {
  /** Answers a request; it never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Refuses new requests with 503 from now on, and resolves when those under way are answered. */
  close(): Promise<void>;
}

/**
 * Makes a server of a verifier: POST /v1/verify, /v1/identify, /v1/enrol, /v1/mask and /v1/detect, and GET /health,
 * /metrics, /openapi.json and /docs. Errors are RFC 9457 problem documents. No photo is kept, and neither photos nor
 * templates are logged.
 *
 * @param options Verifier, gallery, keys and limits.
 * @returns The handler: give its `fetch` to `Deno.serve`, or export it as `default` for `deno serve` and Workers.
 * @throws {InvalidArgumentError} If a limit is out of its range, a key too short, or an origin or the prefix is none.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { createHandler } from "@maskinv/maskinv/serve";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * await using handler = createHandler({ verifier, limits: { maxPixels: 4e6 } });
 * const body = new FormData();
 * for (const [name, file] of [["probe", "collins"], ["reference", "collins_crop"]]) {
 *   body.set(name, new Blob([await Deno.readFile(`tests/photos/${file}.jpg`)]));
 * }
 * const request = new Request("http://localhost/v1/verify", { method: "POST", body });
 * const response = await handler.fetch(request); // or Deno.serve(handler.fetch)
 * console.log((await response.json()).decision); // match
 * ```
 */
export function createHandler(options: HandlerOptions): Handler {
  const server = new Server(options);
  return {
    fetch: (request) => server.fetch(request),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

class Server {
  readonly #options: HandlerOptions;
  readonly #limits: ServeLimits;
  readonly #queue: WorkQueue;
  readonly #metrics = new Metrics();
  readonly #prefix: string;
  readonly #app: Hono<KeyVariables>;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#queue = new WorkQueue(this.#limits.lanes, this.#limits.queue);
    const prefix = this.#prefix = checkPrefix(options.prefix ?? "");
    // A proxy may take the prefix away before it passes a request on, or leave it.
    const getPath = (request: Request): string => {
      const path = new URL(request.url).pathname;
      return prefix !== "" && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
    };
    this.#app = new Hono<KeyVariables>({ getPath });
    this.#addRoutes(options.keys && authentication(new KeyRing(options.keys)));
  }

  async fetch(request: Request): Promise<Response> {
    const answer = Promise.resolve(this.#app.fetch(request));
    this.#running.add(answer);
    try {
      return await answer;
    } finally {
      this.#running.delete(answer);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }

  #addRoutes(keyed: Middleware | undefined): void {
    const app = this.#app, known: Middleware = keyed ?? ((_, next) => next());
    const { origins, assets } = this.#options;
    if (origins) app.use("*", cors(corsOptions(origins)));
    // Of GET alone: answers under /v1 are not to be kept, and are small. HEAD is a GET to hono.
    app.get("*", compress({ contentTypeFilter: isCompressible }), etag());
    for (const route of ROUTES) {
      app.post(
        route.path,
        this.#timed(route),
        this.#open(),
        known,
        this.#rated(),
        (c) => this.#answer(route, c.req.raw),
      );
      app.all(route.path, () => notAllowed("POST"));
    }
    app.get("/health", this.#open(), (c) => c.json({ status: "ok" }, 200, NO_STORE));
    app.get(
      "/metrics",
      known,
      async () =>
        text(await this.#metrics.text(this.#queue.admitted), this.#metrics.contentType, NO_STORE),
    );
    const isKeyed = keyed !== undefined;
    const description = JSON.stringify(openApi(isKeyed, this.#prefix));
    const page = docsPage(isKeyed, this.#prefix);
    app.get("/openapi.json", () => text(description, "application/json"));
    app.get("/docs", () => text(page, "text/html; charset=utf-8", DOCS_POLICY));
    if (assets) {
      app.get(
        "/*",
        serveStatic({
          root: "",
          join: (...parts) => parts.join("/").replace(/\/+/g, "/"),
          isDir: (path) => path.endsWith("/"),
          getContent: async (path) => await assets(path) ?? null,
        }),
      );
    }
    app.get("/*", () => {
      throw new ProblemError("not-found", "There is nothing at this path: see the docs page");
    });
    app.all("*", () => notAllowed("GET, HEAD"));
    app.onError((error) => this.#failed(error));
  }

  /** Counts answers, those to refused requests included. */
  #timed({ path }: Route): Middleware {
    return async (c, next) => {
      const start = performance.now();
      await next();
      this.#metrics.count(path, c.res.status, elapsed(start) / 1000);
    };
  }

  #open(): Middleware {
    return async (_, next) => {
      if (this.#closed) throw closing();
      await next();
    };
  }

  #rated(): Middleware {
    return async (c, next) => {
      const wait = await this.#options.rateLimit?.(c.req.raw, c.get("key")) ?? 0;
      if (wait > 0) {
        const seconds = Math.ceil(wait);
        throw new ProblemError(
          "too-many-requests",
          `There were too many requests: try again in ${seconds} s`,
          { headers: { "retry-after": `${seconds}` } },
        );
      }
      await next();
    };
  }

  async #answer(route: Route, request: Request): Promise<Response> {
    const { verifier, gallery } = this.#options;
    const { maxBodyBytes, maxPixels, timeoutMs } = this.#limits;
    using _place = this.#queue.admit();
    // hono's timeout answers in time but cannot stop the work, which goes on by this signal.
    const late = new AbortController();
    // Timers hold 31 bits; a longer one would go off at once.
    const timer = setTimeout(
      () => late.abort(tooSlow(timeoutMs)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
    const signal = AbortSignal.any([request.signal, late.signal]);
    try {
      const body = await readBody(request, maxBodyBytes, signal);
      const fields = readFields(route.request, body);
      const context = { verifier, gallery, maxPixels, signal };
      return await this.#queue.work(() => route.run(fields, context), signal);
    } catch (error) {
      // hono passes on what is no Error, such as the reason of some signals.
      throw asProblem(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(error: unknown): Response {
    const problem = asProblem(error);
    if (problem.cause !== undefined && problem.type !== "client-closed") {
      this.#options.onError?.(problem.cause);
    }
    return problemResponse(problem, this.#prefix);
  }
}

type Middleware = MiddlewareHandler<KeyVariables>;

const NO_STORE = { "cache-control": "no-store" };

/** Weights of networks are no type that hono knows, and lose a fifth of their bytes and more. */
function isCompressible(type: string): boolean {
  return COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type) || type === "application/octet-stream";
}

/** The docs page has styles of its own and nothing else. */
const DOCS_POLICY = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
};

function text(body: string, type: string, headers: Record<string, string> = {}): Response {
  const bytes = new TextEncoder().encode(body);
  return new Response(bytes, {
    headers: {
      "content-type": type,
      "content-length": `${bytes.length}`,
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

function notAllowed(allow: string): never {
  throw new ProblemError("method-not-allowed", `Only ${allow} is allowed here: see the docs page`, {
    headers: { allow },
  });
}

function closing(): ProblemError {
  return new ProblemError("shutting-down", "The server is shutting down: ask another one", {
    headers: { "retry-after": "5", "connection": "close" },
  });
}

function tooSlow(milliseconds: number): ProblemError {
  return new ProblemError(
    "too-slow",
    `Cannot answer within ${milliseconds / 1000} s: try again later, or send smaller photos`,
    { headers: { "retry-after": "5" } },
  );
}
