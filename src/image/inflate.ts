// Guards against files that inflate without end: data is inflated and thrown away before a decoder may keep it.

import { undecodable } from "./limits.ts";

/** Inflated at once; deflate makes up to 1032 bytes of one, so that a bomb is met by 17 MB. */
const STEP_BYTES = 16 * 1024;

/** Inflates data in the zlib format and throws it away: it must end, and within `max` bytes, or ImageDecodeError. */
export async function checkInflated(
  parts: Iterable<Uint8Array<ArrayBuffer>>,
  max: number,
  format: string,
  label: string,
): Promise<void> {
  const steps = inflateSteps(parts);
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): void {
      const step = steps.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value);
    },
  });
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  let inflated = 0;
  try {
    for (let step = await reader.read(); step.value; step = await reader.read()) {
      inflated += step.value.length;
      if (inflated > max) throw new RangeError();
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw undecodable(
      label,
      error instanceof RangeError
        ? `its ${format} data is larger than its header says`
        : `its ${format} data is truncated or corrupt`,
    );
  }
}

function* inflateSteps(
  parts: Iterable<Uint8Array<ArrayBuffer>>,
): Generator<Uint8Array<ArrayBuffer>> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += STEP_BYTES) yield part.slice(at, at + STEP_BYTES);
  }
}
