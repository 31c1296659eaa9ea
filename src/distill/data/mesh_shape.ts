// Whether a mesh is shaped like a face. FaceMesh now and then squashes a face that the picture's border cuts, and a mask
// drawn on such a mesh lies too high; the detector's gate cannot see that, as the eyes are right.

type Three = readonly [number, number, number];

/** Between the corners of the eyes, and from the eyes down to the nose's base and the chin. */
const POINTS = { rightEye: [33, 133], leftEye: [362, 263], nose: [2], chin: [152] };

/** Shares of a mesh: what is long in one face is long in another, turned or not, as z counts. */
interface MeshShape {
  /** From the eyes to the chin, over the distance between the eyes. */
  readonly height: number;
  /** From the nose's base to the chin, over that from the eyes to the nose's base. */
  readonly lower: number;
}

/** Returns the shares of a mesh. */
function meshShape(mesh: Float32Array): MeshShape {
  const at = (points: readonly number[]): Three => {
    const sum = [0, 0, 0];
    for (const point of points) {
      for (let k = 0; k < 3; k++) sum[k] += mesh[3 * point + k] / points.length;
    }
    return [sum[0], sum[1], sum[2]];
  };
  const far = (a: Three, b: Three): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  const right = at(POINTS.rightEye), left = at(POINTS.leftEye);
  const eyes = at([...POINTS.rightEye, ...POINTS.leftEye]);
  const nose = at(POINTS.nose), chin = at(POINTS.chin);
  return {
    height: far(eyes, chin) / far(right, left),
    lower: far(nose, chin) / far(eyes, nose),
  };
}

/** Limits seen on the training photos: see `meshFault`. */
const MIN_HEIGHT = 1.3, MAX_HEIGHT = 2.4, MIN_LOWER = 0.5, MAX_LOWER = 2.2;

/** Returns what is wrong with the shape of a mesh, in words; empty if it is shaped like a face. */
export function meshFault(mesh: Float32Array): string {
  const { height, lower } = meshShape(mesh);
  if (!(height >= MIN_HEIGHT && height <= MAX_HEIGHT)) {
    return `from eyes to chin it is ${height.toFixed(2)} times the distance between the eyes`;
  }
  if (!(lower >= MIN_LOWER && lower <= MAX_LOWER)) {
    return `from nose to chin it is ${lower.toFixed(2)} times what it is from eyes to nose`;
  }
  return "";
}
