/**
 * `npm run chaos -- ledger --rounds 20 [--seed s] [--short]`, and `payments` beside it. Real processes, real kills. Progress
 * goes to standard error; the last line of standard output is one JSON object. The exit code is 1
 * when anything was lost, doubled, wrong, torn or stuck, or a planted fault was not found.
 */
import { BadOption, type OptionSpec, type Options, parseOptions, usage } from '../options.ts'
import { FAULTS, type Fault } from './plan.ts'
import { PLANTS, playPlant } from './plants.ts'
import { type RunFigures, runChaos } from './run.ts'

const OPTIONS: OptionSpec = {
  rounds: { says: 'how many faults, one a round (20)' },
  seed: { says: 'of plan and load (1)' },
  callers: { says: 'how many ask at once (64; short: 16)' },
  faults: { says: `only these, separated by commas: ${FAULTS.join(', ')}` },
  short: { says: 'fewer callers: to prove that it runs', flag: true },
  'no-plants': { says: 'without the planted faults', flag: true },
  'stop-when-found': { says: 'ends after the first round that finds something', flag: true },
}

const progress = (line: string) => console.error(line)

async function main([name, ...args]: readonly string[]): Promise<number> {
  let known: readonly [string, OptionSpec] = ['ledger', OPTIONS]
  try {
    if (name === 'payments') {
      // Loaded when it is asked for: a planted copy of the ledger's run has no simulators beside it.
      const { PAYMENT_OPTIONS, paymentsChaos } = await import('./payments/main.ts')
      known = ['payments', PAYMENT_OPTIONS]
      return await paymentsChaos(parseOptions(args, PAYMENT_OPTIONS))
    }
    if (name !== 'ledger') {
      throw new BadOption(
        `${name === undefined ? 'Name' : `There is no ${name}; name`} what to try: ledger, payments`,
      )
    }
    return await ledger(parseOptions(args, OPTIONS))
  } catch (error) {
    if (!(error instanceof BadOption)) throw error
    console.error(`${error.message}\nnpm run chaos -- ${known[0]} [options]\n${usage(known[1])}`)
    return 2
  }
}

async function ledger(options: Options): Promise<number> {
  const seed = options.number('seed', 1)
  const short = options.flag('short')
  const figures = await runChaos({
    rounds: options.number('rounds', short ? 3 : 20),
    seed,
    callers: options.number('callers', short ? 16 : 64),
    faults: faultsNamed(options.text('faults')),
    acksPerRound: short ? 100 : 1_100,
    patienceMs: short ? 20_000 : 60_000,
    stopWhenFound: options.flag('stop-when-found'),
    print: progress,
  })
  if (options.flag('no-plants')) {
    console.log(JSON.stringify({ chaos: 'ledger', seed, ...figures }))
    return clean(figures) ? 0 : 1
  }
  const planted: Record<string, boolean> = {}
  for (const plant of PLANTS) {
    progress(`planted fault "${plant.name}": ${plant.says}`)
    const found = await playPlant(plant, seed, progress)
    planted[plant.name] = found
    progress(`planted fault "${plant.name}": ${found ? 'found' : 'NOT FOUND'}`)
  }
  const found = Object.values(planted).filter(Boolean).length
  console.log(JSON.stringify({ chaos: 'ledger', seed, ...figures, planted_found: found, planted }))
  return clean(figures) && found === PLANTS.length ? 0 : 1
}

function clean(figures: RunFigures): boolean {
  const { lost, doubled, wrong_balances, torn, wrong_answers, verify_failed, stuck } = figures
  const findings = lost + doubled + wrong_balances + torn + wrong_answers + verify_failed
  return findings === 0 && stuck === undefined
}

function faultsNamed(text: string | undefined): readonly Fault[] {
  if (text === undefined) return FAULTS
  return text.split(',').map((name) => {
    const fault = FAULTS.find((known) => known === name)
    if (fault === undefined)
      throw new BadOption(`There is no fault ${name}; there is ${FAULTS.join(', ')}.`)
    return fault
  })
}

process.exitCode = await main(process.argv.slice(2))
