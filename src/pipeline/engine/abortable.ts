// What an AbortSignal does to an engine: steps that were begun go on to their end, and no new one begins.

import type { Backend, Engine } from "../../kernels/mod.ts";

/** The backends behind those that ask. */
const lasting = new WeakMap<Backend, Backend>();

/** Returns the backend that lasts longer than the call: what is kept on the device for later calls belongs to it. */
export function lastingBackend(backend: Backend): Backend {
  return lasting.get(backend) ?? backend;
}

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
  lasting.set(backend, engine.backend);
  const network: Engine["network"] = (name) => {
    signal.throwIfAborted();
    return engine.network(name);
  };
  return { backend, network };
}
