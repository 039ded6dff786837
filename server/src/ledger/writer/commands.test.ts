/**
 * Ids, links and limits under many callers at once: an id is booked once, a link moves whole or not at
 * all, and accounts and periods that are closed take nothing.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { provenBook, type TestBook, type TestLedger, testLedger } from '../../../testing/book.ts'
import { until } from '../../../testing/watch.ts'
import type { AccountChange, TransferResult } from '../command.ts'
import { type Leg, post } from '../transfer.ts'

let test: TestLedger
let book: TestBook
beforeAll(async () => {
  test = await testLedger()
})
afterAll(() => test?.stop())
beforeEach(async () => {
  book = await test.openBook()
})

const uuid = () => test.world.ids.uuid()
const rows = async () => {
  const [row] = await test.database.db.query<{ rows: number }>(
    'select count(*)::int as rows from ledger.transfer where book_id = $1',
    [book.number],
  )
  return row!.rows
}
const replays = (results: readonly TransferResult[]) => results.filter(({ replayed }) => replayed)
const many = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))

async function sound(): Promise<void> {
  expect(await provenBook(test.database.db, book.number, book.writer)).toEqual({
    proofs: [],
    differing: [],
  })
}

describe('one id', () => {
  it('fifty times at once: booked once, replayed forty-nine times', async () => {
    const request = post(uuid(), book.cash, book.alice, 7n)
    const results = await many(50, () => book.writer.transfer(request))
    expect(results.every(({ status }) => status === 'accepted')).toBe(true)
    expect(replays(results).length).toBe(49)
    expect(
      new Set(results.map((each) => (each.status === 'accepted' ? each.number : 0n))).size,
    ).toBe(1)
    expect([await rows(), (await book.writer.balance(book.alice))!.creditsPosted]).toEqual([1, 7n])
  })

  it('fifty times with different content: one is booked, the others hear what differs', async () => {
    const id = uuid()
    const results = await many(50, (n) =>
      book.writer.transfer(post(id, book.cash, book.alice, BigInt(n + 1))),
    )
    const [first, ...others] = results
    expect(first).toMatchObject({ status: 'accepted', replayed: false })
    const differs = { status: 'refused', replayed: false, code: 'exists_with_different_amount' }
    expect(others).toEqual(others.map(() => differs))
    expect([await rows(), (await book.writer.balance(book.alice))!.creditsPosted]).toEqual([1, 1n])
  })

  it('fifty commands at once: the rows move once', async () => {
    const till = await book.till()
    const transfers = [1n, 2n].map((amount) => post(uuid(), book.cash, book.alice, amount))
    const event = { kind: 'till.paid', aggregate: till, payload: {} }
    const results = await many(50, () =>
      book.writer.submit({ roots: [till], transfers, events: [event] }),
    )
    expect(results.filter(({ status }) => status === 'committed').length).toBe(1)
    expect(results.filter(({ status }) => status === 'replayed').length).toBe(49)
    const events = await test.database.db.query('select from base.outbox where book_id = $1', [
      book.number,
    ])
    expect([await rows(), events.length]).toEqual([2, 1])
  })

  it('that was refused stays refused for everyone, also at once', async () => {
    const request = post(uuid(), book.alice, book.bob, 7n)
    const results = await many(50, () => book.writer.transfer(request))
    expect(
      results.every((each) => each.status === 'refused' && each.code === 'insufficient_funds'),
    ).toBe(true)
    expect(replays(results).length).toBe(49)
    await book.fund(book.alice, 100n)
    expect(await book.writer.transfer(request)).toMatchObject({ status: 'refused', replayed: true })
  })

  it('lies in a sealed partition and comes fifty times', async () => {
    const request = post(uuid(), book.cash, book.alice, 7n)
    const first = await book.writer.transfer(request)
    const legs = Array.from({ length: 1_000 }, () => ({
      debit: book.cash,
      credit: book.alice,
      amount: 1n,
    }))
    await many(11, () => book.writer.transfer({ type: 'post', id: uuid(), legs }))
    const sealed = 'select from ledger.partition where book_id = $1 and sealed_at is not null'
    await until(async () => (await test.database.db.query(sealed, [book.number])).length > 0)
    const results = await many(50, () => book.writer.transfer(request))
    expect(results).toEqual(results.map(() => ({ ...first, replayed: true })))
    expect(await rows()).toBe(11_001)
  })

  it('of a command of which only a part was booked is another command', async () => {
    const known = post(uuid(), book.cash, book.alice, 1n)
    await book.writer.transfer(known)
    const transfers = [post(uuid(), book.cash, book.alice, 1n), known]
    expect(await book.writer.submit({ roots: [], transfers })).toMatchObject({ status: 'refused' })
    expect(await rows()).toBe(1)
  })
})

describe('a reversal', () => {
  it('twice at once happens once', async () => {
    const subject = uuid()
    const legs = [
      { debit: book.cash, credit: book.alice, amount: 10n },
      { debit: book.alice, credit: book.bob, amount: 4n },
    ]
    await book.writer.transfer({ type: 'post', id: subject, legs })
    await book.fund(book.alice, 100n)
    const results = await many(2, () =>
      book.writer.transfer({ type: 'reverse', id: uuid(), subject }),
    )
    expect(results).toMatchObject([{ status: 'accepted' }, { code: 'already_reversed' }])
    expect(await book.writer.balance(book.bob)).toMatchObject({
      creditsPosted: 4n,
      debitsPosted: 4n,
    })
    await test.reopen()
    const late = { type: 'reverse', id: uuid(), subject } as const
    expect(await test.ledger.writer(book.number).transfer(late)).toMatchObject({
      code: 'already_reversed',
    })
  })
})

describe('linked legs', () => {
  const legs = (last: Leg): Leg[] => [
    ...Array.from({ length: 999 }, () => ({ debit: book.cash, credit: book.alice, amount: 1n })),
    last,
  ]

  it('a thousand move together', async () => {
    const last = { debit: book.alice, credit: book.bob, amount: 999n }
    expect(
      await book.writer.transfer({ type: 'post', id: uuid(), legs: legs(last) }),
    ).toMatchObject({
      status: 'accepted',
      number: 1n,
    })
    expect(await rows()).toBe(1_000)
    expect(await book.writer.balance(book.bob)).toMatchObject({ creditsPosted: 999n })
    await sound()
  })

  it('or none does, whichever of them is refused; the next one takes their numbers', async () => {
    const last = { debit: book.alice, credit: book.bob, amount: 1_000n }
    const [refused, after] = await Promise.all([
      book.writer.transfer({ type: 'post', id: uuid(), legs: legs(last) }),
      book.writer.transfer(post(uuid(), book.cash, book.carol, 5n)),
    ])
    expect(refused).toMatchObject({ code: 'insufficient_funds' })
    expect(after).toMatchObject({ status: 'accepted', number: 1n })
    expect(await rows()).toBe(1)
    expect(await book.writer.balance(book.alice)).toMatchObject({ creditsPosted: 0n })
    await sound()
  })

  it('are a thousand at most', async () => {
    const leg = { debit: book.cash, credit: book.alice, amount: 1n }
    const over = { type: 'post', id: uuid(), legs: [...legs(leg), leg] } as const
    expect(await book.writer.transfer(over)).toMatchObject({ code: 'legs_out_of_range' })
  })
})

describe('a closed period', () => {
  it('takes nothing, and opens no more', async () => {
    const now = test.world.clock.now()
    const close = (before: number) => book.writer.submit({ roots: [], closeBefore: before })
    expect(await close(now - 1_000)).toMatchObject({ status: 'committed' })
    const at = (effectiveAt: number) =>
      book.writer.transfer({ ...post(uuid(), book.cash, book.alice, 1n), effectiveAt })
    expect(await at(now - 1_001)).toMatchObject({ code: 'period_closed' })
    expect(await at(now - 1_000)).toMatchObject({ status: 'accepted' })
    expect(await at(now + 1)).toMatchObject({ code: 'effective_at_in_future' })
    expect(await close(now - 1_000)).toEqual({ status: 'stale', effect: 'ledger.close_before' })
    expect(await close(now - 2_000)).toMatchObject({ status: 'stale' })
    expect(await close(now + 1)).toMatchObject({ status: 'committed' })
    // Also what is booked now, and the hot path with nothing special about it.
    expect(await book.writer.transfer(post(uuid(), book.cash, book.alice, 1n))).toMatchObject({
      code: 'period_closed',
    })
    expect(await test.ledger.book(book.number)).toMatchObject({ closedBefore: now + 1 })
  })
})

describe('an account', () => {
  const change = (account: string, to: Omit<AccountChange, 'account'>) =>
    book.writer.submit({ roots: [], change: [{ account, ...to }] })
  const send = (debit: string, credit: string, amount = 1n) =>
    book.writer.transfer(post(uuid(), debit, credit, amount))

  it('that is frozen takes money in and lets none out', async () => {
    await book.fund(book.alice, 10n)
    expect(await change(book.alice, { state: 'frozen' })).toMatchObject({ status: 'committed' })
    expect(await send(book.alice, book.bob)).toMatchObject({ code: 'debit_account_frozen' })
    expect(await send(book.cash, book.alice)).toMatchObject({ status: 'accepted' })
    await change(book.alice, { state: 'open' })
    expect(await send(book.alice, book.bob)).toMatchObject({ status: 'accepted' })
    await sound()
  })

  it('is closed only when it is empty, and then takes nothing', async () => {
    await book.fund(book.alice, 10n)
    const stale = { status: 'stale', effect: 'ledger.change_account' }
    expect(await change(book.alice, { state: 'closed' })).toEqual(stale)
    await send(book.alice, book.bob, 10n)
    expect(await change(book.alice, { state: 'closed' })).toMatchObject({ status: 'committed' })
    expect(await send(book.cash, book.alice)).toMatchObject({ code: 'credit_account_closed' })
    expect(await send(book.alice, book.cash)).toMatchObject({ code: 'debit_account_closed' })
  })

  it('falls as far as its credit limit lets it, which cannot be drawn from under it', async () => {
    expect(await send(book.alice, book.bob)).toMatchObject({ code: 'insufficient_funds' })
    await change(book.alice, { creditLimit: 50n })
    expect(await send(book.alice, book.bob, 51n)).toMatchObject({ code: 'insufficient_funds' })
    expect(await send(book.alice, book.bob, 50n)).toMatchObject({ status: 'accepted' })
    expect(await change(book.alice, { creditLimit: 49n })).toMatchObject({ status: 'stale' })
    expect(book.writer.account(book.alice)).toMatchObject({ creditLimit: 50n })
    expect(await change(book.alice, { creditLimit: null })).toMatchObject({ status: 'committed' })
    expect(await send(book.alice, book.bob, 1_000_000n)).toMatchObject({ status: 'accepted' })
    await sound()
  })

  it('is opened once, with the transfers of its command or not at all', async () => {
    const id = uuid()
    const command = {
      roots: [],
      open: [{ id, code: 'L', name: 'Dora' }],
      transfers: [post(uuid(), book.alice, id, 5n)],
    }
    expect(await book.writer.submit(command)).toMatchObject({ code: 'insufficient_funds' })
    expect(book.writer.account(id)).toBeUndefined()
    const funded = { ...command, transfers: [post(uuid(), book.cash, id, 5n)] }
    expect(await book.writer.submit(funded)).toMatchObject({ status: 'committed' })
    expect(await book.writer.balance(id)).toMatchObject({ creditsPosted: 5n })
    const again = { ...command, transfers: [] }
    expect(await book.writer.submit(again)).toEqual({
      status: 'stale',
      effect: 'ledger.open_account',
    })
    await sound()
  })
})
