// Reads the bytes of a file or an answer of the web, up to a limit.
// Errors of the platform pass through; load.ts turns them into ImageReadError.

import { concatBytes } from "../base/concat.ts";
import { ImageReadError } from "../base/errors.ts";
import { checkBytes } from "./limits.ts";

/** Reads a regular file; anything else (folder, device, pipe) might never end and is refused. */
export async function readFileBytes(
  path: string | URL,
  label: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const fs = await import("node:fs/promises").catch((cause) => {
    throw new ImageReadError(
      `Cannot read ${label} as there is no file system here: pass bytes, a Blob or a URL object`,
      { cause },
    );
  });
  const info = await fs.stat(path);
  if (!info.isFile()) {
    throw new ImageReadError(
      `Cannot read ${label} as it is ${info.isDirectory() ? "a folder" : "no regular file"}: ` +
        `pass the path of an image file`,
    );
  }
  checkBytes(info.size, maxBytes, label);
  return await fs.readFile(path, { signal });
}

/** Fetches a URL; the answer is read piece by piece so that an endless one ends at the limit. */
export async function readUrlBytes(
  url: URL,
  label: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetch(url, { signal });
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    if (!response.ok) {
      throw new ImageReadError(
        `Cannot read ${label} as the server answered ${response.status} ${response.statusText}: ` +
          `check the address and that no login is needed`,
      );
    }
    checkBytes(Number(response.headers.get("content-length") ?? 0), maxBytes, label);
    for (let step = await reader?.read(); step?.value; step = await reader?.read()) {
      parts.push(step.value);
      length += step.value.length;
      checkBytes(length, maxBytes, label);
    }
  } catch (error) {
    // An answer that nobody reads to its end would keep its connection.
    await reader?.cancel().catch(() => {});
    throw error;
  }
  return concatBytes(parts);
}
