// Maps of the plane (affine, similarity, homography), the linear algebra that fits them, and seeded random numbers.
// Formulas may be added or made faster here; nothing here may know of pictures, and no seed may give other numbers.

export { type Affine, applyAffine, invertAffine, multiplyAffine, type Point } from "./affine.ts";
export { dot } from "./dot.ts";
export {
  applyHomography,
  findHomography,
  type Homography,
  invertHomography,
} from "./homography.ts";
export { randomNumbers } from "./random.ts";
export { smallestEigenvector, solveDamped } from "./symmetric.ts";
export { type Similarity, umeyama } from "./umeyama.ts";
