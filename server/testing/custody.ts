/**
 * Deals for the tests of custody: a stage on a database of its own, the bank beside it, and what the
 * parties, the bank and the registry do.
 */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { newRailKeys } from '../../tools/rails/keys.ts'
import { payByLegs } from '../../tools/sale/legs.ts'
import { newStageKeys, openStage, type Stage, type StageOptions } from '../../tools/sale/stage.ts'
import { type Case, readDeal } from '../src/custody/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { type TestWorld, testWorld } from './world.ts'

export const sample = readFileSync(
  new URL('../../schemes/samples/resale-home.json', import.meta.url),
  'utf8',
)
const keys = newStageKeys()
export const railKeys = newRailKeys()
export const DAY_MS = 86_400_000
/** From nine to eight, an hour before the first rail ends its day. */
export const TO_NEXT_MORNING_MS = 23 * 3_600_000

export interface Place {
  stage: Stage
  world: TestWorld
  database: TestDatabase
}

export async function place(more: Pick<StageOptions, 'legs'> = {}): Promise<Place> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const stage = await openStage({
    world,
    simulated: world.clock,
    bankDatabaseUrl: database.url,
    keys,
    timing: { timeoutMs: 2_000 },
    listEveryMs: 30 * DAY_MS,
    ...more,
  })
  return { stage, world, database }
}

export async function leave({ stage, database }: Place): Promise<void> {
  await stage.close()
  await database.drop()
}

let number = 0
/** Opens the sample deal under a number of its own. */
export async function open({ stage }: Place): Promise<string> {
  number += 1
  const deal = { ...(JSON.parse(sample) as object), deal: `deal-${number}` }
  const opened = await stage.custody.openCase(stage.book, deal)
  if ('refused' in opened) throw new Error(JSON.stringify(opened))
  return opened.id
}

export const view = async ({ stage }: Place, id: string): Promise<Case> =>
  (await stage.custody.case(stage.book, id))!

export const resting = (at: Place, id: string) =>
  at.stage.pace.until(async () => {
    const { steps } = await view(at, id)
    return steps.every(({ state }) => state !== 'instructed')
  })

/** Pays what the case awaits, to the fen, until it awaits nothing. */
export async function payAll(at: Place, id: string): Promise<void> {
  for (;;) {
    await resting(at, id)
    const { steps, parties } = await view(at, id)
    const step = steps.find(({ state }) => state === 'awaiting')
    if (step === undefined) return
    const to = parties.find(({ role }) => role === step.role)!.payTo
    await pay(at, to, step.amount - step.received)
    await at.stage.pace.until(
      async () => (await view(at, id)).steps.find((each) => each.id === step.id)?.state === 'done',
    )
  }
}

export async function pay({ stage }: Place, to: string, fen: bigint): Promise<void> {
  await stage.bank.pay({
    to,
    amount: `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`,
    payerAcctNo: '6226000000009999',
    payerName: '某人',
    payerBank: '某银行',
    remark: '',
  })
  await stage.bank.idle()
}

export const report = ({ stage }: Place, id: string, fact: string, value: string) =>
  stage.custody.reportFact(stage.book, id, { fact, value })

export async function upTo(at: Place, id: string, facts: readonly (readonly [string, string])[]) {
  await payAll(at, id)
  for (const [fact, value] of facts) {
    expect(await report(at, id, fact, value)).toBeUndefined()
    await payAll(at, id)
  }
}

export const TITLE = ['registration', 'passed'] as const
export const MORTGAGE = ['mortgage', 'registered'] as const
export const HAND_OVER = ['hand_over', 'confirmed'] as const

/** The payer of the tranche that is awaited pays it over rails, which have not settled yet. */
export async function payOverRails(at: Place, id: string): Promise<bigint> {
  const { stage } = at
  const opened = await view(at, id)
  const read = readDeal({ ...(JSON.parse(sample) as object), deal: opened.deal }, stage.schemes)
  if (!('deal' in read)) throw new Error('the sample is refused')
  const step = opened.steps.find(({ state }) => state === 'awaiting')!
  const legs = await payByLegs(
    {
      ...{ book: stage.book, deal: read.deal, bank: stage.bank, pace: stage.pace },
      ...{ legPayments: stage.legPayments!, side: stage.rails! },
    },
    { view: opened, step },
  )
  expect(legs.map(({ state }) => state)).toEqual(legs.map(() => 'succeeded'))
  return legs.reduce((sum, { amount }) => sum + amount, 0n)
}
