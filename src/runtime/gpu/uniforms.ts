// WGSL structs in JavaScript: describe the fields once, get offsets and a writer that obey WGSL's alignment.
// tests/kernels/uniforms_test.ts compares every layout with the struct of its shader.

/** The WGSL types that a field may have. */
export type UniformType =
  | "u32"
  | "i32"
  | "f32"
  | `vec2${"u" | "i" | "f"}`
  | `vec3${"u" | "i" | "f"}`
  | `vec4${"u" | "i" | "f"}`
  | "mat3x3f";

/** The fields of a struct, in order. */
export type UniformFields = Readonly<Record<string, UniformType>>;

/**
 * What JavaScript gives for a WGSL type: a number, a tuple of numbers, or the twelve numbers of a matrix of wgpu-matrix
 * (`mat3` or `mat3d`: three columns, each padded to four numbers).
 */
export type UniformValue<T extends UniformType> = T extends `vec2${string}`
  ? readonly [number, number]
  : T extends `vec3${string}` ? readonly [number, number, number]
  : T extends `vec4${string}` ? readonly [number, number, number, number]
  : T extends "mat3x3f" ? ArrayLike<number>
  : number;

/** A value for every field of a struct. */
export type UniformValues<F extends UniformFields> = {
  readonly [K in keyof F]: UniformValue<F[K]>;
};

/** Where a field lies. */
export interface UniformField {
  /** Its name, as in the shader. */
  readonly name: string;
  /** Its WGSL type. */
  readonly type: UniformType;
  /** Its distance from the start of the struct in bytes. */
  readonly offset: number;
}

/** The layout of a WGSL struct. */
export interface UniformLayout<F extends UniformFields> {
  /** The fields with their offsets. */
  readonly fields: readonly UniformField[];
  /** The bytes of one struct, which is also the stride of an array of them. */
  readonly size: number;
  /** The bytes of the given structs, one after the other. */
  pack(...structs: readonly UniformValues<F>[]): ArrayBuffer;
}

/**
 * Lays out a WGSL struct.
 *
 * @param fields The fields in the order of the shader; the struct must have no others.
 * @returns The layout and its writer.
 *
 * @example
 * ```ts
 * import { uniformLayout } from "@maskinv/maskinv/gpu";
 *
 * const layout = uniformLayout({ size: "u32", gain: "vec3f" });
 * console.log(layout.size, layout.fields[1].offset); // 32 16
 * const bytes = layout.pack({ size: 2, gain: [1, 0.5, 0.25] });
 * console.log(new Float32Array(bytes)[5]); // 0.5
 * ```
 */
export function uniformLayout<const F extends UniformFields>(fields: F): UniformLayout<F> {
  const placed: UniformField[] = [];
  let end = 0, alignment = 4;
  for (const [name, type] of Object.entries(fields)) {
    const width = fieldWidth(type);
    // A vec3 is aligned like a vec4 but leaves its last four bytes to the next field; so are the columns of a matrix.
    const align = width === 3 ? 16 : Math.min(16, width * 4);
    const offset = roundUp(end, align);
    placed.push({ name, type, offset });
    end = offset + width * 4;
    alignment = Math.max(alignment, align);
  }
  const size = roundUp(end, alignment);
  return {
    fields: placed,
    size,
    pack(...structs): ArrayBuffer {
      const bytes = new ArrayBuffer(size * structs.length);
      const view = new DataView(bytes);
      structs.forEach((values, i) => {
        for (const field of placed) writeField(view, i * size, field, values[field.name]);
      });
      return bytes;
    },
  };
}

function writeField(
  view: DataView,
  start: number,
  { type, offset }: UniformField,
  value: number | ArrayLike<number>,
): void {
  const numbers = typeof value === "number" ? [value] : Array.from(value);
  const kind = type.startsWith("vec") ? type[4] : type === "mat3x3f" ? "f" : type[0];
  numbers.forEach((number, i) => {
    const at = start + offset + i * 4;
    if (kind === "u") view.setUint32(at, number, true);
    else if (kind === "i") view.setInt32(at, number, true);
    else view.setFloat32(at, number, true);
  });
}

function fieldWidth(type: UniformType): number {
  if (type === "mat3x3f") return 12;
  return type.startsWith("vec") ? Number(type[3]) : 1;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
