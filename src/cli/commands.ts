// The commands, each in a file that is imported only when it is called, so that none waits for the modules of another.

import type { Command } from "./command.ts";

/** A command that is not yet imported. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** The document that tells more, by title and path. */
  readonly more?: readonly [title: string, path: string];
  /** Imports it. */
  load(): Promise<Command>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "verify",
    summary: "compare the faces of two photos: exit code 0 match, 1 no match",
    more: ["Scores", "docs/scores.md"],
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    name: "detect",
    summary: "find the faces of photos",
    load: async () => (await import("./detect.ts")).detectCommand,
  },
  {
    name: "embed",
    summary: "make the templates of photos (--json prints the numbers)",
    load: async () => (await import("./embed.ts")).embedCommand,
  },
  {
    name: "mask",
    summary: "draw masks on the faces of a photo",
    more: ["Masks", "docs/masks.md"],
    load: async () => (await import("./mask.ts")).maskCommand,
  },
  {
    name: "enrol",
    summary: "add photos of a person, or of a folder of people, to a gallery",
    more: ["Galleries", "docs/galleries.md"],
    load: async () => (await import("./enrol.ts")).enrolCommand,
  },
  {
    name: "identify",
    summary: "say who of a gallery a photo shows",
    more: ["Galleries", "docs/galleries.md"],
    load: async () => (await import("./identify.ts")).identifyCommand,
  },
  {
    name: "gallery",
    summary: "list, remove, rename, export, import, dedupe, cluster, compact or repair a gallery",
    more: ["Galleries", "docs/galleries.md"],
    load: async () => (await import("./gallery.ts")).galleryCommand,
  },
  {
    name: "serve",
    summary: "answer requests over HTTP",
    more: ["Server", "docs/server.md"],
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  {
    name: "evaluate",
    summary: "measure models on a data set, unmasked and masked",
    more: ["Accuracy", "docs/accuracy.md"],
    load: async () => (await import("./evaluate.ts")).evaluateCommand,
  },
  {
    name: "calibrate",
    summary: "measure a model's thresholds, per mask situation",
    more: ["Accuracy", "docs/accuracy.md"],
    load: async () => (await import("./calibrate.ts")).calibrateCommand,
  },
  {
    name: "models",
    summary: "add other face networks, list, verify or remove them",
    more: ["Your own network", "docs/models.md"],
    load: async () => (await import("./models.ts")).modelsCommand,
  },
  {
    name: "quantize",
    summary: "make a smaller form of a model",
    more: ["Your own network", "docs/models.md"],
    load: async () => (await import("./quantize.ts")).quantizeCommand,
  },
  {
    name: "prepare",
    summary: "make aligned crops or photos into shards to train on",
    more: ["Distil your own", "docs/distil.md"],
    load: async () => (await import("./prepare.ts")).prepareCommand,
  },
  {
    name: "distill",
    summary: "train a student that knows faces behind masks, from shards that prepare made",
    more: ["Distil your own", "docs/distil.md"],
    load: async () => (await import("./distill.ts")).distillCommand,
  },
  {
    name: "convert",
    summary: "make an ONNX file of a PyTorch checkpoint",
    more: ["Convert", "docs/convert.md"],
    load: async () => (await import("./convert.ts")).convertCommand,
  },
];
