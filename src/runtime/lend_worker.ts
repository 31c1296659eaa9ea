// Lends the global `Worker` to onnxruntime-web while it starts.
// Its wasm build puts Node's class of workers in that place, with two effects that this file takes back: Node's class has
// no `onmessage`, so that the workers of whoever uses this package would hang; and it copies all environment variables to
// each thread, for which Deno asks the user, though the threads read none.

/** A class of workers as Node's, whose second argument may hold environment variables. */
type NodeWorker = new (file: URL, options: Record<string, unknown>) => object;

let users = 0;
let lent: PropertyDescriptor | undefined;

/** Runs a task and gives the host its `Worker` back when the last of those that run at once has ended. */
export async function lendWorker<T>(task: () => Promise<T>): Promise<T> {
  if (users++ === 0) {
    lent = Object.getOwnPropertyDescriptor(globalThis, "Worker");
    if (lent?.configurable) withoutEnvironment(lent);
  }
  try {
    return await task();
  } finally {
    if (--users === 0 && lent) Object.defineProperty(globalThis, "Worker", lent);
  }
}

/** Makes a class that is put in the place of `Worker` start its threads with no environment variables. */
function withoutEnvironment({ value, enumerable }: PropertyDescriptor): void {
  let current: unknown = value;
  Object.defineProperty(globalThis, "Worker", {
    configurable: true,
    enumerable,
    get: () => current,
    set: (given: NodeWorker) => {
      current = class extends given {
        constructor(file: URL, options: Record<string, unknown>) {
          super(file, { ...options, env: {} });
        }
      };
    },
  });
}
