/**
 * Custody through its door, on a real database and against the bank: every refusal, the ways money
 * comes in, deadlines, and what the database keeps of persons.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findInstruction, type Inbound, listInbound } from '#channels'
import { newRailKeys } from '../../../tools/rails/keys.ts'
import { payByLegs } from '../../../tools/sale/legs.ts'
import {
  newStageKeys,
  openStage,
  type Stage,
  type StageOptions,
} from '../../../tools/sale/stage.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import type { Case } from './case.ts'
import { readDeal } from './deal.ts'
import { CUSTODY_REFUSALS, type CustodyRefusalCode } from './refusals.ts'

const sample = readFileSync(
  new URL('../../../schemes/samples/resale-home.json', import.meta.url),
  'utf8',
)
const keys = newStageKeys()
const railKeys = newRailKeys()
const DAY_MS = 86_400_000
/** From nine to eight, an hour before the first rail ends its day. */
const TO_NEXT_MORNING_MS = 23 * 3_600_000

interface Place {
  stage: Stage
  world: TestWorld
  database: TestDatabase
}

async function place(more: Pick<StageOptions, 'legs'> = {}): Promise<Place> {
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

async function leave({ stage, database }: Place): Promise<void> {
  await stage.close()
  await database.drop()
}

let number = 0
/** Opens the sample deal under a number of its own. */
async function open({ stage }: Place): Promise<string> {
  number += 1
  const deal = { ...(JSON.parse(sample) as object), deal: `deal-${number}` }
  const opened = await stage.custody.openCase(stage.book, deal)
  if ('refused' in opened) throw new Error(JSON.stringify(opened))
  return opened.id
}

const view = async ({ stage }: Place, id: string): Promise<Case> =>
  (await stage.custody.case(stage.book, id))!

const resting = (at: Place, id: string) =>
  at.stage.pace.until(async () => {
    const { steps } = await view(at, id)
    return steps.every(({ state }) => state !== 'instructed')
  })

/** Pays what the case awaits, to the fen, until it awaits nothing. */
async function payAll(at: Place, id: string): Promise<void> {
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

async function pay({ stage }: Place, to: string, fen: bigint): Promise<void> {
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

const report = ({ stage }: Place, id: string, fact: string, value: string) =>
  stage.custody.reportFact(stage.book, id, { fact, value })

async function upTo(at: Place, id: string, facts: readonly (readonly [string, string])[]) {
  await payAll(at, id)
  for (const [fact, value] of facts) {
    expect(await report(at, id, fact, value)).toBeUndefined()
    await payAll(at, id)
  }
}

const TITLE = ['registration', 'passed'] as const
const MORTGAGE = ['mortgage', 'registered'] as const
const HAND_OVER = ['hand_over', 'confirmed'] as const

/** The payer of the tranche that is awaited pays it over rails, which have not settled yet. */
async function payOverRails({ stage }: Place, id: string): Promise<bigint> {
  const opened = await view({ stage } as Place, id)
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

describe('refusals', () => {
  let at: Place
  beforeAll(async () => {
    at = await place({ legs: { keys: railKeys } })
  })
  afterAll(() => leave(at))

  const nobody = '0'.repeat(32)
  const given: readonly (readonly [CustodyRefusalCode, () => Promise<unknown>])[] = [
    ['deal_not_valid', () => at.stage.custody.openCase(at.stage.book, { deal: 'x' })],
    [
      'deal_exists',
      async () => {
        const opened = await view(at, await open(at))
        const again = { ...(JSON.parse(sample) as object), deal: opened.deal }
        return at.stage.custody.openCase(at.stage.book, again)
      },
    ],
    ['case_not_found', () => report(at, nobody, ...TITLE)],
    [
      'case_over',
      async () => {
        const id = await open(at)
        await upTo(at, id, [['registration', 'refused']])
        return report(at, id, ...MORTGAGE)
      },
    ],
    ['fact_unknown', async () => report(at, await open(at), 'weather', 'fine')],
    ['fact_value_unknown', async () => report(at, await open(at), 'registration', 'maybe')],
    [
      'fact_already_known',
      async () => {
        const id = await open(at)
        await upTo(at, id, [TITLE])
        return report(at, id, 'registration', 'refused')
      },
    ],
    // The bank has been told to open sub-accounts, and has not answered.
    ['instruction_not_final', async () => report(at, await open(at), 'registration', 'refused')],
    [
      'payment_on_its_way',
      async () => {
        const id = await open(at)
        await resting(at, id)
        await payOverRails(at, id)
        return report(at, id, 'registration', 'refused')
      },
    ],
    [
      'step_not_found',
      async () => {
        const id = await open(at)
        return at.stage.custody.retryStep(at.stage.book, id, nobody)
      },
    ],
    [
      'step_not_failed',
      async () => {
        const id = await open(at)
        const [step] = (await view(at, id)).steps
        return at.stage.custody.retryStep(at.stage.book, id, step!.id)
      },
    ],
  ]
  test.each(given)('%s', async (code, refused) => {
    expect(await refused()).toMatchObject({ refused: code })
  })

  test('every refusal has its row, in the order of the table', () => {
    expect(given.map(([code]) => code)).toEqual(Object.keys(CUSTODY_REFUSALS))
  })

  test('fifty openings of one deal make one case', async () => {
    const deal = { ...(JSON.parse(sample) as object), deal: 'deal-at-once' }
    const openings = Array.from({ length: 50 }, () =>
      at.stage.custody.openCase(at.stage.book, deal),
    )
    const results = await Promise.all(openings)
    expect(results.filter((result) => 'id' in result)).toHaveLength(1)
    expect(
      results.filter((result) => 'refused' in result && result.refused === 'deal_exists'),
    ).toHaveLength(49)
  })

  test('the same fact reported fifty times at once opens its milestone once', async () => {
    const id = await open(at)
    await payAll(at, id)
    await Promise.all(Array.from({ length: 50 }, () => report(at, id, ...TITLE)))
    const { steps } = await view(at, id)
    expect(steps.filter(({ kind }) => kind === 'pay')).toHaveLength(1)
  })
})

describe('money that comes in', () => {
  let at: Place
  beforeAll(async () => {
    at = await place()
  })
  afterAll(() => leave(at))

  test('is booked once, though told fifty times at once by three ways', async () => {
    const id = await open(at)
    await resting(at, id)
    const { stage, world } = at
    const { subAccount } = (await view(at, id)).parties.find(({ role }) => role === 'buyer')!
    const inbound: Inbound = {
      flow: '2026030299999999',
      subAccount,
      amount: 20_000_000n,
      currency: 'CNY',
      kind: 'credited',
      memo: '',
      date: '20260302',
    }
    const ways = ['notice', 'list', 'file'] as const
    const told = Array.from({ length: 50 }, (_, i) =>
      stage.custody.desk.recordInbound(stage.book, inbound, ways[i % 3]!),
    )
    const taken = await Promise.all(told)
    expect(taken.filter((each) => each === 'booked')).toHaveLength(1)
    expect(taken.filter((each) => each === 'known')).toHaveLength(49)
    const found = await listInbound(world.db, { book: stage.book, channel: 'custody-bank' })
    expect(found.filter(({ flow }) => flow === inbound.flow)).toHaveLength(1)
    const { steps } = await view(at, id)
    expect(steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'done',
      received: 20_000_000n,
    })
  })

  test('told with another amount the second time is not booked again, and is named', async () => {
    const { stage } = at
    const [known] = await listInbound(at.world.db, { book: stage.book, channel: 'custody-bank' })
    const { flow, subAccount, date } = known!
    const other = {
      flow,
      subAccount,
      date,
      amount: 20_000_001n,
      currency: 'CNY',
      kind: 'credited',
      memo: '',
    } as const
    expect(await stage.custody.desk.recordInbound(stage.book, other, 'list')).toBe('differs')
    expect(await stage.custody.desk.recordInbound(stage.book, other, 'list')).toBe('differs')
    const items = await stage.custody.openItems(stage.book)
    expect(items.filter(({ kind }) => kind === 'inbound_told_differently')).toMatchObject([
      { amount: 1n, side: 'bank', reference: flow },
    ])
  })

  test('told by a notice with an amount nobody waits for is held until the bank’s list agrees', async () => {
    const id = await open(at)
    await resting(at, id)
    const { stage } = at
    const { payTo } = (await view(at, id)).parties.find(({ role }) => role === 'buyer')!
    await pay(at, payTo, 19_999_900n)
    const channel = 'custody-bank'
    const told = await listInbound(at.world.db, { book: stage.book, channel })
    const held = told.find(({ state }) => state === 'held')
    expect(held).toMatchObject({ amount: 19_999_900n })
    await stage.sweeper.sweepNow()
    const listed = await listInbound(at.world.db, { book: stage.book, channel: 'custody-bank' })
    expect(listed.find(({ flow }) => flow === held!.flow)).toMatchObject({ state: 'booked' })
    const short = (await stage.custody.openItems(stage.book)).find(
      ({ kind }) => kind === 'under_paid',
    )
    expect(short).toMatchObject({ amount: 100n, reference: held!.flow })
    await payAll(at, id)
    const left = await stage.custody.openItems(stage.book)
    expect(left.some(({ kind }) => kind === 'under_paid')).toBe(false)
  })

  test('and belongs to nobody we know lies in suspense with an open item', async () => {
    const { stage } = at
    await pay(at, '15000100000001', 123_456n)
    const items = await stage.custody.openItems(stage.book)
    const item = items.find(({ kind }) => kind === 'suspense_inbound')
    expect(item).toMatchObject({ amount: 123_456n, owner: 'operations' })
    const suspense = stage.ledger.writer(stage.book).accountByCode('2241.06')!
    expect(await stage.ledger.writer(stage.book).balance(suspense.id)).toMatchObject({
      creditsPosted: 123_456n,
    })
  })
})

describe('in its time', () => {
  let at: Place
  beforeAll(async () => {
    at = await place()
  })
  afterAll(() => leave(at))

  test('a household that has not moved by day 180 gives its hold-back to the buyer', async () => {
    const id = await open(at)
    await upTo(at, id, [TITLE, MORTGAGE, HAND_OVER])
    const waiting = (await view(at, id)).milestones.find(({ name }) => name === 'household_moved')
    expect(waiting?.state).toBe('waiting')
    const deadline = waiting!.deadlineAt!
    await at.stage.pace.pass(deadline - 1_000 - at.world.clock.now())
    expect((await view(at, id)).state).toBe('running')
    await at.stage.pace.pass(DAY_MS)
    const ended = await view(at, id)
    expect(ended.state).toBe('completed')
    expect(ended.milestones.find(({ name }) => name === 'household_moved')?.state).toBe('lapsed')
    const back = ended.steps.filter(({ kind, role }) => kind === 'withdraw' && role === 'buyer')
    expect(back).toMatchObject([{ amount: 5_000_000n, state: 'done' }])
  })

  test('an instruction whose time is over before it was sent is cancelled, and tried again', async () => {
    const { stage, world } = at
    const id = await open(at)
    const [step] = (await view(at, id)).steps
    // Nothing was swept for longer than an intent stays good.
    await world.clock.advance(2 * DAY_MS)
    await stage.bank.setClock(world.clock.now())
    await resting(at, id)
    const first = await findInstruction(world.db, stage.book, { id: step!.instruction })
    expect(first).toMatchObject({ state: 'failed', code: 'NEVER_SENT' })
    expect((await view(at, id)).steps[0]).toMatchObject({ state: 'done', tries: 1 })
  })
})

describe('what is kept of persons', () => {
  test('no name, ID number, phone or account number lies open in the database', async () => {
    const at = await place()
    try {
      await upTo(at, await open(at), [TITLE])
      const tables = await at.database.db.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
         where schemaname in ('base', 'ledger', 'channels', 'custody')`,
      )
      const deal = JSON.parse(sample) as {
        parties: {
          name: string
          id_number: string
          mobile: string
          bank_account: { number: string }
        }[]
      }
      const personal = deal.parties.flatMap(({ name, id_number, mobile, bank_account }) => [
        name,
        id_number,
        mobile,
        bank_account.number,
      ])
      for (const { name } of tables) {
        const rows = await at.database.db.query<{ text: string }>(
          `select t::text as text from ${name} t`,
        )
        const all = rows.map(({ text }) => text).join('\n')
        for (const value of [...personal, '某人', '6226000000009999']) {
          expect(all.includes(value), `${name} holds ${value}`).toBe(false)
        }
      }
      expect(tables.length).toBeGreaterThan(15)
    } finally {
      await leave(at)
    }
  })
})

describe('money a channel still owes', () => {
  let at: Place
  beforeAll(async () => {
    at = await place({ legs: { keys: railKeys } })
  })
  afterAll(() => leave(at))

  test('is the payer’s, and not under guarantee before it is at the bank', async () => {
    const id = await open(at)
    await resting(at, id)
    const paid = await payOverRails(at, id)
    const now = await view(at, id)
    const account = now.accounts.find(({ name }) => name === 'buyer_paid')!.ledgerAccount
    const writer = at.stage.ledger.writer(at.stage.book)
    expect((await writer.balance(account))!.creditsPosted).toBe(paid)
    expect(now.steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'awaiting',
      received: 0n,
    })
    expect(now.steps.some(({ kind, state }) => kind === 'freeze' && state !== 'planned')).toBe(
      false,
    )
    // The bank has nothing of it yet, and that is no difference: its file is there before the rails pay.
    const today = at.stage.custody.desk.channel(at.stage.book).businessDate(at.world.clock.now())
    await at.stage.pace.pass(TO_NEXT_MORNING_MS)
    const { balances, differences } = await at.stage.custody.prove(at.stage.book, [today])
    const { subAccount } = now.parties.find(({ role }) => role === 'buyer')!
    expect(balances).toContainEqual({ subAccount, ours: 0n, bank: 0n })
    expect(differences).toEqual([])
    await at.stage.pace.until(async () =>
      (await view(at, id)).steps.some(({ kind, state }) => kind === 'freeze' && state === 'done'),
    )
    const after = await view(at, id)
    expect(after.steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'done',
      received: paid,
    })
    expect((await writer.balance(account))!.creditsPosted).toBe(paid)
  })
})
