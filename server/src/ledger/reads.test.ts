/** Reading the books: pages over partitions, balances and trial balances of a past instant, proofs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Instant } from '#base'
import { type TestBook, type TestLedger, testLedger } from '../../testing/book.ts'
import { until } from '../../testing/watch.ts'
import { posted } from './account.ts'
import type { StatementLine } from './ledger.ts'
import { createReads } from './reads.ts'
import type { LedgerReads } from './routes.ts'
import { type Leg, post } from './transfer.ts'

let test: TestLedger
let book: TestBook
let reads: LedgerReads
beforeEach(async () => {
  test = await testLedger()
  book = await test.openBook()
  reads = createReads(test.database.db)
})
afterEach(() => test?.stop())

const uuid = () => test.world.ids.uuid()
const now = (): Instant => test.world.clock.now()
const edit = (sql: string) => test.database.db.query(sql, [book.number])

/** Every line of an account, read page by page. */
async function linesOf(account: string, limit: number): Promise<StatementLine[]> {
  const lines: StatementLine[] = []
  for (;;) {
    const last = lines.at(-1)
    const page = { limit, ...(last !== undefined && { before: last.number }) }
    const more = await reads.statement(book.number, account, page)
    lines.push(...more)
    if (more.length < limit) return lines
  }
}

describe('a statement', () => {
  it('goes page by page over partitions, sealed and open, without a gap', async () => {
    const legs = Array.from({ length: 1_000 }, (_, n): Leg => {
      const credit = n % 2 === 0 ? book.alice : book.bob
      return { debit: book.cash, credit, amount: BigInt(1 + (n % 5)) }
    })
    const ids: string[] = []
    for (let n = 0; n < 12; n += 1) {
      ids.push(uuid())
      await book.writer.transfer({ type: 'post', id: ids[n]!, legs })
    }
    const sealed = 'select from ledger.partition where book_id = $1 and sealed_at is not null'
    await until(async () => (await edit(sealed)).length === 1)
    const lines = await linesOf(book.alice, 333)
    expect(lines.map(({ number }) => Number(number))).toEqual(
      Array.from({ length: 6_000 }, (_, n) => 12_000 - 1 - 2 * n),
    )
    let balance = 0n
    for (const line of [...lines].reverse()) {
      balance += line.amount
      expect(line.balanceAfter).toBe(balance)
    }
    expect(balance).toBe(posted((await book.writer.balance(book.alice))!, 'credit'))
    expect(lines[0]).toMatchObject({
      id: ids[11],
      leg: 998,
      type: 'post',
      side: 'credit',
      counterpart: book.cash,
    })
    expect(lines.at(-1)).toMatchObject({ id: ids[0], leg: 0, number: 1n })
    expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(ids))
  })

  it('shows what was booked in the last second, and every type by its name', async () => {
    const hold = uuid()
    const { writer, cash, alice, bob, carol } = book
    const deposit = { ...post(uuid(), cash, alice, 100n), purpose: 'down_payment' }
    const yesterday = now() - 86_400_000
    await Promise.all([
      writer.transfer({ ...deposit, effectiveAt: yesterday }),
      writer.transfer({ type: 'hold', id: hold, debit: alice, credit: bob, amount: 60n }),
      writer.transfer({
        type: 'release',
        id: uuid(),
        hold,
        parts: [{ credit: carol, amount: 20n }],
      }),
      writer.transfer({ type: 'void', id: uuid(), hold }),
    ])
    await writer.transfer({
      type: 'reverse',
      id: uuid(),
      subject: (await linesOf(carol, 10))[0]!.id,
    })
    const shown = (await linesOf(alice, 2)).map(({ type, side, amount, balanceAfter }) => [
      type,
      side,
      amount,
      balanceAfter,
    ])
    expect(shown).toEqual([
      ['reverse', 'credit', 20n, 100n],
      ['void', 'debit', 40n, 80n],
      ['release', 'debit', 20n, 80n],
      ['hold', 'debit', 60n, 100n],
      ['post', 'credit', 100n, 100n],
    ])
    expect((await linesOf(alice, 10)).at(-1)).toMatchObject({
      purpose: 'down_payment',
      effectiveAt: yesterday,
      bookedAt: now(),
    })
    expect(await reads.statement(book.number, uuid(), { limit: 10 })).toEqual([])
  })
})

describe('the books at an instant', () => {
  it('are what had been booked by then, holds included', async () => {
    const { writer, cash, alice, bob, carol } = book
    const hold = uuid()
    const steps: (() => Promise<unknown>)[] = [
      () => writer.transfer(post(uuid(), cash, alice, 100n)),
      () => writer.transfer({ type: 'hold', id: hold, debit: alice, credit: bob, amount: 60n }),
      () =>
        writer.transfer({
          type: 'release',
          id: uuid(),
          hold,
          parts: [{ credit: carol, amount: 25n }],
        }),
      () => writer.transfer({ type: 'void', id: uuid(), hold }),
      () => writer.submit({ roots: [], open: [{ id: uuid(), code: 'L', name: 'Dora' }] }),
      () => writer.transfer(post(uuid(), carol, bob, 5n)),
    ]
    const accounts = [cash, alice, bob, carol]
    const known: { at: Instant; balances: unknown[] }[] = []
    for (const step of steps) {
      await test.world.clock.advance(1_000)
      await step()
      const balances = await Promise.all(accounts.map((id) => writer.balance(id)))
      known.push({ at: now(), balances })
    }
    const at = (instant: Instant) =>
      Promise.all(accounts.map((id) => reads.balanceAt(book.number, id, instant)))
    const nothing = { debitsPosted: 0n, creditsPosted: 0n, debitsPending: 0n, creditsPending: 0n }
    expect(await at(known[0]!.at - 1)).toEqual(accounts.map(() => nothing))
    for (const [index, { at: instant, balances }] of known.entries()) {
      // At the instant itself, and just before the next step.
      for (const when of [instant, instant + 999]) {
        expect(await at(when)).toEqual(balances)
        const rows = await reads.trialBalance(book.number, when)
        expect(rows.map(({ account }) => account.name)).toEqual(
          ['Cash', 'Alice', 'Bob', 'Carol', 'Dora'].slice(0, index < 4 ? 4 : 5),
        )
        expect(rows.slice(0, 4).map(({ balance }) => balance)).toEqual(balances)
        const sum = (side: 'debitsPosted' | 'creditsPosted') =>
          rows.reduce((total, { balance }) => total + balance[side], 0n)
        expect(sum('debitsPosted')).toBe(sum('creditsPosted'))
      }
    }
    expect(
      (await reads.trialBalance(book.number)).slice(0, 4).map(({ balance }) => balance),
    ).toEqual(known.at(-1)!.balances)
  })
})

describe('the proofs', () => {
  beforeEach(async () => {
    await book.fund(book.alice, 100n)
    const { alice: debit, bob: credit } = book
    await book.writer.transfer({ type: 'hold', id: uuid(), debit, credit, amount: 60n })
    await book.writer.transfer(post(uuid(), book.alice, book.carol, 10n))
    await test.ledger.close()
  })

  it('hold, and say what they compared', async () => {
    expect(await reads.proofs(book.number)).toEqual([
      { name: 'debits_equal_credits', left: 110n, right: 110n, holds: true },
      { name: 'balances_equal_transfers', left: 0n, right: 0n, holds: true },
      { name: 'pending_equals_open_holds', left: 60n, right: 60n, holds: true },
    ])
  })

  it.each([
    [
      'a balance is edited',
      'update ledger.account set credits_posted = credits_posted + 1 where book_id = $1 and number = 2',
      ['debits_equal_credits', 'balances_equal_transfers'],
      'Account 2 (L Alice)',
    ],
    [
      'two balances are edited so that the sums still agree',
      `update ledger.account set credits_posted = credits_posted + case number when 3 then 5 else -5 end
       where book_id = $1 and number in (3, 4)`,
      ['balances_equal_transfers'],
      'Account 3 (L Bob)',
    ],
    [
      'a transfer is edited',
      'update ledger.transfer set amount = 11 where book_id = $1 and id = 3',
      ['balances_equal_transfers'],
      'Account 2 (L Alice)',
    ],
    [
      'a transfer is taken out',
      'delete from ledger.transfer where book_id = $1 and id = 3',
      ['balances_equal_transfers'],
      'Account 2 (L Alice)',
    ],
    [
      'a hold is edited',
      'update ledger.hold set remaining = 59 where book_id = $1',
      ['pending_equals_open_holds'],
      'Account 2 (L Alice)',
    ],
    [
      'what is pending is edited',
      'update ledger.account set credits_pending = 61 where book_id = $1 and number = 3',
      ['pending_equals_open_holds'],
      'Account 3 (L Bob)',
    ],
  ])('name the account when %s', async (_, sql, failing, account) => {
    await edit(sql)
    const proofs = (await reads.proofs(book.number)).filter(({ holds }) => !holds)
    expect(proofs.map(({ name }) => name)).toEqual(failing)
    expect(proofs.at(-1)!.detail).toContain(account)
  })
})
