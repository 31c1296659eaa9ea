// Colours of annotated pictures say the decision: no match is never green, and the words are there for who cannot tell.

import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { annotateFaces, type Outcome } from "../../src/cli/picture.ts";
import { fromPixels } from "../../src/image/image.ts";

const GREY = fromPixels({ width: 400, height: 400, data: new Uint8Array(480_000).fill(128) });
const point = { x: 200, y: 200 };
const FACE = {
  box: { x: 100, y: 100, width: 200, height: 200 },
  landmarks: { rightEye: point, leftEye: point, nose: point, rightMouth: point, leftMouth: point },
} as unknown as Parameters<typeof annotateFaces>[1][number];

/** How many pixels are clearly green, and how many clearly red. */
async function hues(outcome: Outcome): Promise<{ green: number; red: number }> {
  const { data } = await annotateFaces(GREY, [FACE], "WORDS", outcome);
  let green = 0, red = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 1] > 1.3 * data[i] && data[i + 1] > data[i + 2]) green++;
    if (data[i] > 1.3 * data[i + 1] && data[i] > data[i + 2]) red++;
  }
  return { green, red };
}

Deno.test("annotateFaces: match is green, no match is red, neither is neither", async () => {
  const match = await hues("match"),
    noMatch = await hues("no-match"),
    neutral = await hues("neutral");
  assertGreater(match.green, 1000);
  assertEquals(match.red, 0);
  assertGreater(noMatch.red, 1000);
  assertEquals(noMatch.green, 0);
  assertEquals(neutral, { green: 0, red: 0 });
});

Deno.test("annotateFaces: white letters have a contrast of 4.5 to their ground (WCAG 2.2, AA)", async () => {
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  for (const outcome of ["match", "no-match", "neutral"] as const) {
    const { data, width } = await annotateFaces(GREY, [FACE], "WORDS", outcome);
    const ground = data.subarray((98 * width + 101) * 4); // within the label, left of the letters
    const [red, green, blue] = ground.subarray(0, 3);
    const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    assertGreater(1.05 / (light + 0.05), 4.5, outcome);
    assertNotEquals(red, 128, "a label is there");
  }
});
