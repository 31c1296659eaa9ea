// The metrics once more, straight from their definitions: every threshold tried on every score, nothing sorted or shared.
// What the property tests compare with.

/** Scores as plain lists. */
export interface Lists {
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
}

function share(scores: readonly number[], holds: (score: number) => boolean): number {
  return scores.filter(holds).length / scores.length;
}

/** FMR and FNMR at every score that occurs, and where nothing matches; strictest first. */
function points({ genuine, impostor }: Lists): { fmr: number; fnmr: number }[] {
  const thresholds = [...new Set([...genuine, ...impostor, Infinity])].sort((a, b) => b - a);
  return thresholds.map((threshold) => ({
    fmr: share(impostor, (score) => score >= threshold),
    fnmr: share(genuine, (score) => score < threshold),
  }));
}

/** The rate at which the polyline through the operating points meets FMR = FNMR, found by halving. */
export function slowEer(lists: Lists): number {
  const all = points(lists);
  const right = all.findIndex(({ fmr, fnmr }) => fmr >= fnmr);
  const a = all[right - 1], b = all[right];
  let low = 0, high = 1;
  for (let i = 0; i < 60; i++) {
    const part = (low + high) / 2;
    const fmr = a.fmr + part * (b.fmr - a.fmr), fnmr = a.fnmr + part * (b.fnmr - a.fnmr);
    if (fmr < fnmr) low = part;
    else high = part;
  }
  return a.fmr + low * (b.fmr - a.fmr);
}

/** The lowest FNMR among thresholds whose FMR is at most a rate. */
export function slowFnmrAt(lists: Lists, rate: number): number {
  return Math.min(...points(lists).filter(({ fmr }) => fmr <= rate).map(({ fnmr }) => fnmr));
}

/** The share of genuine-impostor pairs in the right order, ties half. */
export function slowAuc({ genuine, impostor }: Lists): number {
  let wins = 0;
  for (const g of genuine) for (const m of impostor) wins += g > m ? 1 : g === m ? 0.5 : 0;
  return wins / (genuine.length * impostor.length);
}

/** Mean and population variance. */
export function slowMoments(scores: readonly number[]): { mean: number; variance: number } {
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  return { mean, variance: scores.reduce((a, b) => a + (b - mean) ** 2, 0) / scores.length };
}

const distance = (score: number): number => Math.max(0, 2 - 2 * score);

/** insightface's calculate_roc: the best of 400 thresholds on the other folds, tried on each. */
export function slowReleased(folds: readonly Lists[]): number[] {
  const right = ({ genuine, impostor }: Lists, threshold: number): number =>
    genuine.filter((s) => distance(s) < threshold).length +
    impostor.filter((s) => !(distance(s) < threshold)).length;
  const size = ({ genuine, impostor }: Lists): number => genuine.length + impostor.length;
  return folds.map((fold, k) => {
    let best = 0, most = -1;
    for (let i = 0; i < 400; i++) {
      const count = folds.reduce((s, f, j) => s + (j === k ? 0 : right(f, i * 0.01)), 0);
      if (count > most) [best, most] = [i, count];
    }
    return right(fold, best * 0.01) / size(fold);
  });
}

/** insightface's calculate_val: VAL of each fold at the threshold interpolated to reach a FAR on the others. */
export function slowVal(folds: readonly Lists[], far: number): number[] {
  return folds.map((fold, k) => {
    const others = folds.filter((_, j) => j !== k).flatMap((f) => f.impostor);
    const rate = (i: number): number => share(others, (s) => distance(s) < i * 0.001);
    let i = 0;
    while (i < 4000 && rate(i) < far) i++;
    const threshold = i === 4000
      ? 0
      : (i - 1 + (far - rate(i - 1)) / (rate(i) - rate(i - 1))) * 0.001;
    return share(fold.genuine, (s) => distance(s) < threshold);
  });
}

/** LFW's accuracy: the lowest middle of a gap between training scores that is best on the other folds. */
export function slowAccuracy(folds: readonly Lists[]): number[] {
  return folds.map((fold, k) => {
    const others = folds.filter((_, j) => j !== k);
    const genuine = others.flatMap((f) => f.genuine), impostor = others.flatMap((f) => f.impostor);
    const right = (lists: Lists, threshold: number): number =>
      lists.genuine.filter((s) => s >= threshold).length +
      lists.impostor.filter((s) => s < threshold).length;
    const scores = [...new Set([...genuine, ...impostor])].sort((a, b) => a - b);
    const middles = scores.slice(1).map((score, i) => (score + scores[i]) / 2);
    const candidates = [scores[0], ...middles, scores[scores.length - 1] + 1e-6];
    const best = candidates.reduce((a, b) =>
      right({ genuine, impostor }, b) > right({ genuine, impostor }, a) ? b : a
    );
    return right(fold, best) / (fold.genuine.length + fold.impostor.length);
  });
}
