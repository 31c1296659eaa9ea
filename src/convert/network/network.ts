// What the builders of networks give: the graph, and where its template comes out, flat or as `[N, templateSize, 1, 1]`.

import type { Graph } from "../onnx/graph.ts";

/** A network that was found in a checkpoint. */
export interface BuiltNetwork {
  /** Its name, as `iresnet100`. */
  readonly network: string;
  readonly templateSize: number;
  readonly graph: Graph;
  /** The output that is the template once it is flat. */
  readonly output: string;
  /** Whether it is `[N, templateSize]` already; false by default. */
  readonly flat?: boolean;
}
