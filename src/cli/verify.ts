// `verify a.jpg b.jpg`: compares two photos and says match or no match.

import type { Image, ImageInput } from "../image/image.ts";
import { loadImage } from "../image/load.ts";
import { verificationJson } from "../verify/json.ts";
import { explainFinding, type Verification } from "../verify/result.ts";
import { createVerifier } from "../verify/create.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  GROUP_THRESHOLD_OPTION,
  JSON_OPTION,
  NORMALIZE_OPTION,
  readThreshold,
  verifierOptions,
} from "./command.ts";
import { childNote, describeFace, describeRule, describeScoreFmr } from "./describe.ts";
import { checkPicturePath } from "./picture_path.ts";
import { paint, type Terminal } from "./terminal.ts";

/** The command. */
export const verifyCommand: Command = {
  name: "verify",
  takes: { usage: "<probe> <reference>", what: ["photo", "photos"], min: 2, max: 2 },
  options: [
    {
      kind: "rate",
      name: "fmr",
      help: "accepted false match rate, if the data supports it (0.001)",
    },
    GROUP_THRESHOLD_OPTION,
    {
      kind: "flag",
      name: "compare-children",
      help: "compare two children as well, between whom no rate holds",
    },
    {
      kind: "file",
      name: "annotate",
      value: "out.png",
      help: "write both photos with what was found",
    },
    NORMALIZE_OPTION,
    JSON_OPTION,
    ...EMBEDDING_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [probe, reference] = args.photos, path = args.text("annotate");
  if (path) await checkPicturePath(path, args.photos);
  terminal.progress("loading models ...");
  const decision = { fmr: args.number("fmr"), threshold: readThreshold(args) };
  const compareChildren = args.flag("compare-children");
  const options = { ...verifierOptions(args), decision, compareChildren };
  await using verifier = await createVerifier(options);
  terminal.progress("comparing ...");
  const result = await verifier.verify(probe.input, reference.input);
  terminal.progress("");
  const labels = [probe.label, reference.label] as const;
  try {
    if (path) {
      const { writePng } = await import("./picture.ts");
      await writePng(path, await picture(result, [probe.input, reference.input], options));
    }
  } finally {
    // After the picture, which is wanted also where the reader of the output stops early (| head).
    if (args.flag("json")) terminal.out(JSON.stringify(verificationJson(result, labels), null, 2));
    else describe(result, labels, terminal);
  }
  if (result.kind !== "compared") return 2;
  return result.decision === "match" ? 0 : 1;
}

function describe(
  result: Verification,
  labels: readonly [string, string],
  terminal: Terminal,
): void {
  const roles = ["probe    ", "reference"];
  if (result.kind === "not-compared") {
    result.findings.forEach((finding, i) => {
      if (finding.kind !== "face") {
        terminal.err(`maskinv: ${explainFinding(finding, labels[i], "--face")}`);
      }
    });
    return;
  }
  const { score, cosine, faces, device, model, timings } = result;
  const scored = `score ${score.toFixed(4)}${
    score === cosine ? "" : ` (cosine ${cosine.toFixed(4)})`
  }`;
  if (result.kind === "scored") {
    terminal.out(
      `${scored}  no threshold, as model ${model.name} was never calibrated: ` +
        `calibrate it, or give --threshold`,
    );
  } else {
    const verdict = result.decision === "match"
      ? paint(terminal, "green", "match")
      : paint(terminal, "red", "no match");
    terminal.out(`${verdict}  ${scored}  ${describeRule(result.rule)}`);
    if (result.scoreFmr) terminal.out(describeScoreFmr(result.scoreFmr));
  }
  const note = childNote(faces);
  if (note) terminal.out(paint(terminal, "red", note));
  faces.forEach((face, i) => terminal.out(`${roles[i]}  ${labels[i]}: ${describeFace(face)}`));
  const { decode, detect, compare, total } = timings;
  terminal.out(paint(
    terminal,
    "grey",
    `${device}, model ${model.name} ${model.sha256.slice(0, 12)}, ${total.toFixed(0)} ms ` +
      `(decode ${decode.toFixed(0)}, detect ${detect.toFixed(0)}, compare ${compare.toFixed(0)})`,
  ));
}

async function picture(
  result: Verification,
  inputs: readonly ImageInput[],
  options: { readonly maxPixels?: number },
): Promise<Image> {
  const { annotateFaces, sideBySide } = await import("./picture.ts");
  const faces = result.kind !== "not-compared"
    ? result.faces.map((face) => [face])
    : result.findings.map((finding) =>
      "face" in finding ? [finding.face] : finding.kind === "no-face" ? [] : finding.faces
    );
  const outcome = result.kind === "compared" ? result.decision : "neutral";
  const words = result.kind === "compared" ? outcome.replace("-", " ").toUpperCase() : "SCORE";
  const label = result.kind === "not-compared" ? "" : `${words} ${result.score.toFixed(3)}`;
  const photos = await Promise.all(inputs.map((input) => loadImage(input, options)));
  return sideBySide(
    await Promise.all(photos.map((photo, i) => annotateFaces(photo, faces[i], label, outcome))),
  );
}
