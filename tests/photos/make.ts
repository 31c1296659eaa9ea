// Makes the demo photos and their variants from the two public-domain originals. Run once; the results are committed:
//   deno run -A tests/photos/make.ts <astronaut.png of python3-skimage> <grace_hopper.jpg of python-matplotlib-data>

import encodeJpeg from "@jsquash/jpeg/encode.js";
import { createVerifier } from "../../mod.ts";
import { fromPixels, type Image, loadImage } from "../../src/image/mod.ts";

const [collinsPath, hopperPath] = Deno.args;
const here = new URL("./", import.meta.url);
await using verifier = await createVerifier({ device: "wasm" });

for (const [name, path] of [["collins", collinsPath], ["hopper", hopperPath]]) {
  const photo = await loadImage(path);
  await save(name, photo);
  await save(`${name}_mirrored`, map(photo, (x, y) => [photo.width - 1 - x, y]));
  await save(`${name}_dark`, grade(photo, (value) => 255 * (value / 255) ** 1.6 * 0.55));
  const { faces: [face] } = await verifier.detect(photo, { maxFaces: 1, mesh: true });
  const { x, y, width, height } = face.box;
  await save(`${name}_crop`, crop(photo, x - width / 4, y - height / 3, width * 1.5, height * 1.6));
  if (!face.mesh) throw new Error(`no mesh in ${path}`);
  await save(`${name}_masked`, withMask(photo, face.mesh));
}

async function save(name: string, image: Image): Promise<void> {
  const pixels = new ImageData(image.data, image.width, image.height);
  const bytes = await encodeJpeg(pixels, { quality: 90 });
  await Deno.writeFile(new URL(`${name}.jpg`, here), new Uint8Array(bytes));
}

function map(image: Image, from: (x: number, y: number) => [number, number], size = image): Image {
  const data = new Uint8Array(size.width * size.height * 4);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const [u, v] = from(x, y);
      const at = (v * image.width + u) * 4;
      data.set(image.data.subarray(at, at + 4), (y * size.width + x) * 4);
    }
  }
  return fromPixels({ width: size.width, height: size.height, data });
}

function crop(image: Image, x: number, y: number, width: number, height: number): Image {
  const left = Math.max(0, Math.round(x)), top = Math.max(0, Math.round(y));
  const size = {
    ...image,
    width: Math.min(Math.round(width), image.width - left),
    height: Math.min(Math.round(height), image.height - top),
  };
  return map(image, (u, v) => [u + left, v + top], size);
}

function grade(image: Image, curve: (value: number) => number): Image {
  return fromPixels({
    ...image,
    data: image.data.map((value, i) => i % 4 === 3 ? 255 : curve(value)),
  });
}

/** Draws an opaque pleated mask from the bridge of the nose to the chin: nothing of the face shines through. */
function withMask(image: Image, mesh: Float32Array): Image {
  const outline = [
    [93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323],
    [352, 280, 195, 50, 123],
  ].flat().map((i) => [mesh[3 * i], mesh[3 * i + 1]]);
  const top = Math.min(...outline.map(([, y]) => y)),
    bottom = Math.max(...outline.map(([, y]) => y));
  const data = image.data.slice();
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      let cover = 0;
      for (let s = 0; s < 16; s++) {
        if (inside(outline, x + (s % 4) / 4 - 0.375, y + Math.floor(s / 4) / 4 - 0.375)) cover++;
      }
      if (cover === 0) continue;
      const at = (y * image.width + x) * 4;
      const light = 0.95 + 0.08 * Math.sin(8 * Math.PI * (y - top) / (bottom - top));
      [110, 160, 200].forEach((value, c) => {
        data[at + c] += cover / 16 * (value * light - data[at + c]);
      });
    }
  }
  return fromPixels({ ...image, data });
}

function inside(outline: number[][], x: number, y: number): boolean {
  let odd = false;
  outline.forEach(([ax, ay], i) => {
    const [bx, by] = outline[(i + 1) % outline.length];
    if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}
