// The errors of maskinv: one base class and one class per cause, so that callers can tell them apart.
// Every message names the object, what was seen, and what to do about it.

/**
 * Base class of every error that maskinv throws on purpose.
 *
 * @example Tell our errors from bugs
 * ```ts
 * import { ImageDecodeError, MaskinvError } from "@maskinv/maskinv";
 *
 * const error: unknown = new ImageDecodeError("Cannot decode a.jpg as it is empty");
 * console.log(error instanceof MaskinvError); // true
 * ```
 */
export class MaskinvError extends Error {
  /** The name of the class, also in minified code. */
  override readonly name: string = "MaskinvError";
}

/** An image cannot be read: no such file, not a regular file, no permission, or the fetch failed. */
export class ImageReadError extends MaskinvError {
  /** Always `"ImageReadError"`. */
  override readonly name = "ImageReadError";
}

/** Bytes cannot be decoded: empty, truncated, corrupt, or in no format that maskinv knows. */
export class ImageDecodeError extends MaskinvError {
  /** Always `"ImageDecodeError"`. */
  override readonly name = "ImageDecodeError";
}

/** An image is larger than the limit in pixels or bytes; nothing was allocated for it. */
export class ImageTooLargeError extends MaskinvError {
  /** Always `"ImageTooLargeError"`. */
  override readonly name = "ImageTooLargeError";
}

/** An argument or option is outside of what the function is defined for. */
export class InvalidArgumentError extends MaskinvError {
  /** Always `"InvalidArgumentError"`. */
  override readonly name = "InvalidArgumentError";
}

/** A model file or the manifest is missing, corrupt, or not what the manifest says it is. */
export class ModelError extends MaskinvError {
  /** Always `"ModelError"`. */
  override readonly name = "ModelError";
}

/**
 * A checkpoint cannot be converted: it is cut short or corrupt, holds anything but tensors, or is of a network that
 * maskinv does not know. Nothing of it was run.
 */
export class CheckpointError extends MaskinvError {
  /** Always `"CheckpointError"`. */
  override readonly name = "CheckpointError";
}

/** A download failed: the server refused, went silent or sent something else than was asked for. */
export class DownloadError extends MaskinvError {
  /** Always `"DownloadError"`. */
  override readonly name = "DownloadError";
}

/** The wanted device does not exist here, refused the work, or ran out of memory. */
export class DeviceError extends MaskinvError {
  /** Always `"DeviceError"`. */
  override readonly name: string = "DeviceError";
}

/** The GPU device was lost while it worked; the next call gets a new device. */
export class DeviceLostError extends DeviceError {
  /** Always `"DeviceLostError"`. */
  override readonly name = "DeviceLostError";
}

/** A WGSL shader does not compile or does not fit its bindings: a defect in maskinv or the driver. */
export class ShaderError extends DeviceError {
  /** Always `"ShaderError"`. */
  override readonly name = "ShaderError";
}

/** A data set cannot be read: no such folder or file, of no known kind, or its lists do not fit its photos. */
export class DatasetError extends MaskinvError {
  /** Always `"DatasetError"`. */
  override readonly name = "DatasetError";
}

/** A file cannot be written: the disk is full or read-only, or there is no folder or permission. */
export class WriteError extends MaskinvError {
  /** Always `"WriteError"`. */
  override readonly name = "WriteError";
}

/** Two templates come from different models, so that no score between them means anything. */
export class TemplateMismatchError extends MaskinvError {
  /** Always `"TemplateMismatchError"`. */
  override readonly name = "TemplateMismatchError";
}

/** The object was used after it had been disposed of. */
export class DisposedError extends MaskinvError {
  /** Always `"DisposedError"`. */
  override readonly name = "DisposedError";
}
