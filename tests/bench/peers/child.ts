// One peer's side of the benchmark: a process of its own that answers requests, a line of JSON each, on standard input.
// Replies start with "@", so that whatever a package prints by itself is not taken for one.

import { createRequire } from "node:module";

/** What every peer can do with photos on disk. */
export interface Peer {
  /** Reads two photos and compares their faces. */
  verify(probe: string, reference: string): Promise<number>;
  /** The template of the face nearest to the middle, if one is found; peers without a pipeline have none. */
  template?(photo: string): Promise<ArrayLike<number> | undefined>;
}

/** What the parent may ask. */
export type Request =
  | { readonly do: "verify"; readonly probe: string; readonly reference: string }
  | { readonly do: "template"; readonly photo: string };

/** The folder that install.ts filled for a peer. */
export function folderOf(peer: string): string {
  return `${Deno.args[0]}/${peer}`;
}

/** Loads a package from a peer's folder: none of them is a dependency of the project. */
// deno-lint-ignore no-explicit-any -- the packages bring types only where they are installed
export function load(peer: string, name: string): any {
  return createRequire(`${folderOf(peer)}/package.json`)(name);
}

/** Pixels of a photo by sharp (libvips), the fastest decoder that a peer can have. */
// deno-lint-ignore no-explicit-any
export async function pixelsOf(sharp: any, photo: string): Promise<Pixels> {
  const { data, info } = await sharp(photo).removeAlpha().toColourspace("srgb").raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** RGB bytes. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Of several boxes, that whose middle is nearest to the photo's: the person whom an LFW photo is about. */
export function mostCentral<T>(
  faces: readonly T[],
  boxOf: (face: T) => readonly [x: number, y: number, width: number, height: number],
  { width, height }: Pixels,
): T | undefined {
  const distance = (face: T): number => {
    const [x, y, w, h] = boxOf(face);
    return Math.hypot(x + w / 2 - width / 2, y + h / 2 - height / 2);
  };
  return faces.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Starts the peer and answers until standard input ends. */
export async function answer(start: () => Promise<Peer>): Promise<never> {
  const peer = await start();
  await say({ ready: true });
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let text = "";
  for await (const part of lines) {
    text += part;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      await say(await reply(peer, JSON.parse(text.slice(0, end))));
      text = text.slice(end + 1);
    }
  }
  Deno.exit(0);
}

async function reply(peer: Peer, request: Request): Promise<unknown> {
  if (request.do === "template") {
    const template = await peer.template!(request.photo);
    return { template: template && Array.from(template) };
  }
  const start = performance.now();
  const score = await peer.verify(request.probe, request.reference);
  return { score, ms: performance.now() - start };
}

async function say(what: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`@${JSON.stringify(what)}\n`);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
