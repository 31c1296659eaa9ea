// The server: the handler, what it asks of its host, and the files of the page. A route is added in routes.ts and
// openapi.ts; what a route computes may be changed only in the rooms below.
// hono is imported only here.

/**
 * The server: face verification over HTTP as one function from `Request` to `Response`, with keys, limits,
 * back-pressure, metrics and a documentation of its own.
 *
 * @example Serve on a port until the process is told to end
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { createHandler } from "@maskinv/maskinv/serve";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * await using handler = createHandler({ verifier });
 * const server = Deno.serve({ port: 0, onListen: () => {} }, handler.fetch);
 * const health = await fetch(`http://localhost:${server.addr.port}/health`);
 * console.log(await health.json()); // { status: "ok" }
 * await server.shutdown();
 * ```
 *
 * @module
 */
export { createHandler, type Handler, type HandlerOptions, type RateLimit } from "./handler.ts";
export type { ServeLimits } from "./limits.ts";
export { type AssetReader, folderAssets } from "./assets.ts";
export { createEdge, type EdgeOptions } from "./create_edge.ts";
export { ProblemError, PROBLEMS, type ProblemType } from "./problem.ts";
