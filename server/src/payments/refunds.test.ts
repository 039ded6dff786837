import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { post } from '#ledger'
import type { Attempt } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import { listExceptions } from './exception-store.ts'
import { findRefund, listParts } from './refund-store.ts'
import type { RefundRequest } from './refunds.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

let on: OutflowWorld

afterEach(() => on.stop())

const request = (
  collections: readonly Attempt[],
  amount: bigint,
  more: Partial<RefundRequest> = {},
): RefundRequest => ({
  id: on.world.ids.uuid(),
  requestHash: '00',
  amount,
  reason: 'deal called off',
  requestedBy: 'anna',
  collections: collections.map(({ id }) => id),
  source: on.owner,
  ...more,
})

const stateOf = async (id: string) => (await findRefund(on.context.db, on.pool, id))?.state
const partsOf = (id: string) => listParts(on.context.db, on.pool, id)
const collected = async ({ id }: Attempt) => (await findAttempt(on.context.db, on.pool, { id }))!
const exceptions = async () =>
  (await listExceptions(on.context.db, { book: on.pool, state: 'open' })).map(({ kind }) => kind)

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('a refund', () => {
  it('goes back over several pay-ins the way the money came', async () => {
    on = await outflowWorld()
    const [first, second] = [await on.collected(100_00n), await on.collected(50_00n)]
    const asked = request([first, second], 120_00n)
    expect(await on.flows.refund(on.pool, asked)).toMatchObject({ created: true })
    expect(await on.available(on.pool, on.owner)).toBe(30_00n)
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.balance(on.pool, on.owner)).toBe(30_00n)
    expect(on.rails.a.moved('refund')).toBe(120_00n)
    const both = [await collected(first), await collected(second)]
    expect(both.map(({ refunding }) => refunding)).toEqual([0n, 0n])
    expect(both.reduce((sum, { refunded }) => sum + refunded, 0n)).toBe(120_00n)
    expect(await on.unproven()).toEqual([])
  })

  it('asked for by two people at once is given at most once', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    await on.fund(500_00n)
    const answers = await Promise.all(
      ['anna', 'bert', 'carl', 'dora'].map((requestedBy) =>
        on.flows.refund(on.pool, request([paid], 60_00n, { requestedBy })),
      ),
    )
    expect(answers.filter((each) => 'refund' in each)).toHaveLength(1)
    await on.pass(HOUR)
    expect(on.rails.a.moved('refund')).toBe(60_00n)
    expect((await collected(paid)).refunded).toBe(60_00n)
  })

  it('under one id is one, and another body is refused, also after a refusal', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    const asked = request([paid], 40_00n)
    await Promise.all([1, 2, 3].map(() => on.flows.refund(on.pool, asked)))
    await on.pass(HOUR)
    expect(on.rails.a.moved('refund')).toBe(40_00n)
    const other = { ...asked, requestHash: '01' }
    const refused = { refused: 'key_reused' }
    expect(await on.flows.refund(on.pool, other)).toEqual(refused)
    const empty = on.world.ids.uuid()
    await on.ledger.writer(on.pool).submit({
      roots: [],
      open: [{ id: empty, code: '2241.02', name: 'Empty' }],
    })
    const poor = request([paid], 10_00n, { source: empty })
    expect(await on.flows.refund(on.pool, poor)).toEqual({ refused: 'insufficient_funds' })
    expect(await on.flows.refund(on.pool, poor)).toEqual({ refused: 'insufficient_funds' })
    expect((await collected(paid)).refunding).toBe(0n)
    const changed = { ...poor, requestHash: '01', amount: 1n }
    expect(await on.flows.refund(on.pool, changed)).toEqual(refused)
  })

  it('keeps the gap between two of one collection', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    for (let time = 0; time < 3; time += 1) await on.flows.refund(on.pool, request([paid], 10_00n))
    await on.pass(HOUR)
    const sent = [...on.rails.a.orders.values()].filter(({ direction }) => direction === 'refund')
    const times = sent.map(({ at }) => at).sort((a, b) => a - b)
    expect(times.length).toBe(3)
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(60_000)
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(60_000)
  })

  it('is refused once its collection had as many as one may have', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    await on.context.db.query('update payments.attempt set refunds = 50 where id = $1', [paid.id])
    expect(await on.flows.refund(on.pool, request([paid], 1n, { payer: PAYEE }))).toEqual({
      refused: 'refund_exceeds_payments',
    })
  })

  it('whose reply is lost is sent once', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    on.rails.a.balance = 1_00n
    on.rails.a.next.push('lost_reply')
    const asked = request([paid], 100_00n)
    await on.flows.refund(on.pool, asked)
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    const sent = [...on.rails.a.orders.values()].filter(({ direction }) => direction === 'refund')
    expect(sent.map((each) => each.asked)).toEqual([1])
  })

  it('of money in suspense is taken from there', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    on.rails.a.balance = 1_00n
    const suspense = on.ledger.writer(on.pool).accountByCode('2241.06')!.id
    await on.context.db.query(
      `update payments.attempt set booked_to = 'suspense' where book_id = $1 and id = $2`,
      [on.pool, paid.id],
    )
    await on.fund(100_00n, suspense)
    const again = () => on.context.refundAttempt!(on.pool, paid, 'paid twice')
    await Promise.all([again(), again()])
    await on.pass(HOUR)
    expect(await on.balance(on.pool, suspense)).toBe(0n)
    expect(on.rails.a.moved('refund')).toBe(100_00n)
  })
})

describe('down the ladder', () => {
  it('an expired card is paid out to the verified payer once a second person agrees', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    await on.fund(100_00n)
    on.rails.a.next.push({ refuses: 'CARD_EXPIRED' })
    const asked = request([paid], 100_00n, { payer: PAYEE })
    await on.flows.refund(on.pool, asked)
    await on.pass(HOUR)
    expect(await partsOf(asked.id)).toMatchObject([
      { state: 'waiting_for_approval', route: 'payout', code: 'CARD_EXPIRED' },
    ])
    expect(await exceptions()).toEqual(['approval_needed'])
    expect(await on.flows.refund(on.pool, request([paid], 1n))).toEqual({
      refused: 'refund_exceeds_payments',
    })
    const same = await on.flows.approveRefund(on.pool, asked.id, 'anna')
    expect(same).toEqual({ refused: 'approver_is_requester' })
    await on.flows.approveRefund(on.pool, asked.id, 'bert')
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(on.rails.b.moved('pay')).toBe(100_00n)
    expect(on.rails.a.moved('refund')).toBe(0n)
    expect((await collected(paid)).refunded).toBe(100_00n)
    expect(await on.balance(on.pool, on.owner)).toBe(100_00n)
    expect(await exceptions()).toEqual([])
  })

  it.each([
    ['after a year', {}, 366 * DAY, 100_00n],
    [
      'in part where only all goes',
      { refund: { windowDays: 9, countMost: 5, partial: false, gapMs: 0 } },
      0,
      60_00n,
    ],
    [
      'over the count',
      { refund: { windowDays: 9, countMost: 0, partial: true, gapMs: 0 } },
      0,
      60_00n,
    ],
  ])('%s nothing is sent the way back', async (_, rail, wait, amount) => {
    on = await outflowWorld({ rail })
    const paid = await on.collected(100_00n)
    await on.world.clock.advance(wait)
    const asked = request([paid], amount, { payer: PAYEE })
    await on.flows.refund(on.pool, asked)
    await on.settle()
    expect(await partsOf(asked.id)).toMatchObject([{ state: 'waiting_for_approval' }])
    expect(on.rails.a.moved('refund')).toBe(0n)
  })

  it('a payout whose money was spent while it waited for cash goes to a person', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    on.rails.a.next.push({ refuses: 'CARD_EXPIRED' })
    const asked = request([paid], 100_00n, { payer: PAYEE })
    await on.flows.refund(on.pool, asked)
    await on.settle()
    await on.flows.approveRefund(on.pool, asked.id, 'bert')
    expect(await partsOf(asked.id)).toMatchObject([{ state: 'paying_out' }])
    const other = on.world.ids.uuid()
    await on.ledger.writer(on.pool).submit({
      roots: [],
      open: [{ id: other, code: '2241.02', name: 'Other' }],
      transfers: [post(on.world.ids.uuid(), on.owner, other, 60_00n)],
    })
    await on.fund(500_00n, other)
    await on.flows.payouts.retryWaiting(on.pool)
    expect(await partsOf(asked.id)).toMatchObject([{ state: 'manual', route: 'manual' }])
    expect(await exceptions()).toEqual(['refund_route_closed'])
    expect((await collected(paid)).refunding).toBe(100_00n)
  })

  it('without a verified payer a person settles it', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    on.rails.a.next.push({ refuses: 'CARD_EXPIRED' })
    const asked = request([paid], 100_00n)
    await on.flows.refund(on.pool, asked)
    await on.pass(HOUR)
    expect(await partsOf(asked.id)).toMatchObject([{ state: 'manual', route: 'manual' }])
    expect(await exceptions()).toEqual(['refund_route_closed'])
    expect(await stateOf(asked.id)).toBe('processing')
    expect((await collected(paid)).refunding).toBe(100_00n)
  })

  it('a rail that says later is asked later, under another number', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    on.rails.a.balance = 1_00n
    on.rails.a.next.push({ refuses: 'BUSY' }, { refuses: 'BUSY' })
    const asked = request([paid], 100_00n)
    await on.flows.refund(on.pool, asked)
    await on.pass(HOUR)
    expect(await partsOf(asked.id)).toMatchObject([{ state: 'succeeded', attempts: 3 }])
    expect(on.rails.a.moved('refund')).toBe(100_00n)
  })
})

it('a channel short of balance is funded from the pool, once, and the refund goes on', async () => {
  on = await outflowWorld()
  const paid = await on.collected(100_00n)
  await on.fund(500_00n)
  const file = on.rails.a.closeDay('20260302')
  await on.flows.takeChannelFile(on.pool, 'a', file)
  const asked = request([paid], 100_00n)
  await on.flows.refund(on.pool, asked)
  await on.settle()
  expect(await partsOf(asked.id)).toMatchObject([{ state: 'planned', code: 'NOT_ENOUGH' }])
  expect(await exceptions()).toEqual(['refund_waiting_for_funds'])
  expect(on.rails.b.moved('pay')).toBe(100_00n)
  // The transfer arrives at the channel.
  on.rails.a.balance = 100_00n
  await on.pass(2 * HOUR)
  expect(await stateOf(asked.id)).toBe('succeeded')
  expect(on.rails.b.moved('pay')).toBe(100_00n)
  expect(
    await on.balance(on.atRail, on.ledger.writer(on.atRail).accountByCode('1012.03')!.id),
  ).toBe(100_00n)
  expect(await exceptions()).toEqual([])
  expect(await on.unproven()).toEqual([])
})

describe('a chargeback', () => {
  it('leaves less to refund, whoever is first', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    const back = () =>
      on.context.desk.context.ears.chargeback!(on.pool, 'a', {
        kind: 'chargeback',
        id: 'x',
        reference: paid.reference,
        amount: 100_00n,
        currency: 'CNY',
        says: 'fraud',
      })
    const [answer] = await Promise.all([
      on.flows.refund(on.pool, request([paid], 60_00n)),
      back(),
      back(),
    ])
    await on.pass(HOUR)
    const row = await collected(paid)
    expect(row.refunding + row.refunded).toBe(100_00n)
    expect('refund' in answer ? on.rails.a.moved('refund') : 0n).toBe(on.rails.a.moved('refund'))
    expect(await on.flows.refund(on.pool, request([paid], 1n))).toEqual({
      refused: 'refund_exceeds_payments',
    })
    const taken = on.ledger.writer(on.pool).accountByCode('1221.04')!.id
    expect(await on.balance(on.pool, taken)).toBe(100_00n)
    expect(await exceptions()).toContain('chargeback')
  })
})

it('Σ refunds never pass what came in, under every interleaving', async () => {
  on = await outflowWorld()
  await on.fund(1_000_00n)
  on.rails.a.balance = 10_000_00n
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 70n }), { minLength: 2, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(amounts, fc.integer({ min: 0, max: 3 }), async (amounts, fails) => {
      const paid = [await on.collected(50n), await on.collected(50n)]
      const before = on.rails.a.moved('refund')
      for (let time = 0; time < fails; time += 1) on.rails.a.next.push({ refuses: 'CARD_EXPIRED' })
      const answers = await Promise.all(
        amounts.map((amount) => on.flows.refund(on.pool, request(paid, amount))),
      )
      const promised = answers.reduce(
        (sum, each) => sum + ('refund' in each ? each.refund.amount : 0n),
        0n,
      )
      expect(promised <= 100n).toBe(true)
      await on.pass(HOUR)
      const rows = [await collected(paid[0]!), await collected(paid[1]!)]
      const sum = rows.reduce((all, { refunding, refunded }) => all + refunding + refunded, 0n)
      expect(sum).toBe(promised)
      expect(on.rails.a.moved('refund') - before).toBe(rows[0]!.refunded + rows[1]!.refunded)
      on.rails.a.next.length = 0
    }),
    { numRuns: 8 },
  )
  expect(await on.unproven()).toEqual([])
})
