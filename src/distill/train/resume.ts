// Where a training begins: at its last checkpoint, or in a folder that has none.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writing } from "../../base/write_error.ts";
import { type Checkpoint, readCheckpoint } from "./checkpoint.ts";
import type { DistillConfig } from "./config.ts";

/**
 * The checkpoint to go on from, if the training shall; its folder is made if not.
 *
 * @param hash Of the configuration.
 * @throws {InvalidArgumentError} If there is a training already, or the one to resume has another configuration.
 */
export function checkpointToResume(
  config: Pick<DistillConfig, "out">,
  hash: string,
  resume: boolean,
): Checkpoint | undefined {
  const path = `${config.out}/last.checkpoint`;
  if (!resume) {
    writing(config.out, () => Deno.mkdirSync(config.out, { recursive: true }));
    if ([...Deno.readDirSync(config.out)].some(({ name }) => name === "last.checkpoint")) {
      throw new InvalidArgumentError(
        `Cannot start a training in ${config.out} as there is one: pass --resume to go on, or give another "out"`,
      );
    }
    return undefined;
  }
  const checkpoint = readCheckpoint(path);
  if (checkpoint.config !== hash) {
    throw new InvalidArgumentError(
      `Cannot go on from ${path} as its configuration was another: restore the configuration, or name the checkpoint ` +
        `as "start" of a new training`,
    );
  }
  return checkpoint;
}
