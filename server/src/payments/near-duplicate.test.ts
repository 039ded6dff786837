import { afterEach, describe, expect, it } from 'vitest'
import { Personal } from '#base'
import { post } from '#ledger'
import { listExceptions } from './exception-store.ts'
import { payoutPublicId } from './payout.ts'
import { findPayout } from './payout-store.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

const DAY = 86_400_000
const OTHER_PAYEE = { ...PAYEE, account: new Personal('card', '6228480402564890026') }

let on: OutflowWorld

afterEach(() => on.stop())

const started = async () => {
  on = await outflowWorld({ nearDuplicateMs: DAY })
  await on.fund(10_000_00n)
}

const order = (more: Partial<Parameters<OutflowWorld['flows']['payouts']['create']>[1]> = {}) => ({
  id: on.world.ids.uuid(),
  requestHash: '00',
  source: on.owner,
  amount: 100_00n,
  payee: PAYEE,
  memo: 'commission',
  requestedBy: 'anna',
  ...more,
})

/** Asks for a payout and answers its state. */
async function paid(more: Parameters<typeof order>[0] = {}, book = on.pool) {
  const asked = order(more)
  const answer = await on.flows.payouts.create(book, asked)
  if ('refused' in answer) throw new Error(`refused: ${answer.refused}`)
  return { id: asked.id, state: answer.payout.state, code: answer.payout.code, asked }
}

const waiting = async () =>
  (await listExceptions(on.context.db, { book: on.pool, state: 'open' })).map((each) => ({
    kind: each.kind,
    about: each.about,
    evidence: each.evidence,
  }))

describe('a payout like another one', () => {
  it('waits for a second person, who is told of the other', async () => {
    await started()
    const first = await paid()
    const second = await paid()
    expect(first).toMatchObject({ state: 'processing', code: '' })
    expect(second).toMatchObject({ state: 'waiting_for_approval', code: 'near_duplicate' })
    const other = payoutPublicId(on.pool, first.id)
    expect((await findPayout(on.context.db, on.pool, second.id))?.message).toBe(other)
    expect(await waiting()).toMatchObject([
      {
        kind: 'approval_needed',
        about: payoutPublicId(on.pool, second.id),
        evidence: { reason: 'near_duplicate', other },
      },
    ])
    await on.settle()
    expect(on.rails.b.moved('pay')).toBe(100_00n)
    const { payouts } = on.flows
    expect(await payouts.approve(on.pool, second.id, 'anna')).toEqual({
      refused: 'approver_is_requester',
    })
    expect(await payouts.approve(on.pool, second.id, 'boris')).toMatchObject({
      payout: { state: 'processing' },
    })
    await on.settle()
    expect(on.rails.b.moved('pay')).toBe(200_00n)
    expect(await waiting()).toEqual([])
    expect(await on.unproven()).toEqual([])
  })

  it('asked for again under its own key is the same one', async () => {
    await started()
    const { asked } = await paid()
    expect(await on.flows.payouts.create(on.pool, asked)).toMatchObject({
      created: false,
      payout: { state: 'processing' },
    })
    expect(await waiting()).toEqual([])
  })

  it.each([
    ['another amount', () => ({ amount: 100_01n })],
    ['another payee', () => ({ payee: OTHER_PAYEE })],
  ])('differs by %s: it passes', async (_, more) => {
    await started()
    await paid()
    expect(await paid(more())).toMatchObject({ state: 'processing' })
  })

  it.each([
    ['one millisecond before the day is over', DAY - 1, 'waiting_for_approval'],
    ['when the day is over', DAY, 'processing'],
  ])('asked for %s', async (_, ms, state) => {
    await started()
    await paid()
    await on.world.clock.advance(ms)
    expect(await paid()).toMatchObject({ state })
  })

  it('of which many are asked for at once: exactly one passes without a second person', async () => {
    await started()
    const made = await Promise.all(Array.from({ length: 40 }, () => paid()))
    const states = made.map(({ state }) => state)
    expect(states.filter((state) => state === 'processing')).toHaveLength(1)
    expect(states.filter((state) => state === 'waiting_for_approval')).toHaveLength(39)
    await on.settle()
    expect(on.rails.b.moved('pay')).toBe(100_00n)
  })

  it('of which many are asked for just when the day is over: again exactly one passes', async () => {
    await started()
    await paid()
    await on.world.clock.advance(DAY)
    const made = await Promise.all(Array.from({ length: 20 }, () => paid()))
    expect(made.filter(({ state }) => state === 'processing')).toHaveLength(1)
  })

  it('is compared with one that waits, too, and with one that was let go since', async () => {
    await started()
    const held = await paid({ approval: true })
    expect(held).toMatchObject({ state: 'waiting_for_approval', code: '' })
    expect(await paid()).toMatchObject({ code: 'near_duplicate' })
    await on.world.clock.advance(DAY - 1)
    const { asked } = await paid({
      amount: 5_00n,
      approval: true,
      validUntil: on.world.clock.now() + 5 * DAY,
    })
    await on.world.clock.advance(2 * DAY)
    await on.flows.payouts.approve(on.pool, asked.id, 'boris')
    expect(await paid({ amount: 5_00n })).toMatchObject({ code: 'near_duplicate' })
  })

  it('that was refused for lack of money does not stand in the way of the next', async () => {
    await started()
    const refused = await on.flows.payouts.create(on.pool, order({ amount: 50_000_00n }))
    expect(refused).toMatchObject({ refused: expect.any(String) })
    await on.fund(60_000_00n)
    expect(await paid({ amount: 50_000_00n })).toMatchObject({ state: 'processing' })
  })

  it('that waits for cash stands in the way of the next', async () => {
    on = await outflowWorld({ nearDuplicateMs: DAY })
    await on.collected(300_00n)
    expect(await paid()).toMatchObject({ state: 'waiting_for_cash' })
    expect(await paid()).toMatchObject({ code: 'near_duplicate' })
  })
})

describe('payouts of two books of one organisation', () => {
  it('are compared, and the other is named with its book', async () => {
    await started()
    const first = await paid()
    const chart = 'custody_pool'
    const book = await on.ledger.createBook({ orgId: 1, name: 'Two', currency: 'CNY', chart })
    const writer = on.ledger.writer(book.number)
    const source = on.world.ids.uuid()
    await writer.submit({ roots: [], open: [{ id: source, code: '2241.03', name: 'Seller' }] })
    const cash = writer.accountByCode('1012.02')!.id
    await writer.transfer(post(on.world.ids.uuid(), cash, source, 500_00n))
    const second = await paid({ source }, book.number)
    expect(second).toMatchObject({ state: 'waiting_for_approval', code: 'near_duplicate' })
    const kept = await findPayout(on.context.db, book.number, second.id)
    expect(kept?.message).toBe(payoutPublicId(on.pool, first.id))
  })
})
