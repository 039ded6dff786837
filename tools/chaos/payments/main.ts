/**
 * `npm run chaos -- payments --seeds 200 [--seed n] [--short]`: the platform between five rails and over
 * six channels, under a storm of faults, killed and replaced; judged by the rails' own books.
 */
import type { OptionSpec, Options } from '../../options.ts'
import { PAYMENT_PLANTS, playPaymentPlant } from './plants.ts'
import { isFound, runSeeds } from './run.ts'

export const PAYMENT_OPTIONS: OptionSpec = {
  seeds: { says: 'how many seeds (200; short: 10)' },
  first: { says: 'the first of them (1)' },
  seed: { says: 'only this one' },
  short: { says: 'few seeds, no planted faults: to prove that it runs', flag: true },
  'no-plants': { says: 'without the planted faults', flag: true },
  'stop-when-found': { says: 'ends after the first seed that finds something', flag: true },
}

const progress = (line: string) => console.error(line)

/** Runs it; the exit code: 1 when anything was found, or a planted fault was not. */
export async function paymentsChaos(options: Options): Promise<number> {
  const short = options.flag('short')
  const only = options.text('seed')
  const first = only === undefined ? options.number('first', 1) : options.number('seed', 1)
  const count = only === undefined ? options.number('seeds', short ? 10 : 200) : 1
  const figures = await runSeeds({
    seeds: Array.from({ length: count }, (_, i) => first + i),
    stopWhenFound: options.flag('stop-when-found'),
    print: progress,
  })
  if (short || options.flag('no-plants')) {
    console.log(JSON.stringify({ chaos: 'payments', ...figures }))
    return isFound(figures) ? 1 : 0
  }
  const planted: Record<string, boolean> = {}
  for (const plant of PAYMENT_PLANTS) {
    progress(`planted fault "${plant.name}": ${plant.says}`)
    planted[plant.name] = await playPaymentPlant(plant, first, progress)
    progress(`planted fault "${plant.name}": ${planted[plant.name] ? 'found' : 'NOT FOUND'}`)
  }
  const found = Object.values(planted).filter(Boolean).length
  const last = { chaos: 'payments', ...figures, planted_found: found, planted }
  console.log(JSON.stringify(last))
  return isFound(figures) || found < PAYMENT_PLANTS.length ? 1 : 0
}
