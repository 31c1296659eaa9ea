// The commands, each in a file that is imported only when it is called, so that none waits for the modules of another.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Command } from "./command.ts";

/** A command that is not yet imported; its file has its name. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** The document that tells more, by title and path. */
  readonly more?: readonly [title: string, path: string];
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "verify",
    summary: "compare the faces of two photos: exit code 0 match, 1 no match",
    more: ["Scores", "docs/scores.md"],
  },
  {
    name: "detect",
    summary: "find the faces of photos",
  },
  {
    name: "embed",
    summary: "make the templates of photos (--json prints the numbers)",
  },
  {
    name: "mask",
    summary: "draw masks on the faces of a photo",
    more: ["Masks", "docs/masks.md"],
  },
  {
    name: "enrol",
    summary: "add photos of a person, or of a folder of people, to a gallery",
    more: ["Galleries", "docs/galleries.md"],
  },
  {
    name: "identify",
    summary: "say who of a gallery a photo shows",
    more: ["Galleries", "docs/galleries.md"],
  },
  {
    name: "gallery",
    summary: "list, remove, rename, export, import, dedupe, cluster, compact or repair a gallery",
    more: ["Galleries", "docs/galleries.md"],
  },
  {
    name: "serve",
    summary: "answer requests over HTTP",
    more: ["Server", "docs/server.md"],
  },
  {
    name: "evaluate",
    summary: "measure models on a data set, unmasked and masked",
    more: ["Accuracy", "docs/accuracy.md"],
  },
  {
    name: "calibrate",
    summary: "measure a model's thresholds, per mask situation",
    more: ["Accuracy", "docs/accuracy.md"],
  },
  {
    name: "models",
    summary: "add other face networks, list, verify or remove them",
    more: ["Your own network", "docs/models.md"],
  },
  {
    name: "quantize",
    summary: "make a smaller form of a model",
    more: ["Your own network", "docs/models.md"],
  },
  {
    name: "prepare",
    summary: "make aligned crops or photos into shards to train on",
    more: ["Distil your own", "docs/distil.md"],
  },
  {
    name: "distill",
    summary: "train a student that knows faces behind masks, from shards that prepare made",
    more: ["Distil your own", "docs/distil.md"],
  },
  {
    name: "convert",
    summary: "make an ONNX file of a PyTorch checkpoint",
    more: ["Convert", "docs/convert.md"],
  },
];

/**
 * Imports a command. The path is made when it is needed, as Deno fetches and reads beforehand what it can: at each start
 * the modules and packages of all commands.
 *
 * @throws {InvalidArgumentError} If the file of the command may not be read.
 */
export async function loadCommand({ name }: CommandEntry): Promise<Command> {
  const url = new URL(`./${name}.ts`, import.meta.url);
  try {
    const exported: Record<string, Command> = await import(url.href);
    return exported[`${name}Command`];
  } catch (error) {
    const isLocal = url.protocol === "file:";
    if (!isLocal || Deno.permissions.querySync({ name: "read", path: url }).state === "granted") {
      throw error;
    }
    throw mayNotRead(name, error);
  }
}

/** Returns the error of a command whose files may not be read. */
export function mayNotRead(command: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot run ${command} as this process has no permission to read files: run it with --allow-read`,
    { cause },
  );
}
