/**
 * Measures designs side by side: every design once in every repeat, in an order of its own, each on
 * a fresh database. Figures are compared inside one repeat only, because a shared machine is twice as
 * quick in one minute as in the next; what is reported is the median of such comparisons.
 */
import type { BenchDatabase, BenchServer } from './database.ts'
import { type Figure, figure } from './figures.ts'
import { type ProcessorTime, processorTime } from './processor-time.ts'
import { Dice } from './random-pool.ts'

/** One design, opened on its database and ready to be loaded. */
export interface Opened {
  /** Puts load on for `seconds` and ends what it began; the time this takes is what is measured. */
  load(seconds: number): Promise<Loaded>
  /** Throws when the database does not hold exactly what was counted. Not measured. */
  check(loaded: Loaded): Promise<void>
  close(): Promise<void>
}

export interface Loaded {
  /** Rows, transfers, commands or legs: whatever the design counts. */
  readonly count: number
  /** Milliseconds of each call, where the design is about them. */
  readonly latencies?: readonly number[]
  /** CPU µs of server processes other than this one and PostgreSQL. */
  readonly otherCpu?: number
  /** Further figures of this one run, by name. */
  readonly more?: Readonly<Record<string, number>>
}

export interface Design {
  readonly name: string
  readonly open: (url: string) => Promise<Opened>
}

export interface Measurement {
  readonly perSecond: number
  readonly count: number
  /** µs per counted thing. */
  readonly postgresCpu: number | undefined
  readonly nodeCpu: number
  readonly latencies: readonly number[]
  readonly more: Readonly<Record<string, number>>
}

export interface MeasureOptions {
  readonly server: BenchServer
  readonly designs: readonly Design[]
  readonly repeats: number
  readonly seconds: number
  readonly seed: number
  readonly print: (line: string) => void
}

/** All measurements, by design, in the order of the repeats. */
export type Measurements = ReadonlyMap<string, readonly Measurement[]>

/** Runs a short warm-up of every design, then the repeats. */
export async function measure(options: MeasureOptions): Promise<Measurements> {
  const { designs, repeats, seconds, seed, print } = options
  const dice = new Dice(seed)
  const found = new Map<string, Measurement[]>(designs.map(({ name }) => [name, []]))
  for (const design of designs) {
    print(`warm-up    ${design.name}`)
    await measureOnce(options, design, Math.min(1, seconds))
  }
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const design of dice.shuffle(designs)) {
      const measurement = await measureOnce(options, design, seconds)
      found.get(design.name)!.push(measurement)
      const rate = Math.round(measurement.perSecond).toLocaleString('en-US')
      print(`repeat ${repeat}/${repeats} ${design.name}: ${rate}/s`)
    }
  }
  return found
}

async function measureOnce(
  { server }: MeasureOptions,
  design: Design,
  seconds: number,
): Promise<Measurement> {
  const database: BenchDatabase = await server.copy()
  try {
    const opened = await design.open(database.url)
    try {
      const before = processorTime(server.postmaster)
      const began = performance.now()
      const loaded = await opened.load(seconds)
      const elapsed = (performance.now() - began) / 1000
      const after = processorTime(server.postmaster)
      if (loaded.count === 0) throw new Error(`${design.name} did nothing in ${seconds} s`)
      await opened.check(loaded)
      return summary(loaded, elapsed, before, after)
    } finally {
      await opened.close()
    }
  } finally {
    await database.drop()
  }
}

function summary(
  loaded: Loaded,
  elapsed: number,
  before: ProcessorTime,
  after: ProcessorTime,
): Measurement {
  const { count, latencies = [], otherCpu = 0, more = {} } = loaded
  const postgresCpu =
    after.postgres === undefined || before.postgres === undefined
      ? undefined
      : (after.postgres - before.postgres) / count
  const nodeCpu = (after.node - before.node + otherCpu) / count
  return { perSecond: count / elapsed, count, postgresCpu, nodeCpu, latencies, more }
}

/** Rate of `name` over rate of `over`, repeat by repeat. */
export function ratio(found: Measurements, name: string, over: string): Figure {
  const above = of(found, name)
  const below = of(found, over)
  return figure(above.map(({ perSecond }, i) => perSecond / below[i]!.perSecond))
}

export function of(found: Measurements, name: string): readonly Measurement[] {
  const measurements = found.get(name)
  if (measurements === undefined) throw new Error(`no design ${name} was measured`)
  return measurements
}

/** Median and range of one column; `undefined` where it could not be measured. */
export function column(
  found: Measurements,
  name: string,
  read: (measurement: Measurement) => number | undefined,
): Figure | undefined {
  const values = of(found, name).map(read)
  return values.some((value) => value === undefined) ? undefined : figure(values as number[])
}
