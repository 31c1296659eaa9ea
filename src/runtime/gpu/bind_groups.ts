// A second cure for lavapipe under Deno: bind groups that are used again instead of made anew for each dispatch.
// Mesa 25 (22.3 did not) gives each a memory map of its own, some 700 a verify, which lasts until JavaScript collects garbage:
// overlapping verifies reach Linux's limit of 65,530 maps, and the process dies. Hardware has pools for them.

/** As many are kept; the least recently used goes first. A verify has some 700, which come again with the next. */
const MOST = 8192;

/** Makes a device give out the bind group that it made of the same layout and buffers before, onnxruntime's too. */
export function reuseBindGroups(device: GPUDevice): void {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  const number = (object: object): number => {
    let known = numbers.get(object);
    if (known === undefined) numbers.set(object, known = ++last);
    return known;
  };
  const groups = new Map<string, GPUBindGroup>();
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor): GPUBindGroup => {
    const key = keyOf(descriptor, number);
    const group = groups.get(key) ?? create(descriptor);
    groups.delete(key);
    groups.set(key, group);
    if (groups.size > MOST) groups.delete(groups.keys().next().value!);
    return group;
  };
}

/** What a bind group is made of, as far as it matters: neither the labels nor the order of the bindings. */
function keyOf(
  { layout, entries }: GPUBindGroupDescriptor,
  number: (object: object) => number,
): string {
  const parts = [...entries].map(({ binding, resource }) => {
    if (!("buffer" in resource)) return `${binding}:${number(resource)}`;
    const { buffer, offset = 0, size = "" } = resource;
    return `${binding}:${number(buffer)},${offset},${size}`;
  });
  return `${number(layout)} ${parts.sort().join(" ")}`;
}
