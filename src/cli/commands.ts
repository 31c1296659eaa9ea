// The commands, each in a file that is imported only when it is called, so that none waits for the modules of another.

import type { Command } from "./command.ts";

/** A command that is not yet imported. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** Imports it. */
  load(): Promise<Command>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "verify",
    summary: "compare the faces of two photos",
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
    summary: "put masks on the faces of a photo",
    load: async () => (await import("./mask.ts")).maskCommand,
  },
  {
    name: "enrol",
    summary: "add photos of a person, or of a folder of people, to a gallery",
    load: async () => (await import("./enrol.ts")).enrolCommand,
  },
  {
    name: "identify",
    summary: "say who of a gallery a photo shows",
    load: async () => (await import("./identify.ts")).identifyCommand,
  },
  {
    name: "gallery",
    summary: "list, remove, rename, export, import, dedupe, cluster, compact or repair a gallery",
    load: async () => (await import("./gallery.ts")).galleryCommand,
  },
  {
    name: "serve",
    summary: "answer requests over HTTP",
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  {
    name: "evaluate",
    summary: "measure models on a data set, unmasked and masked",
    load: async () => (await import("./evaluate.ts")).evaluateCommand,
  },
  {
    name: "calibrate",
    summary: "measure a model's thresholds, per mask situation",
    load: async () => (await import("./calibrate.ts")).calibrateCommand,
  },
  {
    name: "models",
    summary: "add other face networks, list, verify or remove them",
    load: async () => (await import("./models.ts")).modelsCommand,
  },
  {
    name: "quantize",
    summary: "make a smaller form of a model",
    load: async () => (await import("./quantize.ts")).quantizeCommand,
  },
  {
    name: "prepare",
    summary: "make aligned crops or photos into shards to train on",
    load: async () => (await import("./prepare.ts")).prepareCommand,
  },
  {
    name: "distill",
    summary: "train a student that knows faces behind masks, from shards that prepare made",
    load: async () => (await import("./distill.ts")).distillCommand,
  },
  {
    name: "convert",
    summary: "make an ONNX file of a PyTorch checkpoint",
    load: async () => (await import("./convert.ts")).convertCommand,
  },
];
