// The largest single piece of memory that anybody asks for: a hostile file must not make a program take gigabytes
// because it says that it is large. To be installed before the code under test is imported.

const CONSTRUCTORS = [
  ...["ArrayBuffer", "SharedArrayBuffer", "Uint8Array", "Uint8ClampedArray", "Int8Array"],
  ...["Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "Float32Array", "Float64Array"],
  ...["BigInt64Array", "BigUint64Array"],
] as const;

let largest = 0;

/** The bytes of the largest piece since the last call. */
export function takeLargest(): number {
  const bytes = largest;
  largest = 0;
  return bytes;
}

/** Watches buffers, typed arrays and the growth of WebAssembly memories in this thread, for good. */
export function watchAllocations(): void {
  for (const name of CONSTRUCTORS) {
    const original = Reflect.get(globalThis, name);
    const watched = new Proxy(original, {
      construct(target, args, made): object {
        const [length] = args, unit: number = Reflect.get(target, "BYTES_PER_ELEMENT") ?? 1;
        // What cannot be had throws by itself; what is asked for counts all the same.
        if (typeof length === "number") largest = Math.max(largest, length * unit);
        return Reflect.construct(target, args, made);
      },
    });
    original.prototype.constructor = watched;
    Reflect.set(globalThis, name, watched);
  }
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages: number): number {
    largest = Math.max(largest, pages * 65536);
    return grow.call(this, pages);
  };
}
