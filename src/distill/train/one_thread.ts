// Imported first by the worker, before jax-js: without shared memory jax-js computes in this thread alone.
// One worker per core is faster than jax-js's own threads, which exchange messages for each of the 700 kernels of a step.

Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
