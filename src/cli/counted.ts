// Numbers of things in words.

/** A number and what it counts, in the singular for one. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** How much a gallery holds, in words. */
export function countedGallery(
  { templates, identities }: { readonly templates: number; readonly identities: number },
): string {
  return `${counted(templates, "template")} of ${counted(identities, "identity", "identities")}`;
}
