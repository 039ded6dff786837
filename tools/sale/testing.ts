/** One sale for tests: a platform and a bank of its own, on a database of its own and a test clock. */
import { readFileSync } from 'node:fs'
import { readDeal } from '../../server/src/custody/index.ts'
import { testDatabase } from '../../server/testing/database.ts'
import { testWorld } from '../../server/testing/world.ts'
import { newRailKeys, type RailKeys } from '../rails/keys.ts'
import type { RailSide } from './rail-side.ts'
import type { SaleReport } from './report.ts'
import { runSale, type SaleEvent, type SaleOptions } from './run.ts'
import { newStageKeys, openStage, shippedSchemes } from './stage.ts'

const sample = (name: string) =>
  readFileSync(new URL(`../../schemes/samples/${name}.json`, import.meta.url), 'utf8')

/** One pair for all sales of a test file. */
const keys = newStageKeys()
let railKeys: RailKeys | undefined

type Changes = Pick<SaleOptions, 'fail' | 'fault'> & {
  readonly sample?: string
  /** Tranches are paid by legs over rails; what goes wrong there. */
  readonly legs?: (side: RailSide) => void
}

export interface TestSale extends SaleReport {
  readonly events: SaleEvent[]
  /** How often the fault struck. */
  readonly strikes: number
}

export async function sale(changes: Changes = {}): Promise<TestSale> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const timing = { timeoutMs: 1_000 }
  const listEveryMs = 21_600_000
  const common = { world, simulated: world.clock, bankDatabaseUrl: database.url, keys }
  railKeys ??= changes.legs === undefined ? undefined : newRailKeys()
  const legs = changes.legs === undefined ? {} : { legs: { keys: railKeys! } }
  const stage = await openStage({ ...common, timing, listEveryMs, ...legs })
  if (stage.rails !== undefined) changes.legs?.(stage.rails)
  try {
    const schemes = await shippedSchemes()
    const read = readDeal(sample(changes.sample ?? 'resale-home'), schemes)
    if (!('deal' in read)) throw new Error(JSON.stringify(read))
    const { deal } = read
    const events: SaleEvent[] = []
    const tell = (event: SaleEvent) => void events.push(event)
    const { fail, fault } = changes
    const report = await runSale({
      ...stage,
      db: world.db,
      deal,
      scheme: schemes[0]!,
      tell,
      ...(fail === undefined ? {} : { fail }),
      ...(fault === undefined ? {} : { fault }),
    })
    return { ...report, events, strikes: await stage.bank.strikes() }
  } finally {
    await stage.close()
    await database.drop()
  }
}
