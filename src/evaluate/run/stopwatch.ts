// How much of a run is the networks': what is not is decoding, masks, crops and this project's own loops.
// Seen from outside, by standing between the pipeline and its backend; counts for wasm only, where a run is over when
// its promise resolves.

import { elapsed } from "../../base/elapsed.ts";
import type { Backend, Engine } from "../../kernels/mod.ts";

/** Adds up the time in the networks. */
export class NetworkClock {
  /** Milliseconds in onnxruntime. */
  spent = 0;

  /** The engine with a watch on its networks. */
  watch(engine: Engine): Engine {
    const { backend } = engine;
    const run: Backend["run"] = async (network, input) => {
      const start = performance.now();
      try {
        return await backend.run(network, input);
      } finally {
        this.spent += elapsed(start);
      }
    };
    const watched = new Proxy(backend, {
      get: (target, key): unknown => {
        if (key === "run") return run;
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return { backend: watched, network: (name) => engine.network(name) };
  }
}
