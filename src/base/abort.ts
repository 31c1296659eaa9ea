// What an AbortSignal does to work that cannot be stopped half-way: the caller is answered at once, and the work ends
// at its next step, where its memory is freed as after any other error.

/** The promise, or the signal's reason if that comes first. */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return await promise;
  // Whoever is gone does not wait for what was begun, nor hear of how it ended.
  promise.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The items, until the signal is aborted: then its reason is thrown, even while the next item is waited for. */
export async function* untilAborted<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal?: AbortSignal,
): AsyncGenerator<T, void, void> {
  const iterator = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await unlessAborted(Promise.resolve(iterator.next()), signal);
      ended = step.done ?? false;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not waited for: an iterator that never gives its next item would not end either.
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
