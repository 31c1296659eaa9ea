// Galleries from before scores were normalised are completed when they are opened, and it is said.

import { counted } from "../base/counted.ts";
import type { Gallery } from "../gallery/mod.ts";
import type { Terminal } from "./terminal.ts";

/** Completes a gallery, if it has to be. */
export async function completeGallery(gallery: Gallery, terminal: Terminal): Promise<void> {
  terminal.progress("completing the gallery ...");
  const completed = await gallery.complete();
  terminal.progress("");
  if (completed === 0) return;
  terminal.err(
    `maskinv: completed ${counted(completed, "template")} from before scores were normalised`,
  );
}
