/**
 * `npm run bench -- <name> [options]`. Progress goes to standard error, the tables to standard
 * output, and the last line of standard output is one JSON object with the bench's figures.
 */
import { BadOption, type OptionSpec, type Options, parseOptions, usage } from '../options.ts'

export interface Bench {
  readonly says: string
  readonly options: OptionSpec
  /** Prints its table with `print`; the object it returns is printed as the last line. */
  run(options: Options, print: (line: string) => void): Promise<Record<string, unknown>>
}

const BENCHES: Record<string, () => Promise<Bench>> = {
  ledger: async () => (await import('./ledger.ts')).ledgerBench,
  'ledger-growth': async () => (await import('./ledger-growth.ts')).ledgerGrowthBench,
  quality: async () => (await import('./quality.ts')).qualityBench,
  http: async () => (await import('./http.ts')).httpBench,
  payments: async () => (await import('./payments.ts')).paymentsBench,
  routing: async () => (await import('./routing.ts')).routingBench,
  auth: async () => (await import('./auth.ts')).authBench,
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  const load = name === undefined ? undefined : BENCHES[name]
  if (load === undefined) {
    const wanted = name === undefined ? 'Name a bench.' : `There is no bench ${name}.`
    console.error(`${wanted} Use: npm run bench -- ${Object.keys(BENCHES).join(' | ')} [options]`)
    return 2
  }
  const bench = await load()
  try {
    const options = parseOptions(rest, bench.options)
    const figures = await bench.run(options, (line) => console.log(line))
    console.log(JSON.stringify({ bench: name, ...figures }))
    return 0
  } catch (error) {
    if (!(error instanceof BadOption)) throw error
    console.error(`${error.message}\n\n${bench.says}\n${usage(bench.options)}`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
