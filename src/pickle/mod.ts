// Python's pickle format as data: values and names, of which nothing is ever run.
// Opcodes may be added here; a name must never become a call.

export { type ByteSource, fileSource, memorySource } from "./source.ts";
export { unpickle, unpickleOne, type UnpickleOptions } from "./unpickle.ts";
export { type Pickled } from "./values.ts";
