// Work on a list two items at a time: while one is worked on, the next is fetched and its work begun.

/**
 * The results of items, in their order, each as soon as it is there. No more than two items are fetched and not yet
 * given out, so that a long list takes no more memory than a short one.
 *
 * @param items The items; ended with this.
 * @param work What is done with each. Two of them overlap.
 */
export async function* workAhead<T, R>(
  items: AsyncGenerator<T, void, void>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  let ended = false;
  const begin = async (): Promise<{ readonly result: Promise<R> } | undefined> => {
    const step = await items.next();
    if (step.done || ended) return undefined;
    const result = work(step.value);
    // Whoever leaves early does not hear of how it ended.
    result.catch(() => {});
    return { result };
  };
  let next = begin();
  try {
    for (let current = await next; current; current = await next) {
      next = begin();
      next.catch(() => {});
      yield await current.result;
    }
  } finally {
    ended = true;
    // Not waited for: a source that never gives its next item would not end either.
    items.return().catch(() => {});
  }
}
