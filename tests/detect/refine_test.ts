import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Backend, Block, Engine, Network, Photo, WarpJob } from "../../src/backend/backend.ts";
import { refineFaces } from "../../src/detect/detect.ts";
import type { CoarseFace } from "../../src/detect/face.ts";

const photo = { width: 640, height: 480 } as Photo;

function faceAt(x: number, detectionScore = 0.9): CoarseFace {
  return {
    box: { x, y: 100, width: 100, height: 100 },
    detectionScore,
    landmarks: {
      source: "detector",
      rightEye: { x: x + 30, y: 130 },
      leftEye: { x: x + 70, y: 130 },
      nose: { x: x + 50, y: 150 },
      mouth: { x: x + 50, y: 170 },
    },
  };
}

/** A backend whose FaceMesh always finds the eyes where they are, and believes it as `scores` say, try by try. */
function scriptedEngine(scores: number[][]): { engine: Engine; tries: WarpJob[][] } {
  const tries: WarpJob[][] = [];
  const block = { shape: [], [Symbol.dispose]: () => {} } as Block;
  const backend = {
    warpAffine(jobs: readonly WarpJob[]): Block {
      tries.push([...jobs]);
      return block;
    },
    run: () => Promise.resolve([block, block]),
    read(): Promise<Float32Array[]> {
      const jobs = tries[tries.length - 1];
      const meshes = jobs.map(({ cropToPhoto: [step] }) => {
        const mesh = new Float32Array(1404).fill(96);
        for (const i of [33, 133]) mesh.set([96 - 20 / step, 80, 0], 3 * i);
        for (const i of [362, 263]) mesh.set([96 + 20 / step, 80, 0], 3 * i);
        return mesh;
      });
      const values = new Float32Array(meshes.length * 1404);
      meshes.forEach((mesh, i) => values.set(mesh, i * 1404));
      return Promise.resolve([values, Float32Array.from(scores[tries.length - 1])]);
    },
  } as unknown as Backend;
  const network = { model: { entry: { input: { size: 192 } } } } as Network;
  return { engine: { backend, network: () => Promise.resolve(network) }, tries };
}

Deno.test("refineFaces tries only the faces whose mesh failed again, on a wider crop", async () => {
  const { engine, tries } = scriptedEngine([[0.1, 0.9, 0.2], [0.8, 0.3]]);
  const faces = [[faceAt(0), faceAt(200)], [], [faceAt(400)]];
  const refined = await refineFaces(engine, [photo, photo, photo], faces);
  assertEquals(tries.map((jobs) => jobs.length), [3, 2]);
  assertAlmostEquals(tries[0][0].cropToPhoto[0] * 192, 150, 1e-9);
  assertAlmostEquals(tries[1][0].cropToPhoto[0] * 192, 195, 1e-9);
  assertEquals(
    refined.map((found) => found.map(({ landmarks, box }) => [landmarks.source, box.x])),
    [[["mesh", 0], ["mesh", 200]], [], [["detector", 400]]],
  );
  assertEquals(refined[0].map(({ meshScore }) => meshScore.toFixed(1)), ["0.8", "0.9"]);
});

Deno.test("an unsure face is left out unless its mesh can be believed, on either crop", async () => {
  const { engine } = scriptedEngine([[0.1, 0.9, 0.1, 0.1], [0.1, 0.8, 0.1]]);
  const faces = [[faceAt(0, 0.4)], [faceAt(100, 0.4), faceAt(200, 0.4)], [faceAt(300, 0.5)]];
  const refined = await refineFaces(engine, [photo, photo, photo], faces);
  assertEquals(
    refined.map((found) => found.map(({ landmarks, box }) => [landmarks.source, box.x])),
    [[], [["mesh", 100], ["mesh", 200]], [["detector", 300]]],
  );
});

Deno.test("refineFaces runs once if all is well, and not at all without faces", async () => {
  const { engine, tries } = scriptedEngine([[0.9]]);
  assertEquals(await refineFaces(engine, [photo], [[]]), [[]]);
  assertEquals(tries.length, 0);
  await refineFaces(engine, [photo], [[faceAt(0)]]);
  assertEquals(tries.length, 1);
});
