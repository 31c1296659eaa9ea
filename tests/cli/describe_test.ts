// What the commands say of a face.

import { assertStringIncludes } from "@std/assert";
import { describeFace } from "../../src/cli/describe.ts";
import type { EmbeddedFace } from "../../src/pipeline/embed/embed.ts";

const point = (x: number): { x: number; y: number } => ({ x, y: 0 });

/** A face whose eyes are 40 pixels apart, rolled by some degrees. */
function faceWith(roll: number): EmbeddedFace {
  return {
    box: { x: 0.4, y: 1.6, width: 90.2, height: 110.7 },
    detectionScore: 0.9,
    landmarks: {
      rightEye: point(20),
      leftEye: point(60),
      nose: point(40),
      rightMouth: point(25),
      leftMouth: point(55),
    },
    alignment: { cropToPhoto: [1, 0, 0, 0, 1, 0], residual: 2.04, roll },
  };
}

Deno.test("describeFace: whole pixels and degrees, and never -0", () => {
  for (const [roll, said] of [[-0.4, "roll 0 deg"], [0.4, "roll 0 deg"], [-7.6, "roll -8 deg"]]) {
    const text = describeFace(faceWith(Number(roll)));
    assertStringIncludes(text, `face 90x111 at 0,2, eyes 40 px apart, ${said}, residual 2.0`);
  }
});
