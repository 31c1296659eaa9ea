// One warm comparison beside bare onnxruntime-web on the same models: `deno task bench` prints the ratios.

import { createVerifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";
import { createBare } from "./bare.ts";

const verifier = await createVerifier({ device: "wasm" });
const files = await Promise.all(
  ["collins", "hopper"].map((name) => Deno.readFile(photo(name))),
);
const pixels = await Promise.all(files.map((file) => loadImage(file)));
const bare = await createBare();
// V8 compiles the hot loops only after some runs.
for (let i = 0; i < 20; i++) {
  await bare();
  await verifier.verify(files[0], files[1]);
}

const group = "verify, wasm";
Deno.bench("bare onnxruntime-web, inputs ready", { group, baseline: true }, async () => {
  await bare();
});
Deno.bench("verify two decoded photos", { group }, async () => {
  await verifier.verify(pixels[0], pixels[1]);
});
Deno.bench("verify two JPEG files in memory (512x512, 512x600)", { group }, async () => {
  await verifier.verify(files[0], files[1]);
});
