// `distill --head config.json`: trains the condition head of a student; with --write it goes into the model folder.

import { writeWhole } from "../base/write_error.ts";
import { checkHeadConfig } from "../distill/head/config.ts";
import type { HeadFigures } from "../distill/head/examine.ts";
import { packagedModels } from "../model/model.ts";
import { parseManifest } from "../model/manifest.ts";
import type { Arguments } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Runs the command. */
export async function trainHeadCommand(
  args: Arguments,
  value: unknown,
  label: string,
  terminal: Terminal,
): Promise<number> {
  const { trainHead, withHeadEntry } = await import("../distill/head/train_head.ts");
  const model = args.text("model"), folder = args.text("models") ?? "";
  const named = model === undefined ? {} : { student: `${folder}#${model}` };
  const config = checkHeadConfig({ ...value as object, ...named }, label);
  const { file, sha256, figures, entry } = await trainHead(config, {
    threads: args.number("threads"),
    progress: (text) => terminal.progress(text),
  });
  terminal.progress("");
  for (const line of describe(figures)) terminal.out(line);
  terminal.out(`wrote ${file}, SHA-256 ${sha256}`);
  if (!args.flag("write")) return 0;
  const at = config.student.lastIndexOf("#"), name = config.student.slice(at + 1);
  const models = config.student.slice(0, at) || decodeURIComponent(packagedModels().pathname);
  const path = `${models.replace(/\/$/, "")}/manifest.json`;
  const text = Deno.readTextFileSync(path), old = parseManifest(text, path)[name];
  writeWhole(path.replace("manifest.json", old.file), Deno.readFileSync(file));
  writeWhole(path, withHeadEntry(text, name, entry));
  terminal.out(`written into ${path} as ${name}`);
  return 0;
}

function describe(figures: HeadFigures): string[] {
  const percent = (share: number): string => `${Number((100 * share).toPrecision(3))}%`;
  const { floor, child, spoiltFmr, answeredFmr } = figures;
  return [
    `expected similarity: correlation ${figures.correlation.toFixed(3)}, mean error ${
      figures.meanError.toFixed(3)
    }`,
    `covering told ${percent(figures.coverings)}, covered or not ${
      percent(figures.covered)
    }, dark ` +
    `glasses ${percent(figures.darkGlasses)} (balanced, drawn validation samples)`,
    `floor ${floor}: refuses ${percent(figures.refusedBare)} of bare and ${
      percent(figures.refusedMasked)
    } of masked photos with eyes 40 pixels apart or more; ${
      percent(figures.answered)
    } of spoilt ones are answered`,
    ...spoiltFmr === undefined ? [] : [
      `pairs of spoilt photos of different people that match at FMR 0.1%: ${percent(spoiltFmr)}, ` +
      `of those that are answered ${percent(answeredFmr!)}`,
    ],
    `children from probability ${child}: ${percent(figures.childrenFound)} found, ${
      percent(figures.adultsTaken)
    } of adults taken for children`,
  ];
}
