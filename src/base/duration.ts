// Times as people say them, for what is left of long work.

/** A time in words, such as `2 h 5 min`, `3 min 20 s` or `12 s`. */
export function durationText(seconds: number): string {
  if (!(seconds < 1e7)) return "months";
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.ceil(seconds)} s`;
}
