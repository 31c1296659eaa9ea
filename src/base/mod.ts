// What every room uses: the errors, aborting, elapsed time, and files that are written whole.
// An error class may be added here for a new cause; nothing here may know of pictures, devices or faces.

export * from "./errors.ts";
export { unlessAborted, untilAborted } from "./abort.ts";
export { concatBytes, concatFloats } from "./concat.ts";
export { counted } from "./counted.ts";
export { durationText } from "./duration.ts";
export { elapsed } from "./elapsed.ts";
export { VERSION } from "./version.ts";
export { asWriteError, writeWhole, writing } from "./write_error.ts";
