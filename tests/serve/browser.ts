// Chromium for the tests of the page, without network beyond this machine; and whether there is one.

import { type Browser, chromium } from "playwright-core";
import type { Image } from "../../mod.ts";

const PATH = "/usr/bin/chromium";

/** Whether Debian's chromium is installed. */
export const hasChromium = await Deno.stat(PATH).then(() => true, () => false);

/** Starts it with an empty profile, a software GPU and a camera that shows a file of {@linkcode cameraFile}. */
export function launch(camera: string): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${camera}`,
    ],
  });
}

/** A picture of even width and height as a film of one frame, in the one format that Chromium's fake camera takes. */
export function cameraFile({ width, height, data }: Image): Blob {
  const y = new Uint8Array(width * height), u = new Uint8Array(y.length / 4);
  const v = new Uint8Array(y.length / 4);
  for (let i = 0; i < y.length; i++) {
    const [r, g, b] = data.subarray(i * 4, i * 4 + 3);
    const quarter = (Math.floor(i / width) >> 1) * (width >> 1) + ((i % width) >> 1);
    y[i] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
    u[quarter] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
    v[quarter] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
  }
  const header = `YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420mpeg2\nFRAME\n`;
  return new Blob([header, y, u, v]);
}
