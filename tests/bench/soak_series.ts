// Many verifies in a row, and what the process holds after each part of them: the series that says whether memory is flat.

import { createVerifier, type VerifierOptions } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";
import { countBindGroups, countBuffers, countHandles } from "../spies.ts";

/** What is held after some verifies. */
export interface SoakPoint {
  readonly verifies: number;
  /** Resident memory of the process, in bytes. */
  readonly rss: number;
  /** GPU buffers that were made and not destroyed, onnxruntime's too. */
  readonly buffers: number;
  /** Photos, blocks and outputs of networks that were made and not freed. */
  readonly handles: number;
  /** Bind groups made since the point before, by the device itself: those that lavapipe's cure gives out again do not count. */
  readonly bindGroups: number;
}

/** Compares two small photos so many times, with a point before the first and after each of `parts` equal parts. */
export async function* soak(
  options: VerifierOptions,
  verifies: number,
  parts: number,
): AsyncGenerator<SoakPoint, void, void> {
  const [probe, reference] = await Promise.all(
    ["collins_crop", "hopper_crop"].map((name) => loadImage(photo(name))),
  );
  using stack = new DisposableStack();
  const buffers = stack.use(countBuffers()), handles = stack.use(countHandles());
  const bindGroups = stack.use(countBindGroups());
  await using verifier = await createVerifier(options);
  let last = 0;
  for (let part = 0, done = 0;; part++) {
    yield {
      verifies: done,
      rss: Deno.memoryUsage().rss,
      buffers: buffers.live,
      handles: handles.live,
      bindGroups: bindGroups.made - last,
    };
    last = bindGroups.made;
    if (part === parts) return;
    const end = Math.round(verifies * (part + 1) / parts);
    for (; done < end; done++) await verifier.verify(probe, reference);
  }
}

/** Bytes of resident memory that each verify adds, by least squares over the second half of the points. */
export function growth(points: readonly SoakPoint[]): number {
  const half = points.slice(Math.floor(points.length / 2));
  const mean = (of: (point: SoakPoint) => number): number =>
    half.reduce((sum, point) => sum + of(point), 0) / half.length;
  const x = mean(({ verifies }) => verifies), y = mean(({ rss }) => rss);
  const both = half.reduce((sum, { verifies, rss }) => sum + (verifies - x) * (rss - y), 0);
  return both / half.reduce((sum, { verifies }) => sum + (verifies - x) ** 2, 0);
}
