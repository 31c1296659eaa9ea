// What a command is, what it finds its arguments in, and the options that several commands share.

import type { ImageInput } from "../image/image.ts";
import { DEFAULT_MAX_PIXELS } from "../image/limits.ts";
import { MAX_THRESHOLD, MIN_THRESHOLD } from "../model/calibration.ts";
import { VARIANTS } from "../model/manifest.ts";
import { FACE_CHOICES } from "../pipeline/detect/choose.ts";
import type { RuleOptions } from "../pipeline/score/decide.ts";
import type { DeviceChoice } from "../runtime/start.ts";
import type { VerifierOptions } from "../verify/options.ts";
import type { Option } from "./option.ts";
import type { Terminal } from "./terminal.ts";

/** What a command, or one of its actions, takes beside options. */
export interface Operands {
  /** How the usage has them, such as `"<probe> <reference>"`. */
  readonly usage: string;
  /** What they are, in the singular and the plural. */
  readonly what: readonly [one: string, many: string];
  readonly min: number;
  readonly max: number;
}

/** A photo that an argument names: a path, a URL, or the standard input; `label` is printed. */
export interface PhotoArgument {
  readonly label: string;
  /** The standard input is read when this is asked for. */
  readonly input: ImageInput;
}

/** The arguments of a command, read and checked against its options. */
export interface Arguments {
  /** The action, for a command that has some. */
  readonly action: string;
  /** What comes beside the options: photos, or what else the command takes. */
  readonly operands: readonly string[];
  /** The operands as photos. */
  readonly photos: readonly PhotoArgument[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  /** The text that was given as the value of an option of any kind, if it was. */
  given(name: string): string | undefined;
  /** The value of a text, file, folder or choice, if it was given. */
  text(name: string): string | undefined;
  /** The value of a number, whole number or rate, if it was given. */
  number(name: string): number | undefined;
  /** The values of rates, if they were given. */
  numbers(name: string): readonly number[] | undefined;
  /** The name that was chosen, if one was; `of` are those that the option has. */
  choice<Name extends string>(name: string, of: readonly Name[]): Name | undefined;
  /** The names that were chosen, if any were; `of` are those that the option has. */
  choices<Name extends string>(name: string, of: readonly Name[]): readonly Name[] | undefined;
}

/** A command of the command line. */
export interface Command {
  readonly name: string;
  /** What it takes beside options; if these differ by its action, by the names of the actions. */
  readonly takes: Operands | { readonly actions: Readonly<Record<string, Operands>> };
  readonly options: readonly Option[];
  /** What its exit codes mean, if more than what all commands' do. */
  readonly exits?: string;
  run(args: Arguments, terminal: Terminal): Promise<number>;
}

/** The operands of the commands that take photos. */
export const PHOTOS: Operands = {
  usage: "<photo> ...",
  what: ["photo", "photos"],
  min: 1,
  max: Infinity,
};

/** The devices; not imported from runtime/start.ts, which would load the modules of the GPU. */
const DEVICES: readonly DeviceChoice[] = ["auto", "webgpu", "wasm"];

/** Which device. */
export const DEVICE_OPTION: Option = {
  kind: "choice",
  name: "device",
  of: DEVICES,
  help: "where to compute (auto)",
};

/** Where the models are. */
export const MODELS_OPTION: Option = {
  kind: "folder",
  name: "models",
  help: "model folder (the package's)",
};

/** How many threads. */
export const THREADS_OPTION: Option = {
  kind: "whole",
  name: "threads",
  min: 1,
  max: 64,
  help: "threads of the wasm provider (cores, at most 4)",
};

/** Which face of a photo. */
export const FACE_OPTION: Option = {
  kind: "choice",
  name: "face",
  of: FACE_CHOICES,
  help: "which face of a photo is meant (only)",
};

/** Options of the commands that make a verifier. */
export const VERIFIER_OPTIONS: readonly Option[] = [
  DEVICE_OPTION,
  {
    kind: "whole",
    name: "max-faces",
    min: 1,
    max: 256,
    help: "most faces to look at per photo (256)",
  },
  {
    kind: "whole",
    name: "max-pixels",
    min: 1,
    help: `largest photo to decode, in pixels (${DEFAULT_MAX_PIXELS})`,
  },
  MODELS_OPTION,
  THREADS_OPTION,
];

/** The option of the commands that print results. */
export const JSON_OPTION: Option = { kind: "flag", name: "json", help: "print JSON" };

/** A threshold in the place of one that was measured. */
export const THRESHOLD_OPTION: Option = {
  kind: "number",
  name: "threshold",
  value: "score",
  min: -1,
  max: 1,
  help: "a threshold of your own instead, -1 to 1",
};

/** The names of measured thresholds: whose false match rate counts. */
export const GROUP_THRESHOLDS = ["worst-group", "pooled"] as const;

/** A threshold that was measured of some people, or in the place of it. */
export const GROUP_THRESHOLD_OPTION: Option = {
  kind: "number",
  name: "threshold",
  names: GROUP_THRESHOLDS,
  value: "score",
  min: MIN_THRESHOLD,
  max: MAX_THRESHOLD,
  help: "whose false match rate counts, or a threshold of your own (worst-group, if measured)",
};

/** A threshold of the user's own, or the name of a measured one. */
export function readThreshold(args: Arguments): RuleOptions["threshold"] {
  const name = GROUP_THRESHOLDS.find((name) => args.given("threshold") === name);
  return name ?? args.number("threshold");
}

/** The scores that there are to decide by. */
const NORMALIZATIONS: readonly NonNullable<VerifierOptions["normalize"]>[] = ["cohort", "none"];

/** The option of the commands that compare. */
export const NORMALIZE_OPTION: Option = {
  kind: "choice",
  name: "normalize",
  of: NORMALIZATIONS,
  help: "which score decides: normalised, or none for the cosine (cohort, if the model has one)",
};

/** Options of the commands that embed. */
export const EMBEDDING_OPTIONS: readonly Option[] = [
  FACE_OPTION,
  {
    kind: "text",
    name: "model",
    value: "name",
    help: "embedding model in the manifest (student)",
  },
  {
    kind: "choice",
    name: "variant",
    of: VARIANTS,
    help: "a smaller form of the model, with its own thresholds",
  },
  {
    kind: "number",
    name: "min-similarity",
    value: "0..1",
    min: 0,
    max: 1,
    help: "least expected similarity of a face that is compared (the model's floor)",
  },
  {
    kind: "flag",
    name: "mirror",
    help: "add the mirror image's embedding: more accurate, slower",
  },
  ...VERIFIER_OPTIONS,
];

/** The verifier options that the shared options ask for. */
export function verifierOptions(args: Arguments): VerifierOptions {
  const given = {
    device: args.choice("device", DEVICES),
    maxFaces: args.number("max-faces"),
    maxPixels: args.number("max-pixels"),
    models: args.text("models"),
    threads: args.number("threads"),
    face: args.choice("face", FACE_CHOICES),
    model: args.text("model"),
    variant: args.choice("variant", VARIANTS),
    normalize: args.choice("normalize", NORMALIZATIONS),
    mirror: args.flag("mirror"),
    minSimilarity: args.number("min-similarity"),
  } satisfies VerifierOptions;
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
}
