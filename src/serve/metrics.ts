// Counters in Prometheus' text format (version 0.0.4): requests by route and status, how long they took, how many are
// at work, and the memory of the process where the host tells it. Nothing in them is about a person.

const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The content type of the text. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Counts requests. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #seconds = new Map<string, { counts: number[]; sum: number; count: number }>();

  /** Counts a request that was answered. Routes are those of the table, so that nobody can fill the memory. */
  count(route: string, status: number, seconds: number): void {
    const key = `route="${route}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const label = `route="${route}"`;
    const durations = this.#seconds.get(label) ??
      { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
    this.#seconds.set(label, durations);
    durations.sum += seconds;
    durations.count++;
    BUCKETS.forEach((most, i) => seconds <= most && durations.counts[i]++);
  }

  /** The text; `admitted` is the number of requests at work or in the queue. */
  text(admitted: number): string {
    const lines = [
      "# HELP maskinv_requests_total Requests answered.",
      "# TYPE maskinv_requests_total counter",
    ];
    for (const [labels, count] of this.#requests) {
      lines.push(`maskinv_requests_total{${labels}} ${count}`);
    }
    lines.push(
      "# HELP maskinv_request_seconds Time from a request to its answer.",
      "# TYPE maskinv_request_seconds histogram",
    );
    for (const [label, { counts, sum, count }] of this.#seconds) {
      counts.forEach((n, i) =>
        lines.push(`maskinv_request_seconds_bucket{${label},le="${BUCKETS[i]}"} ${n}`)
      );
      lines.push(
        `maskinv_request_seconds_bucket{${label},le="+Inf"} ${count}`,
        `maskinv_request_seconds_sum{${label}} ${sum}`,
        `maskinv_request_seconds_count{${label}} ${count}`,
      );
    }
    lines.push(
      "# HELP maskinv_admitted_requests Requests at work or waiting.",
      "# TYPE maskinv_admitted_requests gauge",
      `maskinv_admitted_requests ${admitted}`,
    );
    const rss = residentBytes();
    if (rss !== undefined) {
      lines.push(
        "# HELP process_resident_memory_bytes Resident memory of the process.",
        "# TYPE process_resident_memory_bytes gauge",
        `process_resident_memory_bytes ${rss}`,
      );
    }
    return `${lines.join("\n")}\n`;
  }
}

/** Deno and Node tell it; other hosts do not. */
function residentBytes(): number | undefined {
  const { process } = globalThis as { process?: { memoryUsage?: () => { rss: number } } };
  return process?.memoryUsage?.().rss;
}
