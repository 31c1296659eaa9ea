// A false match rate in words, for people: the command line and the page say it alike.

/** From this rate on "51%" says more than "1 in 1.98". */
const LARGE = 0.1;

/** A rate as "1 in N": three digits of N, at most so many of them behind the point. */
export function oneIn(rate: number, maximumFractionDigits: number): string {
  const count = Number((1 / rate).toPrecision(3));
  return `1 in ${count.toLocaleString("en-US", { maximumFractionDigits })}`;
}

/** The upper end of a rate as "fewer than 1 in N", or "up to P% of" where it is large. */
export function atMost(rate: number, maximumFractionDigits: number): string {
  return rate > LARGE
    ? `up to ${Math.ceil(100 * rate)}% of`
    : `fewer than ${oneIn(rate, maximumFractionDigits)}`;
}
