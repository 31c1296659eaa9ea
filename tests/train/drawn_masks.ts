// Faces with masks drawn on them: every kind and wearing, found again in the picture that wears the mask.
// Detection runs on the masked picture since a mask moves the landmarks, and with them the crop.

import type { Engine } from "../../src/kernels/mod.ts";
import type { Face } from "../../src/pipeline/detect/face.ts";
import { interEyeDistance } from "../../src/pipeline/detect/face.ts";
import type { Image } from "../../src/image/image.ts";
import { loadImage } from "../../src/image/load.ts";
import { applyMask } from "../../src/mask/apply.ts";
import { randomMaskOptions, type Wearing } from "../../src/mask/kinds.ts";
import { cutFaces } from "./face_crops.ts";
import { filesOf, hashName, type Sample } from "./samples.ts";

/** Photos at a time. */
const BATCH = 8;
/** Masks drawn on each photo. */
const MASKS = 2;
/** How often each wearing is drawn: nose-out is rare on the street, but the network has to know it as well. */
const WEARINGS: readonly Wearing[] = [
  "full",
  "full",
  "full",
  "full",
  "nose-out",
  "nose-out",
  "nose-out",
  "nose-out",
  "chin",
];

/** A photo to draw on. */
interface Base {
  readonly file: string;
  readonly heldOut: boolean;
}

/** Chooses photos by their hashes: of `labelled` whole people are held out, of `unlabelled` single photos. */
function bases(data: string, labelled: number, unlabelled: number): Base[] {
  const byHash = (a: string, b: string): number => hashName(a) - hashName(b);
  const people = [...Deno.readDirSync(`${data}/train/labelled`)].map(({ name }) => name);
  const known = people.flatMap((person) =>
    filesOf(`${data}/train/labelled/${person}`).map((name) => `train/labelled/${person}/${name}`)
  );
  const unknown = filesOf(`${data}/train/unlabelled`).map((name) => `train/unlabelled/${name}`);
  return [
    ...known.sort(byHash).slice(0, labelled).map((file) => ({
      file,
      heldOut: hashName(file.split("/")[2]) % 5 === 0,
    })),
    ...unknown.sort(byHash).slice(0, unlabelled).map((file) => ({
      file,
      heldOut: hashName(`split ${file}`) % 5 === 0,
    })),
  ];
}

/** The faces of `labelled` + `unlabelled` photos as they are and with masks. */
export async function drawnMasks(
  engine: Engine,
  data: string,
  counts: { readonly labelled: number; readonly unlabelled: number },
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const photos = bases(data, counts.labelled, counts.unlabelled);
  for (let i = 0; i < photos.length; i += BATCH) {
    const batch = photos.slice(i, i + BATCH);
    const images = await Promise.all(batch.map(({ file }) => loadImage(`${data}/${file}`)));
    const found = await cutFaces(engine, images);
    const masked: { base: Base; image: Image; wearing: Wearing; kind: string }[] = [];
    found.forEach((cut, k) => {
      // Without a mesh nothing can be drawn; a face that is this far off is another one, or none.
      if (!cut || cut.face.landmarks.source !== "mesh") return;
      const { crop } = cut;
      samples.push({
        ...facts(batch[k], cut.face, images[k]),
        state: "none",
        group: "bare",
        crop,
      });
      for (let m = 0; m < MASKS; m++) {
        const seed = hashName(`${batch[k].file} ${m}`) >>> 1;
        const { kind, pattern } = randomMaskOptions(seed);
        const wearing = WEARINGS[seed % WEARINGS.length];
        const options = { kind, wearing, seed, ...(pattern && { pattern }) };
        const image = applyMask(images[k], [cut.face], options);
        masked.push({ base: batch[k], image, wearing, kind });
      }
    });
    const again = await cutFaces(engine, masked.map(({ image }) => image));
    again.forEach((cut, k) => {
      if (!cut) return;
      const { base, image, wearing, kind } = masked[k];
      samples.push({
        ...facts(base, cut.face, image),
        state: wearing === "chin" ? "none" : wearing,
        group: `${kind} ${wearing}`,
        crop: cut.crop,
      });
    });
  }
  return samples;
}

function facts(
  { file, heldOut }: Base,
  { landmarks }: Face,
  { width }: Image,
): Pick<Sample, "file" | "heldOut" | "source" | "eyes"> {
  return { file, heldOut, source: landmarks.source, eyes: interEyeDistance(landmarks) / width };
}
