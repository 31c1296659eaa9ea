// Other light and another camera's colours: exposure, gamma, contrast, saturation, white balance, and grey pictures.
// Works on grey levels 0..255 of RGB pixels in place, as floats, so that nothing is rounded in between.

import type { Chance } from "./chance.ts";

/** Share of pictures that lose their colours. */
const GREY = 0.04;
/** Steps of a grey level in the table of the gamma curve. */
const STEPS = 4;
const curve = new Float32Array(256 * STEPS);

/** Changes the light by chance; `strength` 1 is what photos of one person differ by, 0 changes nothing. */
export function varyLight(pixels: Float32Array, chance: Chance, strength: number): void {
  const spread = (width: number): number => strength * chance.between(-width, width);
  const gain = 2 ** spread(0.45), contrast = 2 ** spread(0.35), gamma = 2 ** spread(0.4);
  const saturation = chance.happens(GREY * strength) ? 0 : 1 + spread(0.4);
  // Warm to cold light, and a little of green against magenta.
  const warm = spread(0.12), green = spread(0.04);
  const red = gain * (1 + warm), middle = gain * (1 + green), blue = gain * (1 - warm);
  const side = spread(0.3), size = Math.sqrt(pixels.length / 3);
  for (let i = 0; i < curve.length; i++) {
    const bent = 255 * (i / STEPS / 255) ** gamma;
    curve[i] = 118 + contrast * (bent - 118);
  }
  const top = curve.length - 1;
  const at = (value: number): number => {
    const i = value * STEPS + 0.5;
    return curve[i < 0 ? 0 : i > top ? top : i | 0];
  };
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i += 3) {
      // Light from one side.
      const lit = 1 + side * (x / size - 0.5);
      const r = pixels[i], g = pixels[i + 1], b = pixels[i + 2];
      const grey = 0.299 * r + 0.587 * g + 0.114 * b;
      pixels[i] = clamp(lit * red * at(grey + saturation * (r - grey)));
      pixels[i + 1] = clamp(lit * middle * at(grey + saturation * (g - grey)));
      pixels[i + 2] = clamp(lit * blue * at(grey + saturation * (b - grey)));
    }
  }
}

function clamp(level: number): number {
  return level < 0 ? 0 : level > 255 ? 255 : level;
}
