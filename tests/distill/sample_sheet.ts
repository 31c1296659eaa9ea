// Writes out/samples.png: a sheet of training samples as the trainer gets them, to be looked at.
//   deno run -A tests/distill/sample_sheet.ts <shards> [options as JSON] [first sample]

import { openTrainingData } from "../../src/distill/data/data.ts";
import { writePng } from "../../src/cli/picture.ts";

const COLUMNS = 12, ROWS = 8, SIZE = 112;
const [folder, options = "{}", first = "0"] = Deno.args;
using data = await openTrainingData(folder, JSON.parse(options));
const from = Number(first), count = COLUMNS * ROWS;
const { levels } = data.rawBatch(0, from, from + count, from + count);
const width = COLUMNS * SIZE, height = ROWS * SIZE;
const sheet = new Uint8ClampedArray(width * height * 4).fill(255);
for (let i = 0; i < count; i++) {
  const left = i % COLUMNS * SIZE, top = Math.floor(i / COLUMNS) * SIZE;
  for (let p = 0; p < SIZE * SIZE; p++) {
    const to = ((top + Math.floor(p / SIZE)) * width + left + p % SIZE) * 4;
    for (let k = 0; k < 3; k++) sheet[to + k] = levels[(i * SIZE * SIZE + p) * 3 + k];
  }
}
await Deno.mkdir(new URL("../../out/", import.meta.url), { recursive: true });
const path = decodeURIComponent(new URL("../../out/samples.png", import.meta.url).pathname);
await writePng(path, { width, height, data: sheet });
