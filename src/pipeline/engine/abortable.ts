// What an AbortSignal does to an engine: steps that were begun go on to their end, and no new one begins.

import type { Engine } from "../../kernels/mod.ts";

/** Returns an engine whose every step begins by asking whether the caller still wants it. */
export function abortable(engine: Engine, signal?: AbortSignal): Engine {
  if (!signal) return engine;
  const backend = new Proxy(engine.backend, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        signal.throwIfAborted();
        return member.apply(target, args);
      };
    },
  });
  const network: Engine["network"] = (name) => {
    signal.throwIfAborted();
    return engine.network(name);
  };
  return { backend, network };
}
