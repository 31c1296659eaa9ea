// A detector that sees what a script says: the runs of the real code, without a network.
// Faces are written into the network's maps here by a geometry of its own, so that a wrong way back shows.

import type { Affine, Point } from "../../../src/math/affine.ts";
import type { Engine, Photo } from "../../../src/kernels/mod.ts";
import { type Face, rollAngle } from "../../../src/pipeline/detect/face.ts";
import { STRIDES } from "../../../src/kernels/likeliest_crop/cpu.ts";

/** A face that the detector is to see, in pixels of the photo. */
export interface ScriptedFace {
  /** The middle of its box, between pixel edges. */
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly score: number;
  /** Degrees clockwise on the screen. */
  readonly roll?: number;
}

/** One picture that the detector is given: a whole photo, or a crop of it at an angle in degrees. */
export interface View {
  readonly photo: Photo;
  readonly size: number;
  readonly margin?: number;
  readonly turns?: number;
  readonly angle?: number;
}

/** What is under test, and what it asked of the backend. */
export interface Scripted {
  readonly engine: Engine;
  /** The pictures in their order. */
  readonly views: View[];
  /** How often it ran the network, and how often it waited for numbers. */
  readonly count: { runs: number; reads: number };
}

interface Picture {
  readonly view: View;
  readonly place: (point: Point) => Point;
  readonly scale: number;
}

/** A photo of which nothing but the size is known. */
export function photoOf(width: number, height: number): Photo {
  return { width, height } as Photo;
}

/** The engine whose detector sees what `script` says of each picture. */
export function scripted(script: (view: View) => readonly ScriptedFace[]): Scripted {
  const views: View[] = [], count = { runs: 0, reads: 0 };
  const block = (content: object): object => ({ ...content, [Symbol.dispose]: () => {} });
  const backend = {
    letterbox: (jobs: { photo: Photo; turns?: number }[], { size }: View, margin = 0) =>
      block({ pictures: jobs.map((job) => letterboxed({ ...job, size, margin })) }),
    warpAffine: (jobs: { photo: Photo; cropToPhoto: Affine }[], { size }: View) =>
      block({ pictures: jobs.map(({ photo, cropToPhoto }) => cropped(photo, cropToPhoto, size)) }),
    run(_network: unknown, { pictures }: { pictures: Picture[] }): Promise<object[]> {
      count.runs++;
      views.push(...pictures.map(({ view }) => view));
      const maps = mapsOf(pictures, pictures.map(({ view }) => script(view)));
      return Promise.resolve(maps.map((data) => block({ data })));
    },
    read(...blocks: { data: Float32Array }[]): Promise<Float32Array[]> {
      count.reads++;
      return Promise.resolve(blocks.map(({ data }) => data));
    },
  };
  const network = () => Promise.resolve({ model: { entry: { input: { size: 320 } } } });
  return { engine: { backend, network } as unknown as Engine, views, count };
}

function letterboxed(view: View): Picture {
  const { photo: { width, height }, size, margin = 0, turns = 0 } = view;
  const scale = size / (Math.max(width, height) * (1 + 2 * margin));
  const place = ({ x, y }: Point): Point => {
    let at = { x: size / 2 + (x - width / 2) * scale, y: size / 2 + (y - height / 2) * scale };
    for (let i = 0; i < turns; i++) at = { x: size - at.y, y: at.x };
    return at;
  };
  return { view, place, scale };
}

function cropped(photo: Photo, [a, b, c, d, e, f]: Affine, size: number): Picture {
  const determinant = a * e - b * d;
  const place = ({ x, y }: Point): Point => {
    const u = x - 0.5 - c, v = y - 0.5 - f;
    return { x: (e * u - b * v) / determinant + 0.5, y: (a * v - d * u) / determinant + 0.5 };
  };
  const angle = Math.round(Math.atan2(d, a) * 180 / Math.PI);
  return { view: { photo, size, angle }, place, scale: 1 / Math.sqrt(determinant) };
}

/** The network's maps: the i-th face of a picture in the i-th cell of stride 8, as any cell can reach anywhere. */
function mapsOf(
  pictures: readonly Picture[],
  faces: readonly (readonly ScriptedFace[])[],
): Float32Array[] {
  const { size } = pictures[0].view;
  const maps = STRIDES.map((stride) =>
    new Float32Array(pictures.length * 16 * (size / stride) ** 2).fill(-20)
  );
  const columns = size / 8, cells = columns ** 2;
  pictures.forEach(({ place, scale }, picture) =>
    faces[picture].forEach((face, cell) => {
      const logit = Math.log(face.score / (1 - face.score));
      const inCells = (point: Point): number[] => {
        const { x, y } = place(point);
        return [x / 8 - cell % columns, y / 8 - Math.floor(cell / columns)];
      };
      const extent = Math.log(face.side * scale / 8);
      const points = pointsOf(face).flatMap(inCells);
      [logit, logit, ...inCells(face), extent, extent, ...points].forEach((value, channel) =>
        maps[0][(picture * 16 + channel) * cells + cell] = value
      );
    })
  );
  return maps;
}

/** Eyes, nose and corners of the mouth, between pixel edges. */
function pointsOf({ x, y, side, roll = 0 }: ScriptedFace): Point[] {
  const cos = Math.cos(roll * Math.PI / 180), sin = Math.sin(roll * Math.PI / 180);
  return [[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.15, 0.25], [0.15, 0.25]].map(([u, v]) => ({
    x: x + side * (u * cos - v * sin),
    y: y + side * (u * sin + v * cos),
  }));
}

/** The scripted face as the code under test is to give it. */
export function faceOf(face: ScriptedFace): Face {
  const { x, y, side, score } = face;
  const [rightEye, leftEye, nose, rightMouth, leftMouth] = pointsOf(face)
    .map(({ x, y }) => ({ x: x - 0.5, y: y - 0.5 }));
  return {
    box: { x: x - side / 2, y: y - side / 2, width: side, height: side },
    detectionScore: score,
    landmarks: { rightEye, leftEye, nose, rightMouth, leftMouth },
  };
}

/** Middle, score and roll of a face, in whole pixels, hundredths and degrees. */
export function summary({ box, detectionScore, landmarks }: Face): number[] {
  return [
    Math.round(box.x + box.width / 2),
    Math.round(box.y + box.height / 2),
    Math.round(detectionScore * 100) / 100,
    Math.round(rollAngle(landmarks) * 180 / Math.PI) + 0,
  ];
}
