// What a student is made of, as data: the same list of layers is computed, read from ONNX and written to ONNX.
// Batch norms are folded into the convolution before them, or are frozen as a `scale`.

/** A convolution with a bias. */
export interface Convolution {
  /** What it is. */
  readonly kind: "convolution";
  /** Prefix of its parameters: `<name>.weight`, `<name>.bias`. */
  readonly name: string;
  /** Numbers per place before it. */
  readonly inputs: number;
  /** Numbers per place after it. */
  readonly outputs: number;
  /** Rows and columns of the kernel. */
  readonly size: number;
  /** Places between two outputs. */
  readonly stride: number;
  /** Zeros before and after rows and columns. */
  readonly padding: readonly [before: number, after: number];
  /** Whether every channel is filtered alone; then `inputs` is `outputs`. */
  readonly depthwise: boolean;
}

/** `max(x, 0) + slope * min(x, 0)` with a slope per channel: PReLU. */
export interface Activation {
  /** What it is. */
  readonly kind: "activation";
  /** Prefix of its parameter `<name>.slope`. */
  readonly name: string;
  /** Numbers per place. */
  readonly channels: number;
}

/** A frozen batch norm that cannot be folded: `x * weight + bias` per channel. */
interface Scale {
  /** What it is. */
  readonly kind: "scale";
  /** Prefix of its parameters `<name>.weight`, `<name>.bias`. */
  readonly name: string;
  /** Numbers per place. */
  readonly channels: number;
}

/** The sum of two branches. */
export interface Residual {
  /** What it is. */
  readonly kind: "residual";
  /** The long branch. */
  readonly body: readonly Layer[];
  /** The short branch; empty for the input itself. */
  readonly shortcut: readonly Layer[];
}

/** One layer. */
export type Layer = Convolution | Activation | Scale | Residual;

/** Shapes of parameters by name, in the order in which a walk over the layers meets them. */
export function parameterShapes(layers: readonly Layer[]): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  for (const layer of flatLayers(layers)) {
    if (layer.kind === "convolution") {
      shapes[`${layer.name}.weight`] = weightShape(layer);
      shapes[`${layer.name}.bias`] = [layer.outputs];
    } else if (layer.kind === "scale") {
      shapes[`${layer.name}.weight`] = [layer.channels];
      shapes[`${layer.name}.bias`] = [layer.channels];
    } else shapes[`${layer.name}.slope`] = [layer.channels];
  }
  return shapes;
}

/** Returns rows of places by columns of channels, so that a convolution is a product of matrices. */
function weightShape({ inputs, outputs, size, depthwise }: Convolution): readonly number[] {
  return depthwise ? [size * size, outputs] : [size * size * inputs, outputs];
}

/** Returns the layers without the residuals around them, body before shortcut. */
export function flatLayers(layers: readonly Layer[]): Exclude<Layer, Residual>[] {
  return layers.flatMap((layer) =>
    layer.kind === "residual" ? [...flatLayers(layer.body), ...flatLayers(layer.shortcut)] : [layer]
  );
}
