// Writes out/masks.png: every kind and coverage on the photos of tests/photos, then every kind on turned heads of
// ../shared, if it is there (its photos stay out of the repository, as out/ does). To be looked at:
//   deno run -A tests/mask/contact_sheet.ts

import { createVerifier, type Verifier } from "../../mod.ts";
import { maskOverview, stacked } from "../../src/cli/mask.ts";
import { writePng } from "../../src/cli/picture.ts";
import type { Image } from "../../src/image/mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { COVERAGES } from "../../src/mask/kinds.ts";
import { headFrame } from "../../src/mask/fit_mesh.ts";

/** Heads of ../shared that are turned by 25 to 50 degrees, and every how manieth photo is tried. */
const TURNED = 12, EVERY = 37;
const shared = new URL("../../../shared/data/mask-detection/unmasked/", import.meta.url);
const rows: Image[] = [];
await using verifier = await createVerifier({ device: "wasm", maxFaces: 1 });
const draw: Verifier["drawLayers"] = (pictures) => verifier.drawLayers(pictures);

for (const name of ["collins", "hopper", "collins_dark"]) {
  const image = await loadImage(new URL(`../photos/${name}.jpg`, import.meta.url));
  const { faces: [face] } = await verifier.detect(image, { mesh: true });
  if (face?.mesh) {
    const seed = rows.length * 100;
    rows.push(await maskOverview(image, { ...face, mesh: face.mesh }, { seed }, draw));
  }
}
let turned = 0;
for (const [i, url] of [...photosBelow(shared)].entries()) {
  if (turned === TURNED) break;
  if (i % EVERY !== 0) continue;
  const image = await loadImage(url);
  const { faces: [face] } = await verifier.detect(image, { mesh: true });
  if (!face?.mesh) continue;
  const { across } = headFrame(face.mesh);
  const yaw = Math.abs(Math.atan2(across[2], Math.hypot(across[0], across[1]))) * 180 / Math.PI;
  if (yaw < 25 || yaw > 50) continue;
  turned++;
  const sheet = await maskOverview(image, { ...face, mesh: face.mesh }, { seed: i }, draw);
  // Worn as meant is enough of each of these, and one row of the others.
  const height = sheet.height / COVERAGES.length;
  const row = turned % 4 === 0 ? turned / 4 % 2 + 1 : 0;
  const bytes = height * sheet.width * 4;
  rows.push({ width: sheet.width, height, data: sheet.data.slice(row * bytes, (row + 1) * bytes) });
}
await Deno.mkdir(new URL("../../out/", import.meta.url), { recursive: true });
await writePng(new URL("../../out/masks.png", import.meta.url).pathname, stacked(rows));

/** All photos below a folder, in order of their names; none if there is no such folder. */
function* photosBelow(folder: URL): Generator<URL> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch {
    return;
  }
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) yield* photosBelow(new URL(`${encodeURIComponent(name)}/`, folder));
    else if (name.endsWith(".jpg")) yield new URL(encodeURIComponent(name), folder);
  }
}
