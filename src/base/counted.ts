// Numbers of things in words.

/** A number and what it counts, in the singular for one. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
