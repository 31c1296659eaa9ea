// Large JPEGs are decoded reduced, and nobody sees it: scores, decisions and places are those of the whole photo.

import { assertEquals, assertLess } from "@std/assert";
import encodeJpeg from "@jsquash/jpeg/encode.js";
import { type Compared, createVerifier, type Verification } from "../../mod.ts";
import { cutPicture } from "../../src/pipeline/align/cut.ts";
import { loadImage } from "../../src/image/mod.ts";
import { applyAffine } from "../../src/math/affine.ts";
import { photo, testOnDevices } from "../hosts.ts";

/** A photo of tests/photos at `by` times its size, as a JPEG. */
async function enlarged(name: string, by: number): Promise<Uint8Array> {
  const image = await loadImage(photo(name));
  const size = Math.max(image.width, image.height) * by, step = 1 / by, shift = (step - 1) / 2;
  const large = cutPicture(image, [step, 0, shift, 0, step, shift], size);
  return new Uint8Array(await encodeJpeg(large as ImageData, { quality: 92 }));
}

function compared(result: Verification): Compared {
  if (result.kind !== "compared") throw new Error(`not compared: ${JSON.stringify(result)}`);
  return result;
}

testOnDevices(
  "a reduced photo gives the whole photo's score, decision and places",
  async (device) => {
    await using verifier = await createVerifier({ device });
    const collins = await enlarged("collins", 3), masked = await enlarged("collins_masked", 3);
    for (const other of [masked, await enlarged("hopper", 3)]) {
      const whole = compared(await verifier.verify(collins, other, { reduceAbove: Infinity }));
      const reduced = compared(await verifier.verify(collins, other, { reduceAbove: 1e6 }));
      assertEquals(reduced.decision, whole.decision);
      assertLess(Math.abs(reduced.score - whole.score), 0.03);
      for (const [i, { landmarks, box, alignment }] of reduced.faces.entries()) {
        const { landmarks: points, alignment: { cropToPhoto } } = whole.faces[i];
        // Which of its views the detector prefers may change with a grey level, and the points with it a little.
        const most = 0.1 * (points.leftEye.x - points.rightEye.x);
        assertLess(Math.abs(landmarks.nose.x - points.nose.x), most);
        assertLess(Math.abs(landmarks.leftEye.y - points.leftEye.y), most);
        assertLess(Math.abs(box.width / whole.faces[i].box.width - 1), 0.05);
        const [at, expected] = [alignment.cropToPhoto, cropToPhoto].map((map) =>
          applyAffine(map, { x: 55.5, y: 55.5 })
        );
        assertLess(Math.hypot(at.x - expected.x, at.y - expected.y), most);
      }
    }
    const { width, height, faces } = await verifier.detect(collins, { reduceAbove: 1e6 });
    assertEquals([width, height, faces.length], [1536, 1536, 1]);
    assertLess(Math.abs(faces[0].box.x - 3 * 179), 20);
  },
);

testOnDevices(
  "a face that is small in a reduced photo is cut from the whole one",
  async (device) => {
    await using verifier = await createVerifier({ device });
    const twice = await enlarged("collins", 2); // eyes 86 pixels apart, in a reduced one 43
    const whole = await verifier.embed(twice, { reduceAbove: Infinity });
    const reduced = await verifier.embed(twice, { reduceAbove: 5e5 });
    assertEquals(reduced, whole);
  },
);
