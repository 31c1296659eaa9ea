// For `deno serve --allow-net --allow-read=<package>,<npm cache> src/serve/edge.ts`: the server without keys, on wasm.
// A module of four lines with `createEdge` gives it keys, a gallery or other limits.

import { createEdge } from "./create_edge.ts";
import type { Handler } from "./handler.ts";

/** The server; its own faults go to the host's log by their name and message alone. */
const edge: Handler = createEdge({
  // deno-lint-ignore no-console -- the log is all that an edge host has
  onError: (error) => console.error(`maskinv: ${error}`),
});
export default edge;
