// What the actions of `gallery` work with; apart, so that an action can live in a file of its own.

import type { Gallery, GalleryStore, SearchThresholds } from "../gallery/mod.ts";
import type { Arguments } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** What an action works with. */
export interface GalleryAction {
  readonly gallery: Gallery;
  readonly store: GalleryStore;
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** The operands after the action. */
  readonly names: readonly string[];
  /** What was measured of the model that made the gallery, for the actions that compare; absent if it is not at hand. */
  readonly thresholds?: SearchThresholds;
}
