// The form of a network's input: read from the manifest, used by the kernels that fill the input.
// Kept apart so that the CPU kernels, the WGSL kernels and the manifest share one definition.

/**
 * The form in which a network takes a picture: square, float32, `(value - mean) / scale` per channel
 * with `value` in 0..255.
 */
export interface TensorSpec {
  /** Width and height in pixels. */
  readonly size: number;
  /** Order of the dimensions: `"NHWC"` (TensorFlow) or `"NCHW"` (PyTorch). */
  readonly layout: "NHWC" | "NCHW";
  /** Order of the channels. */
  readonly color: "RGB" | "BGR";
  /** Subtracted from each channel, in the order of `color`, in grey levels. */
  readonly mean: readonly [number, number, number];
  /** Each channel is divided by this after `mean`, in the order of `color`, in grey levels. */
  readonly scale: readonly [number, number, number];
}

/** Returns the shape of `count` pictures in the form of `spec`. */
export function tensorShape(spec: TensorSpec, count: number): [number, number, number, number] {
  return spec.layout === "NHWC"
    ? [count, spec.size, spec.size, 3]
    : [count, 3, spec.size, spec.size];
}

/**
 * Where the values of a picture go and what is done to them: the value of R, G or B at pixel `p` (row-major)
 * becomes `value * gain[c] + bias[c]` at `p * pixelStride + offset[c]`. Both kernel families use this form.
 */
export interface ChannelPlan {
  readonly pixelStride: number;
  readonly offset: readonly [number, number, number];
  readonly gain: readonly [number, number, number];
  readonly bias: readonly [number, number, number];
}

/** Returns the {@linkcode ChannelPlan} of a spec; index 0 is R, 1 is G, 2 is B whatever the order in the tensor. */
export function channelPlan(spec: TensorSpec): ChannelPlan {
  const step = spec.layout === "NHWC" ? 1 : spec.size * spec.size;
  const slots = spec.color === "RGB" ? [0, 1, 2] as const : [2, 1, 0] as const;
  const pick = <T>(f: (slot: number) => T): [T, T, T] => [f(slots[0]), f(slots[1]), f(slots[2])];
  return {
    pixelStride: spec.layout === "NHWC" ? 3 : 1,
    offset: pick((slot) => slot * step),
    gain: pick((slot) => 1 / spec.scale[slot]),
    bias: pick((slot) => -spec.mean[slot] / spec.scale[slot]),
  };
}
