// All that is fuzzed. The cases of the normal test run add up to 10,000.

import { cliTargets } from "./targets_cli.ts";
import { galleryTargets } from "./targets_gallery.ts";
import { imageTargets } from "./targets_image.ts";
import { modelTargets } from "./targets_model.ts";
import { pickleTargets } from "./targets_pickle.ts";
import { serveTargets } from "./targets_serve.ts";
import type { FuzzTarget } from "./target.ts";

/** All targets, in the order in which they run. */
export const TARGETS: readonly FuzzTarget[] = [
  ...imageTargets,
  ...pickleTargets,
  ...modelTargets,
  ...galleryTargets,
  ...serveTargets,
  ...cliTargets,
];
