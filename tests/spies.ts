// Wrappers around methods of the host, to count what our code and onnxruntime do to the GPU.

import { GpuContext } from "../src/runtime/gpu/context.ts";

/** Puts a wrapper around a method until it is disposed of. */
export function wrap<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  around: (self: T, call: () => unknown) => unknown,
): Disposable {
  const original = prototype[name] as (...args: unknown[]) => unknown;
  prototype[name] = function (this: T, ...args: unknown[]): unknown {
    return around(this, () => original.apply(this, args));
  } as T[K];
  return { [Symbol.dispose]: () => void (prototype[name] = original as T[K]) };
}

/** Counts the buffers that were made and not destroyed, onnxruntime's too. */
export function countBuffers(): Disposable & { readonly live: number } {
  let live = 0;
  const stack = new DisposableStack();
  stack.use(wrap(GPUDevice.prototype, "createBuffer", (_, call) => {
    live++;
    return call();
  }));
  stack.use(wrap(GPUBuffer.prototype, "destroy", (_, call) => {
    live--;
    return call();
  }));
  return {
    get live(): number {
      return live;
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Counts the handles that were made on GPUs and not freed: photos, blocks, and the outputs of networks. */
export function countHandles(): Disposable & { readonly live: number } {
  let live = 0;
  const stack = new DisposableStack();
  for (const [name, step] of [["adopt", 1], ["disown", -1]] as const) {
    stack.use(wrap(GpuContext.prototype, name, (_, call) => {
      live += step;
      return call();
    }));
  }
  return {
    get live(): number {
      return live;
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Counts the bind groups that devices really made. */
export function countBindGroups(): Disposable & { readonly made: number } {
  let made = 0;
  const stack = new DisposableStack();
  stack.use(wrap(GPUDevice.prototype, "createBindGroup", (_, call) => {
    made++;
    return call();
  }));
  return {
    get made(): number {
      return made;
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}
