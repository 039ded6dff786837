/**
 * Custody through its door, on a real database and against the bank: every refusal, deadlines, and what
 * the database keeps of persons.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findInstruction } from '#channels'
import {
  DAY_MS,
  HAND_OVER,
  leave,
  MORTGAGE,
  open,
  type Place,
  payAll,
  payOverRails,
  place,
  railKeys,
  report,
  resting,
  sample,
  TITLE,
  upTo,
  view,
} from '../../testing/custody.ts'
import { CUSTODY_REFUSALS, type CustodyRefusalCode } from './refusals.ts'

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
