// Other light and another camera's colours: exposure, gamma, contrast, saturation, white balance, and grey pictures.
// Works on grey levels 0..255 of RGB pixels in place, as floats, so that nothing is rounded in between.

import type { Chance } from "./chance.ts";

/** Share of pictures that lose their colours. */
const GREY = 0.04;

/** Changes the light by chance; `strength` 1 is what photos of one person differ by, 0 changes nothing. */
export function varyLight(pixels: Float32Array, chance: Chance, strength: number): void {
  const spread = (width: number): number => strength * chance.between(-width, width);
  const gain = 2 ** spread(0.45), contrast = 2 ** spread(0.35), gamma = 2 ** spread(0.4);
  const saturation = chance.happens(GREY * strength) ? 0 : 1 + spread(0.4);
  // Warm to cold light, and a little of green against magenta.
  const warm = spread(0.12), green = spread(0.04);
  const tint = [1 + warm, 1 + green, 1 - warm];
  const side = spread(0.3), size = Math.sqrt(pixels.length / 3);
  const curve = gammaTable(gamma);
  for (let i = 0; i < pixels.length; i += 3) {
    // Light from one side.
    const column = i / 3 % size / size - 0.5, lit = gain * (1 + side * column);
    const grey = 0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2];
    for (let k = 0; k < 3; k++) {
      const coloured = grey + saturation * (pixels[i + k] - grey);
      const bent = curve[Math.min(1023, Math.max(0, Math.round(coloured * 4)))];
      const value = lit * tint[k] * (118 + contrast * (bent - 118));
      pixels[i + k] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}

/** `255 (x / 255)^gamma` at quarters of grey levels. */
function gammaTable(gamma: number): Float32Array {
  return Float32Array.from({ length: 1024 }, (_, i) => 255 * (i / 4 / 255) ** gamma);
}
