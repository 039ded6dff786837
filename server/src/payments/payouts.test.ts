import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { listAttempts } from './attempt-store.ts'
import { listExceptions } from './exception-store.ts'
import { dayLimit, payoutPublicId } from './payout.ts'
import { findPayout, listReturnsOf } from './payout-store.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

let on: OutflowWorld

afterEach(() => on.stop())

const order = (more: { id?: string; amount?: bigint; approval?: boolean; hash?: string } = {}) => ({
  id: more.id ?? on.world.ids.uuid(),
  requestHash: more.hash ?? '00',
  source: on.owner,
  amount: more.amount ?? 100_00n,
  payee: PAYEE,
  memo: 'commission',
  requestedBy: 'anna',
  ...(more.approval === undefined ? {} : { approval: more.approval }),
})

const read = (id: string) => findPayout(on.context.db, on.pool, id)
const stateOf = async (id: string) => (await read(id))?.state
const attemptsOf = (id: string) => listAttempts(on.context.db, on.pool, payoutPublicId(on.pool, id))
const exceptions = async () =>
  (await listExceptions(on.context.db, { book: on.pool, state: 'open' })).map(({ kind }) => kind)

const HOUR = 3_600_000

describe('a payout', () => {
  it('reserves, sends once, and takes the money', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    const asked = order()
    expect(await on.flows.payouts.create(on.pool, asked)).toMatchObject({ created: true })
    expect(await on.available(on.pool, on.owner)).toBe(400_00n)
    expect(await on.available(on.pool, on.cash)).toBe(400_00n)
    await on.settle()
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.balance(on.pool, on.owner)).toBe(400_00n)
    expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
    expect(on.rails.b.moved('pay')).toBe(100_00n)
    expect(await on.unproven()).toEqual([])
  })

  it('asked for 20 times at once under one id is one payout; another body is refused', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    const asked = order()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => on.flows.payouts.create(on.pool, asked)),
    )
    expect(answers.every((each) => 'payout' in each)).toBe(true)
    expect(await on.flows.payouts.create(on.pool, { ...asked, requestHash: '01' })).toEqual({
      refused: 'key_reused',
    })
    await on.settle()
    expect(on.rails.b.orders.size).toBe(1)
    expect(await on.balance(on.pool, on.owner)).toBe(400_00n)
  })

  it('is refused when its owner has too little, and answered the same again', async () => {
    on = await outflowWorld()
    await on.fund(50_00n)
    await on.fund(500_00n, on.ledger.writer(on.pool).accountByCode('2241.06')!.id)
    const asked = order()
    const refused = { refused: 'insufficient_funds' }
    expect(await on.flows.payouts.create(on.pool, asked)).toEqual(refused)
    await on.fund(500_00n)
    expect(await on.flows.payouts.create(on.pool, asked)).toEqual(refused)
    const other = await on.flows.payouts.create(on.pool, { ...asked, requestHash: '01' })
    expect(other).toEqual({ refused: 'key_reused' })
    await on.settle()
    expect(on.rails.b.orders.size).toBe(0)
  })

  it('whose reply is lost is asked about and never sent again', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    on.rails.b.next.push('lost_reply')
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    await on.settle()
    expect(await stateOf(asked.id)).toBe('processing')
    expect(await on.available(on.pool, on.owner)).toBe(400_00n)
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect([...on.rails.b.orders.values()].map((each) => each.asked)).toEqual([1])
    expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
  })

  it('that never arrived goes to another channel only once that is certain', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    on.rails.b.next.push('lost_request')
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    await on.pass(30_000)
    expect(await stateOf(asked.id)).toBe('processing')
    expect(on.rails.a.orders.size).toBe(0)
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(on.rails.a.moved('pay')).toBe(100_00n)
    expect((await attemptsOf(asked.id)).map(({ channel, state }) => [channel, state])).toEqual([
      ['b', 'failed'],
      ['a', 'succeeded'],
    ])
  })

  it('refused for lack of permission goes to the next channel, otherwise back to its owner', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    on.rails.b.next.push({ refuses: 'NO_PERMISSION' })
    const first = order()
    await on.flows.payouts.create(on.pool, first)
    await on.settle()
    expect(await read(first.id)).toMatchObject({ state: 'succeeded', attempts: 2, tried: ['b'] })
    on.rails.b.next.push({ refuses: 'NO_SUCH_ACCOUNT' })
    const second = order()
    await on.flows.payouts.create(on.pool, second)
    await on.settle()
    expect(await read(second.id)).toMatchObject({ state: 'failed', code: 'NO_SUCH_ACCOUNT' })
    expect(await on.available(on.pool, on.owner)).toBe(400_00n)
    expect(await on.available(on.pool, on.cash)).toBe(400_00n)
  })

  it('said to have failed and gone after all is booked as gone, once, and raised', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    on.rails.b.next.push({ refuses: 'NO_SUCH_ACCOUNT' })
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    await on.settle()
    const [attempt] = await attemptsOf(asked.id)
    const late = { result: 'succeeded', code: 'OK', message: '', amount: 100_00n } as const
    for (let time = 0; time < 3; time += 1) {
      await on.context.desk.record(on.pool, attempt!.id, late)
    }
    expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
    expect(await on.balance(on.pool, on.owner)).toBe(500_00n)
    expect(await exceptions()).toEqual(expect.arrayContaining(['hidden_then_found']))
    const { reference } = attempt!
    const line = bankLine({ flow: 'f1', side: 'out', amount: 100_00n, reference })
    await on.flows.takeBankLines(on.pool, 'a', [line])
    expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
  })
})

describe('a payout beyond cleared cash', () => {
  it('waits visibly over a weekend and goes when the cash is in', async () => {
    on = await outflowWorld()
    await on.collected(300_00n)
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    expect(await stateOf(asked.id)).toBe('waiting_for_cash')
    await on.pass(12 * HOUR)
    expect(await read(asked.id)).toMatchObject({
      state: 'waiting_for_cash',
      code: 'credit_account_overdrawn',
    })
    expect(on.rails.b.orders.size).toBe(0)
    const file = on.rails.a.closeDay('20260302')
    await on.flows.takeChannelFile(on.pool, 'a', file)
    const line = bankLine({ flow: 'f1', side: 'in', amount: file.settled, memo: 'x a 20260302 y' })
    await on.flows.takeBankLines(on.pool, 'b', [line])
    await on.settle()
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.transit(on.pool, 'a')).toBe(0n)
    expect(await on.unproven()).toEqual([])
  })

  it('is cancelled while it waits, and ends when its time is over', async () => {
    on = await outflowWorld()
    await on.collected(300_00n)
    const [first, second] = [order(), order()]
    for (const each of [first, second]) await on.flows.payouts.create(on.pool, each)
    expect(await on.flows.payouts.cancel(on.pool, first.id, 'anna')).toMatchObject({
      payout: { state: 'cancelled' },
    })
    await on.pass(25 * HOUR)
    expect(await read(second.id)).toMatchObject({ state: 'failed', code: 'expired' })
    await on.fund(500_00n)
    await on.flows.payouts.retryWaiting(on.pool)
    await on.settle()
    expect(on.rails.b.orders.size).toBe(0)
    expect(await on.flows.payouts.cancel(on.pool, second.id, 'anna')).toEqual({
      refused: 'payout_not_waiting',
    })
  })
})

it('taken by the rail and not done in a day is told to a person, and still ends once', async () => {
  on = await outflowWorld()
  await on.fund(500_00n)
  on.rails.b.next.push('accepts')
  const asked = order()
  await on.flows.payouts.create(on.pool, asked)
  await on.settle()
  expect(await exceptions()).toEqual([])
  await on.pass(30 * HOUR)
  expect(await stateOf(asked.id)).toBe('processing')
  expect(await exceptions()).toEqual(['unknown_too_long'])
  on.rails.b.finish([...on.rails.b.orders.keys()].at(-1)!)
  await on.pass(12 * HOUR)
  expect(await stateOf(asked.id)).toBe('succeeded')
  expect(on.rails.b.moved('pay')).toBe(100_00n)
})

it('needs a second person when it is asked for so', async () => {
  on = await outflowWorld()
  await on.fund(500_00n)
  const asked = order({ approval: true })
  await on.flows.payouts.create(on.pool, asked)
  await on.settle()
  expect(await stateOf(asked.id)).toBe('waiting_for_approval')
  expect(await exceptions()).toEqual(['approval_needed'])
  expect(await on.flows.payouts.approve(on.pool, asked.id, 'anna')).toEqual({
    refused: 'approver_is_requester',
  })
  const both = await Promise.all(
    ['bert', 'carl'].map((by) => on.flows.payouts.approve(on.pool, asked.id, by)),
  )
  expect(both.filter((each) => 'payout' in each)).toHaveLength(1)
  await on.settle()
  expect(await read(asked.id)).toMatchObject({ state: 'succeeded', requestedBy: 'anna' })
  expect(['bert', 'carl']).toContain((await read(asked.id))!.approvedBy)
  expect(await exceptions()).toEqual([])
  expect(on.rails.b.orders.size).toBe(1)
})

describe('a payout that came back', () => {
  it('is an entry of its own by whichever way it is told; the payout stays succeeded', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    await on.settle()
    const [attempt] = await attemptsOf(asked.id)
    const { reference } = attempt!
    const returned = {
      flow: 'r1',
      reference,
      amount: 100_00n,
      currency: 'CNY',
      code: 'R01',
      says: 'account closed',
      date: '20260304',
    }
    expect(await on.flows.takeReturn(on.pool, 'b', returned)).toBe('recorded')
    expect(await on.flows.takeReturn(on.pool, 'b', returned)).toBe('known')
    const line = bankLine({
      flow: 'f9',
      side: 'in',
      amount: 100_00n,
      reference,
      kind: 'payout_returned',
    })
    await on.flows.takeBankLines(on.pool, 'a', [line])
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.balance(on.pool, on.owner)).toBe(500_00n)
    expect(await on.balance(on.pool, on.cash)).toBe(500_00n)
    expect(await listReturnsOf(on.context.db, on.pool, asked.id)).toHaveLength(1)
    expect(await exceptions()).toEqual(['payout_returned'])
    const facts = await on.context.db.query(
      `select 1 from base.outbox where kind = 'payments.attempt_ended'
         and payload->>'result' = 'returned'`,
    )
    expect(facts).toHaveLength(1)
  })

  it('of another amount, or by policy, goes to suspense', async () => {
    on = await outflowWorld({ returnsTo: 'suspense' })
    await on.fund(500_00n)
    const asked = order()
    await on.flows.payouts.create(on.pool, asked)
    await on.settle()
    const [attempt] = await attemptsOf(asked.id)
    const { reference } = attempt!
    const line = bankLine({ flow: 'f9', side: 'in', amount: 100_00n, reference })
    await Promise.all([1, 2, 3].map(() => on.flows.takeBankLines(on.pool, 'a', [line])))
    expect(await on.balance(on.pool, on.owner)).toBe(400_00n)
    const suspense = on.ledger.writer(on.pool).accountByCode('2241.06')!.id
    expect(await on.balance(on.pool, suspense)).toBe(100_00n)
  })
})

it('that came back before anybody knew it had gone is a return all the same, once', async () => {
  on = await outflowWorld()
  await on.fund(500_00n)
  on.rails.b.next.push('lost_reply')
  const asked = order()
  await on.flows.payouts.create(on.pool, asked)
  await on.settle()
  expect(await stateOf(asked.id)).toBe('processing')
  const [attempt] = await attemptsOf(asked.id)
  const { reference } = attempt!
  const line = bankLine({ flow: 'f9', side: 'in', amount: 100_00n, reference })
  await on.flows.takeBankLines(on.pool, 'a', [line])
  expect(await stateOf(asked.id)).toBe('succeeded')
  const told = { flow: 'r1', reference, amount: 100_00n, currency: 'CNY' }
  const returned = { ...told, code: 'R01', says: 'account closed', date: '20260304' }
  expect(await on.flows.takeReturn(on.pool, 'b', returned)).toBe('known')
  expect(await on.balance(on.pool, on.owner)).toBe(500_00n)
  expect(await on.balance(on.pool, on.cash)).toBe(500_00n)
  expect(await exceptions()).toEqual(['payout_returned'])
})

it('two payouts at once never pass a payee’s day limit', async () => {
  on = await outflowWorld({ rail: { limits: [{ perDay: 150_00n }] }, payoutsBy: ['a'] })
  await on.fund(900_00n)
  const answers = await Promise.all([1, 2, 3].map(() => on.flows.payouts.create(on.pool, order())))
  expect(answers.filter((each) => 'payout' in each)).toHaveLength(1)
  expect(answers.filter((each) => 'refused' in each)).toEqual([
    { refused: 'no_channel_for_payout' },
    { refused: 'no_channel_for_payout' },
  ])
  await on.pass(24 * HOUR)
  expect(await on.flows.payouts.create(on.pool, order())).toMatchObject({ created: true })
})

it('begun as the day ends counts for one day, also when it has failed', async () => {
  on = await outflowWorld()
  await on.fund(500_00n)
  const { db } = on.context
  const { clock } = on.world
  const query = db.query.bind(db)
  await clock.advance(16 * HOUR - (clock.now() % (24 * HOUR)) - 1)
  // The day ends while the channel is chosen.
  Object.assign(db, {
    query: async (sql: string, values?: unknown[]) => {
      if (sql.includes('from payments.payee_day')) await clock.advance(1)
      return query(sql, values)
    },
  })
  on.rails.b.next.push({ refuses: 'NO_SUCH_ACCOUNT' })
  const asked = order()
  await on.flows.payouts.create(on.pool, asked)
  await on.settle()
  expect(await stateOf(asked.id)).toBe('failed')
  const used = await query('select used, count from payments.payee_day')
  expect(used).toEqual([{ used: 0n, count: 0 }])
})

it('the strictest limit that applies counts', async () => {
  on = await outflowWorld()
  const limits = [
    { perDay: 500n },
    { direction: 'collect' as const, perDay: 1n },
    { bank: 'ICBC', perDay: 300n, countPerDay: 2 },
    { bank: 'ABC', perDay: 2n },
  ]
  const of = { bank: 'ICBC', accountType: 'personal' }
  expect(dayLimit(limits, of)).toEqual({ most: 300n, countMost: 2 })
})

it.each([1, 2, 3])('stopped after commit %i it is paid once', async (stopAfter) => {
  on = await outflowWorld()
  await on.fund(500_00n)
  const asked = order()
  const writer = on.ledger.writer(on.pool)
  const submit = writer.submit.bind(writer)
  let commits = 0
  writer.submit = async (command) => {
    const result = await submit(command)
    commits += 1
    if (commits === stopAfter) throw new Error('the server was stopped here')
    return result
  }
  await on.flows.payouts.create(on.pool, asked).catch(() => undefined)
  await on.pass(2 * HOUR)
  await on.flows.payouts.create(on.pool, asked)
  await on.pass(2 * HOUR)
  expect(commits).toBeGreaterThanOrEqual(3)
  expect(await stateOf(asked.id)).toBe('succeeded')
  const orders = [...on.rails.a.orders.values(), ...on.rails.b.orders.values()]
  expect(orders.filter(({ state }) => state === 'succeeded').map((each) => each.asked)).toEqual([1])
  expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
  expect(await on.unproven()).toEqual([])
})

it('whatever the rail does, a payout moves at most once, and the books say what the rail says', async () => {
  on = await outflowWorld()
  await on.fund(10_000_00n)
  const does = fc.constantFrom(
    'acts' as const,
    'lost_request' as const,
    'lost_reply' as const,
    { refuses: 'NO_PERMISSION' },
    { refuses: 'NO_SUCH_ACCOUNT' },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(does, { maxLength: 4 }),
      fc.array(does, { maxLength: 2 }),
      async (b, a) => {
        on.rails.b.next.push(...b)
        on.rails.a.next.push(...a)
        const before = on.rails.a.moved('pay') + on.rails.b.moved('pay')
        const cash = await on.balance(on.pool, on.cash)
        const asked = order({ amount: 7n })
        await on.flows.payouts.create(on.pool, asked)
        await on.pass(2 * HOUR)
        const moved = on.rails.a.moved('pay') + on.rails.b.moved('pay') - before
        const payout = await read(asked.id)
        expect(['succeeded', 'failed']).toContain(payout!.state)
        expect(moved).toBe(payout!.state === 'succeeded' ? 7n : 0n)
        expect(cash - (await on.balance(on.pool, on.cash))).toBe(moved)
        expect(await on.available(on.pool, on.cash)).toBe(await on.balance(on.pool, on.cash))
        on.rails.a.next.length = 0
        on.rails.b.next.length = 0
      },
    ),
    { numRuns: 25 },
  )
  for (const rail of Object.values(on.rails)) {
    expect([...rail.orders.values()].every(({ asked }) => asked === 1)).toBe(true)
  }
})
