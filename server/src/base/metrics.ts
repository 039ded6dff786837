/**
 * Metrics for Prometheus. Every name starts with `tenon_`; times are in seconds, as Prometheus has it.
 * A label takes few values (a state, a kind), never an id: each value is a series kept for ever.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  /** Only ever grows; the name ends in `_total`. */
  counter<L extends string = never>(name: string, says: string, labels?: readonly L[]): Counter<L>
  /** A level, set by whoever knows it or read by `read` when it is scraped. */
  gauge<L extends string = never>(
    name: string,
    says: string,
    options?: { labels?: readonly L[]; read?: () => number | Promise<number> },
  ): Gauge<L>
  /** Times in seconds; the name ends in `_seconds`. */
  histogram<L extends string = never>(
    name: string,
    says: string,
    options?: { labels?: readonly L[]; buckets?: readonly number[] },
  ): Histogram<L>
  /** The page Prometheus scrapes. */
  page(): Promise<{ contentType: string; body: string }>
}

/** 0.5 ms to 10 s: from one batch's commit to a bank that takes its time. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A registry of its own. `process` adds memory, event loop and garbage collection. */
export function createMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.process === true) collectDefaultMetrics({ register: registry, prefix: 'tenon_' })
  const registers = [registry]
  return {
    counter: (name, says, labels = []) =>
      new Counter({ name: ours(name, '_total'), help: says, labelNames: [...labels], registers }),
    gauge: (name, says, { labels = [], read } = {}) =>
      new Gauge({
        name: ours(name, ''),
        help: says,
        labelNames: [...labels],
        registers,
        ...(read && {
          async collect() {
            this.set(await read())
          },
        }),
      }),
    histogram: (name, says, { labels = [], buckets = BUCKETS } = {}) =>
      new Histogram({
        name: ours(name, '_seconds'),
        help: says,
        labelNames: [...labels],
        buckets: [...buckets],
        registers,
      }),
    page: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

function ours(name: string, ending: string): string {
  if (/^tenon_[a-z0-9_]+$/.test(name) && name.endsWith(ending)) return name
  throw new Error(`The metric ${name} must be named tenon_…${ending}.`)
}
