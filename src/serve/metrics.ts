// Metrics for Prometheus, by prom-client, which needs no permission for these: requests by route and status, how long
// they took, how many are at work, and the memory of the process where the host tells it. prom-client's own metrics of the
// process are left out, as they read /proc. Nothing here is about a person.

import { Counter, Gauge, Histogram, Registry } from "npm:prom-client@15.1.3";

/** Counts requests. */
export class Metrics {
  // One for each handler: the one that the package has would mix two servers of a process.
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "maskinv_requests_total",
    help: "Requests answered.",
    labelNames: ["route", "status"],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: "maskinv_request_seconds",
    help: "Time from a request to its answer.",
    labelNames: ["route"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.#registry],
  });
  readonly #admitted = new Gauge({
    name: "maskinv_admitted_requests",
    help: "Requests at work or waiting.",
    registers: [this.#registry],
  });

  /** Metrics without any request yet. */
  constructor() {
    if (residentBytes() === undefined) return;
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory of the process.",
      registers: [this.#registry],
      collect(): void {
        this.set(residentBytes() ?? 0);
      },
    });
  }

  /** The content type of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts a request that was answered. Routes are those of the table, so that nobody can fill the memory. */
  count(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status });
    this.#seconds.observe({ route }, seconds);
  }

  /** The text; `admitted` is the number of requests at work or in the queue. */
  async text(admitted: number): Promise<string> {
    this.#admitted.set(admitted);
    return await this.#registry.metrics();
  }
}

/** Deno and Node tell it; other hosts do not. */
function residentBytes(): number | undefined {
  const { process } = globalThis as { process?: { memoryUsage?: () => { rss: number } } };
  return process?.memoryUsage?.().rss;
}
