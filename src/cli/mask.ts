// `mask photo.jpg --out out.png`: the photo with masks on its faces, or an overview of all masks on its largest face.

import { counted } from "../base/counted.ts";
import type { Image } from "../image/image.ts";
import { loadImage } from "../image/load.ts";
import { maskLayers } from "../mask/apply.ts";
import type { LayeredPicture } from "../mask/draw_layers.ts";
import {
  completeMaskOptions,
  COVERAGES,
  MASK_KINDS,
  type MaskOptions,
  PATTERNS,
} from "../mask/kinds.ts";
import { cutPicture } from "../pipeline/align/cut.ts";
import type { FaceWithMesh } from "../pipeline/detect/face.ts";
import { createVerifier } from "../verify/create.ts";
import {
  type Arguments,
  type Command,
  JSON_OPTION,
  VERIFIER_OPTIONS,
  verifierOptions,
} from "./command.ts";
import { sideBySide, writePng } from "./picture.ts";
import { checkPicturePath } from "./picture_path.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const maskCommand: Command = {
  name: "mask",
  takes: { usage: "<photo>", what: ["photo", "photos"], min: 1, max: 1 },
  options: [
    {
      kind: "file",
      name: "out",
      short: "o",
      value: "out.png",
      required: true,
      help: "where to write the picture",
    },
    {
      kind: "choice",
      name: "kind",
      value: "kind",
      of: MASK_KINDS,
      help: `${MASK_KINDS.join("|")} (surgical)`,
    },
    {
      kind: "text",
      name: "color",
      value: "#rgb",
      help: "CSS hex colour (one that the kind is made in)",
    },
    { kind: "choice", name: "pattern", value: "name", of: PATTERNS, help: PATTERNS.join("|") },
    {
      kind: "choice",
      name: "coverage",
      value: "part",
      of: COVERAGES,
      help: `${COVERAGES.join("|")} (full)`,
    },
    { kind: "whole", name: "seed", help: "chooses what is left open (0)" },
    {
      kind: "flag",
      name: "all",
      help: "an overview of every kind and coverage on the largest face",
    },
    JSON_OPTION,
    ...VERIFIER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const path = args.text("out")!, options = maskOptions(args), all = args.flag("all");
  // Refuses what is no colour before the models are loaded.
  completeMaskOptions(options);
  await checkPicturePath(path, args.photos);
  terminal.progress("loading models ...");
  const verifying = verifierOptions(args);
  await using verifier = await createVerifier(verifying);
  const [{ label, input }] = args.photos;
  const image = await loadImage(input, verifying);
  const { faces, device, image: masked } = all
    ? { ...await verifier.detect(image, { mesh: true }), image }
    : await verifier.mask(image, options);
  terminal.progress("");
  const fitted = faces.filter((face) => face.mesh !== undefined) as FaceWithMesh[];
  if (fitted.length > 0) {
    const draw = (pictures: readonly LayeredPicture[]): Promise<Image[]> =>
      verifier.drawLayers(pictures);
    await writePng(path, all ? await maskOverview(image, fitted[0], options, draw) : masked);
  }
  if (args.flag("json")) {
    const out = fitted.length > 0 ? path : null;
    terminal.out(
      JSON.stringify({ photo: label, faces: faces.length, masked: fitted.length, out, device }),
    );
  } else if (fitted.length === 0) {
    terminal.out(`${label}: ${counted(faces.length, "face")}, none with a mesh to fit a mask on`);
  } else {
    terminal.out(
      `${label}: ${counted(faces.length, "face")}, masks on ${all ? 1 : fitted.length}, ${path}`,
    );
  }
  return fitted.length > 0 ? 0 : 1;
}

function maskOptions(args: Arguments): MaskOptions {
  const given = {
    color: args.text("color"),
    pattern: args.choice("pattern", PATTERNS),
    coverage: args.choice("coverage", COVERAGES),
    seed: args.number("seed"),
  } satisfies Partial<MaskOptions>;
  const kind = args.choice("kind", MASK_KINDS) ?? "surgical";
  return {
    kind,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** Pixels on a side of each picture of the overview. */
const CELL = 200;

/** A face without a mask and with each kind: a row for each coverage. `draw` is `Verifier.drawLayers`. */
export async function maskOverview(
  image: Image,
  face: FaceWithMesh,
  options: Partial<MaskOptions>,
  draw: (pictures: readonly LayeredPicture[]) => Promise<Image[]>,
): Promise<Image> {
  const { image: portrait, mesh } = portraitOf(image, face.mesh);
  const pictures = COVERAGES.flatMap((coverage, row) =>
    MASK_KINDS.map((kind, column): LayeredPicture => {
      const seed = (options.seed ?? 0) + row * MASK_KINDS.length + column;
      const mask = { ...options, kind, coverage, seed };
      return { image: portrait, layers: maskLayers(portrait, [{ ...face, mesh }], mask) };
    })
  );
  const drawn = await draw(pictures);
  return stacked(
    COVERAGES.map(() => sideBySide([portrait, ...drawn.splice(0, MASK_KINDS.length)])),
  );
}

/** Head and neck in a square of that size, with the mesh in its pixels. */
function portraitOf(
  image: Image,
  mesh: Float32Array,
): { image: Image; mesh: Float32Array } {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (let i = 0; i < mesh.length; i += 3) {
    left = Math.min(left, mesh[i]);
    right = Math.max(right, mesh[i]);
    top = Math.min(top, mesh[i + 1]);
    bottom = Math.max(bottom, mesh[i + 1]);
  }
  const side = 1.55 * Math.max(right - left, bottom - top), step = side / CELL;
  const x0 = (left + right - side) / 2, y0 = (top + bottom - side) / 2 + 0.08 * side;
  const moved = mesh.map((value, i) => [value - x0, value - y0, value][i % 3] / step);
  return { image: cutPicture(image, [step, 0, x0, 0, step, y0], CELL), mesh: moved };
}

/** Pictures of one width below each other. */
export function stacked(rows: readonly Image[]): Image {
  const { width } = rows[0];
  const height = rows.reduce((sum, row) => sum + row.height, 0);
  const data = new Uint8ClampedArray(width * height * 4);
  let at = 0;
  for (const row of rows) {
    data.set(row.data, at);
    at += row.data.length;
  }
  return { width, height, data };
}
