// `mask photo.jpg --out out.png`: the photo with masks on its faces, or a sheet of all masks on its largest face.

import { warpAffine } from "../kernels/warp_affine/cpu.ts";
import type { TensorSpec } from "../runtime/tensor_spec.ts";
import { counted } from "../base/counted.ts";
import { fromPixels, type Image } from "../image/image.ts";
import { loadImage } from "../image/load.ts";
import { maskLayers } from "../mask/apply.ts";
import type { LayeredPicture } from "../mask/draw_layers.ts";
import {
  completeMaskOptions,
  MASK_KINDS,
  type MaskOptions,
  PATTERNS,
  WEARINGS,
} from "../mask/kinds.ts";
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
      name: "wearing",
      value: "way",
      of: WEARINGS,
      help: `${WEARINGS.join("|")} (full)`,
    },
    { kind: "whole", name: "seed", help: "chooses what is left open (0)" },
    { kind: "flag", name: "all", help: "a sheet of every kind and wearing on the largest face" },
    JSON_OPTION,
    ...VERIFIER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const path = args.text("out")!, options = maskOptions(args), all = args.flag("all");
  // Refuses what is no colour before the models are loaded.
  completeMaskOptions(options);
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
    await writePng(path, all ? await maskSheet(image, fitted[0], options, draw) : masked);
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
    wearing: args.choice("wearing", WEARINGS),
    seed: args.number("seed"),
  } satisfies Partial<MaskOptions>;
  const kind = args.choice("kind", MASK_KINDS) ?? "surgical";
  return {
    kind,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** Pixels of a picture of the sheet. */
const CELL = 200;
const PORTRAIT: TensorSpec = {
  size: CELL,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};

/** A face without a mask and with each kind: a row for each wearing. `draw` is `Verifier.drawLayers`. */
export async function maskSheet(
  image: Image,
  face: FaceWithMesh,
  options: Partial<MaskOptions>,
  draw: (pictures: readonly LayeredPicture[]) => Promise<Image[]>,
): Promise<Image> {
  const { image: portrait, mesh } = portraitOf(image, face.mesh);
  const pictures = WEARINGS.flatMap((wearing, row) =>
    MASK_KINDS.map((kind, column): LayeredPicture => {
      const seed = (options.seed ?? 0) + row * MASK_KINDS.length + column;
      const mask = { ...options, kind, wearing, seed };
      return { image: portrait, layers: maskLayers(portrait, [{ ...face, mesh }], mask) };
    })
  );
  const drawn = await draw(pictures);
  return stacked(WEARINGS.map(() => sideBySide([portrait, ...drawn.splice(0, MASK_KINDS.length)])));
}

/** Head and neck in a square of the sheet's size, with the mesh in its pixels. */
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
  const pixels = warpAffine([{ image, cropToPhoto: [step, 0, x0, 0, step, y0] }], PORTRAIT, false);
  const data = Uint8ClampedArray.from(pixels);
  const moved = mesh.map((value, i) => [value - x0, value - y0, value][i % 3] / step);
  const portrait = fromPixels({ width: CELL, height: CELL, data });
  return { image: portrait, mesh: moved };
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
