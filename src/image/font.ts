// A tiny built-in font for the labels on annotated pictures: 5x7 pixels a character.
// Fonts of the platform would need a canvas, which Deno does not have.

/** Pixels from one character to the next, with the gap. */
export const GLYPH_ADVANCE = 6;

/** Height of a character in pixels. */
export const GLYPH_HEIGHT = 7;

/** Width of a character in pixels. */
export const GLYPH_WIDTH = 5;

// Two hexadecimal digits a row from the top; bit 4 is the leftmost pixel.
const GLYPHS: Record<string, string> = {
  " ": "00000000000000",
  "0": "0e11131519110e",
  "1": "040c040404040e",
  "2": "0e11010204081f",
  "3": "1f02040201110e",
  "4": "02060a121f0202",
  "5": "1f101e0101110e",
  "6": "0608101e11110e",
  "7": "1f010204080808",
  "8": "0e11110e11110e",
  "9": "0e11110f01020c",
  "A": "0e1111111f1111",
  "B": "1e11111e11111e",
  "C": "0e11101010110e",
  "D": "1c12111111121c",
  "E": "1f10101e10101f",
  "F": "1f10101e101010",
  "G": "0e11101711110f",
  "H": "1111111f111111",
  "I": "0e04040404040e",
  "J": "0702020202120c",
  "K": "11121418141211",
  "L": "1010101010101f",
  "M": "111b1515111111",
  "N": "11111915131111",
  "O": "0e11111111110e",
  "P": "1e11111e101010",
  "Q": "0e11111115120d",
  "R": "1e11111e141211",
  "S": "0f10100e01011e",
  "T": "1f040404040404",
  "U": "1111111111110e",
  "V": "11111111110a04",
  "W": "1111111515150a",
  "X": "11110a040a1111",
  "Y": "1111110a040404",
  "Z": "1f01020408101f",
  ".": "00000000000c0c",
  ",": "000000000c0408",
  "-": "0000001f000000",
  "+": "0004041f040400",
  "=": "00001f001f0000",
  "%": "18190204081303",
  ":": "000c0c000c0c00",
  "/": "00010204081000",
  "#": "0a0a1f0a1f0a0a",
  "_": "0000000000001f",
  "(": "02040808080402",
  ")": "08040202020408",
  "?": "0e110102040004",
};

/** Whether a character has ink at a pixel; lower case is as upper case, unknown ones as "?". */
export function hasInk(character: string, x: number, y: number): boolean {
  const rows = GLYPHS[character.toUpperCase()] ?? GLYPHS["?"];
  return ((parseInt(rows.slice(y * 2, y * 2 + 2), 16) >> (GLYPH_WIDTH - 1 - x)) & 1) === 1;
}
