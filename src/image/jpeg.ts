// Decodes JPEG: grey and colour through mozjpeg (WebAssembly), CMYK and YCCK through jpeg-js.
// A picture with missing or damaged parts is an error here, where viewers would show it in part.

import { ImageTooLargeError } from "../base/errors.ts";
import { wasmCodec } from "./codec.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";

const mozjpeg = wasmCodec(
  "@jsquash/jpeg",
  () => import("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js"),
  { arguments: [false] }, // EXIF orientation is left to us
);

// Warnings of libjpeg after which part of the picture is grey or shifted. Others are harmless.
const DAMAGE = /premature end of data|bad Huffman code|instead of RST/;

/** Pixels of CMYK that are decoded at most: jpeg-js takes 60 bytes and 0.4 us for each. */
const MAX_CMYK_PIXELS = 12e6;

/** Returns the pixels of a JPEG as stored, or ImageDecodeError. */
export async function decodeJpeg(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  if (header.components === 4) return await decodeCmyk(bytes, header, label);
  const { pixels, messages } = await mozjpeg(bytes);
  // libjpeg prints its first warning only, so any warning may hide that the end is missing.
  if (/Premature end of JPEG/.test(messages) || (messages && !hasEnd(bytes))) {
    throw undecodable(label, `it is truncated (libjpeg: ${messages})`);
  }
  if (!pixels || DAMAGE.test(messages)) {
    throw undecodable(label, `it is corrupt (libjpeg: ${messages || "no picture"})`);
  }
  return pixels;
}

/** Returns whether the end marker is there; within the coded data the two bytes cannot occur. */
function hasEnd(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 2; i > 0; i--) {
    if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
    if (bytes[i] === 0xff && bytes[i + 1] === 0xda) return false;
  }
  return false;
}

async function decodeCmyk(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  const pixels = header.width * header.height;
  if (pixels > MAX_CMYK_PIXELS) {
    throw new ImageTooLargeError(
      `Cannot decode ${label} as it is a CMYK JPEG of ${header.width}x${header.height} ` +
        `and the limit for these is 12 MP: convert it to an RGB JPEG or PNG`,
    );
  }
  const { default: jpegjs } = await import("npm:jpeg-js@0.4.4");
  try {
    return jpegjs.decode(bytes, {
      useTArray: true,
      tolerantDecoding: false,
      maxResolutionInMP: pixels / 1e6,
      // It keeps 32-bit coefficients of 4 components, padded to blocks of up to 32x32 pixels.
      maxMemoryUsageInMB: 64 + (32 * pixels) / 2 ** 20,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw undecodable(
      label,
      `it is a CMYK JPEG that is corrupt or of an unusual kind (jpeg-js: ${reason})`,
      "convert it to an RGB JPEG or PNG",
    );
  }
}
