// The size of a gallery in words.

import { counted } from "../base/counted.ts";

/** How much a gallery holds, in words. */
export function countedGallery(
  { templates, identities }: { readonly templates: number; readonly identities: number },
): string {
  return `${counted(templates, "template")} of ${counted(identities, "identity", "identities")}`;
}
