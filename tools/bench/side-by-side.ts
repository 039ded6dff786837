/**
 * What benches that measure designs side by side have in common: their options, the throw-away server
 * they run on, and the line that says under which conditions the figures were made.
 */
import { cpus } from 'node:os'
import type { OptionSpec, Options } from '../options.ts'
import { startBenchServer } from './database.ts'
import { type Design, type Measurements, measure } from './measure.ts'

export interface Terms {
  readonly repeats: number
  /** How long each measurement lasts. */
  readonly seconds: number
  readonly seed: number
}

/** Repeats of a run, and of a quick one. */
export type Repeats = readonly [full: number, quick: number]

const SECONDS = 4

export const sideBySideOptions = ([full, quick]: Repeats): OptionSpec => ({
  repeats: { says: `how often every design is measured (${full}; quick: ${quick})` },
  seconds: { says: `how long each measurement lasts (${SECONDS}; quick: 1)` },
  seed: { says: 'of the order within a repeat (1)' },
  quick: { says: 'few and short: proves that it runs, no figures to quote', flag: true },
})

export function termsOf(options: Options, [full, quick]: Repeats): Terms {
  const isQuick = options.flag('quick')
  return {
    repeats: options.number('repeats', isQuick ? quick : full),
    seconds: options.number('seconds', isQuick ? 1 : SECONDS),
    seed: options.number('seed', 1),
  }
}

export interface SideBySide {
  readonly designs: readonly Design[]
  readonly terms: Terms
  /** Settings of PostgreSQL over the durable ones. */
  readonly settings?: Record<string, string>
  /** Fills the database of which every measurement gets a copy. */
  fill(url: string): Promise<void>
}

/** Measures on a PostgreSQL that is gone afterwards; `says` tells where and how. */
export async function measureSideBySide(
  bench: SideBySide,
): Promise<{ readonly found: Measurements; readonly says: string }> {
  const { designs, terms, settings = {}, fill } = bench
  const print = (line: string) => console.error(line)
  print('starting a throw-away PostgreSQL, durable in every respect')
  const server = await startBenchServer({ settings })
  try {
    await server.makeTemplate(fill)
    const found = await measure({ server, designs, ...terms, print })
    const { repeats, seconds, seed } = terms
    const says =
      `${server.version}, Node ${process.versions.node}, ${cpus().length} cores, ` +
      `${repeats} repeats of ${seconds} s, seed ${seed}. Medians [lowest–highest].`
    return { found, says }
  } finally {
    await server.stop()
  }
}
