/** What an entry of the bank is to payments, by a table; and that a collection is cleared once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { derivedUuid, type Uuid } from '#base'
import { matchTransfer, showCode, transferCode } from '#channels'
import { type TestPayments, testPayments } from '../../testing/payments.ts'
import type { Attempt } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import { type Clearing, createClearing, type EntryForAccount, type Recognised } from './clearing.ts'
import { suspenseOf, transitId } from './context.ts'
import { transfersOf } from './outside-transfers.ts'

let on: TestPayments
let clearing: Clearing

beforeAll(async () => {
  on = await testPayments()
  clearing = createClearing(on.payments.context, {
    transfers: transfersOf(on.payments.context, 'rail', matchTransfer),
  })
})

afterAll(() => on.stop())

async function ordered(key: string): Promise<Attempt> {
  const opened = await on.payments.openPayIn(on.wanted(key))
  if ('refused' in opened) throw new Error(opened.refused)
  return opened.attempts[0]!
}

async function paid(key: string): Promise<Attempt> {
  const attempt = await ordered(key)
  on.rail.finish(attempt.reference)
  await on.payments.takeCallback('rail', on.rail.callback(attempt.reference))
  return attempt
}

let flows = 0
function entry(attempt: Pick<Attempt, 'reference'>, more: Partial<EntryForAccount> = {}) {
  flows += 1
  return {
    ...{ flow: `flow${flows}`, amount: 10_000n, currency: 'CNY', date: '20260302' },
    ...{ memo: `UPOP ${attempt.reference} 1`, account: on.destination, confirmed: true },
    ...more,
  }
}

const recognise = (each: EntryForAccount) => clearing.recognise(on.book, each)

/** Books an entry as the keeper of a pool does: the cash against the transit account. */
async function book(each: EntryForAccount, known: Recognised | undefined) {
  if (known?.kind !== 'clears') throw new Error(`it is ${known?.kind}`)
  const { transit, roots, open, effects } = known
  const writer = on.ledger.writer(on.book)
  const cash = writer.accountByCode('1012.02')!.id
  return writer.submit({
    ...{ roots, open, effects },
    transfers: [
      {
        type: 'post',
        id: derivedUuid('test.cleared', each.flow),
        legs: [{ debit: cash, credit: transit, amount: each.amount }],
      },
    ],
  })
}

describe('an entry that names a payment', () => {
  let attempt: Attempt
  beforeAll(async () => {
    attempt = await paid('table')
  })

  test.each<[string, (one: Attempt) => EntryForAccount, string | undefined]>([
    ['and agrees', (one) => entry(one), 'clears'],
    ['and agrees, told by a notice', (one) => entry(one, { confirmed: false }), 'clears'],
    ['with a fen less', (one) => entry(one, { amount: 9_999n }), 'differs'],
    ['with a fen more', (one) => entry(one, { amount: 10_001n }), 'differs'],
    ['in another currency', (one) => entry(one, { currency: 'USD' }), 'differs'],
    ['of another account', (one) => entry(one, { account: 'f'.repeat(32) }), 'differs'],
    ['cut short', (one) => entry(one, { memo: one.reference.slice(0, -1) }), undefined],
    ['run together', (one) => entry(one, { memo: `x${one.reference}` }), undefined],
    ['not at all', (one) => entry(one, { memo: 'deposit 2026-03' }), undefined],
  ])('%s', async (_, of, kind) => {
    expect((await recognise(of(attempt)))?.kind).toBe(kind)
  })

  test('of two is nobody’s', async () => {
    const other = await paid('other of two')
    const memo = `${attempt.reference} ${other.reference}`
    expect(await recognise(entry(attempt, { memo }))).toMatchObject({ kind: 'differs' })
  })

  test('agrees by its transit account and where it was credited', async () => {
    expect(await recognise(entry(attempt))).toMatchObject({
      transit: transitId(on.book, 'rail'),
      credited: on.destination,
    })
  })
})

test('a collection is cleared once, by whichever entry is first', async () => {
  const attempt = await paid('once')
  const before = await on.transit()
  const [first, second] = [entry(attempt), entry(attempt)]
  const known = await Promise.all([recognise(first), recognise(second)])
  const [one, two] = await Promise.all([book(first, known[0]), book(second, known[1])])
  expect([one.status, two.status].sort()).toEqual(['committed', 'stale'])
  expect(await on.transit()).toBe(before - 10_000n)
  expect(await recognise(second)).toMatchObject({
    kind: 'differs',
    says: `flow ${first.flow} has brought the cash of ${attempt.reference}`,
  })
})

test('cash that comes before the rail has answered tells that the payer paid', async () => {
  const attempt = await ordered('early')
  const coming = async () =>
    (await clearing.onItsWay(on.book, [on.destination])).get(on.destination)
  const before = await on.balance(on.destination)
  const open = (await coming())!.open
  expect(await recognise(entry(attempt, { confirmed: false }))).toEqual({ kind: 'waits' })
  expect(await on.balance(on.destination)).toBe(before)
  const each = entry(attempt)
  const known = await recognise(each)
  // Decided again after a crash between the two commands, it is the same.
  expect(await recognise(each)).toEqual(known)
  expect(await on.balance(on.destination)).toBe(before + 10_000n)
  expect((await coming())!.open).toBe(open - 10_000n)
  const { uncleared } = (await coming())!
  await book(each, known)
  expect((await coming())?.uncleared ?? 0n).toBe(uncleared - 10_000n)
})

test('a payer’s own transfer is known by its code, and by its entry when that is decided again', async () => {
  const { id, reference } = await ordered('transfer')
  await on.database.db.query(
    `update payments.attempt set method = 'bank_transfer' where book_id = $1 and id = $2`,
    [on.book, id],
  )
  const memo = `房款 ${showCode(transferCode(reference))}`
  const each = entry({ reference }, { memo })
  expect(await recognise({ ...each, amount: 9_999n })).toBeUndefined()
  const known = await recognise(each)
  expect(known).toMatchObject({ kind: 'clears', credited: on.destination })
  expect(await recognise(each)).toEqual(known)
  await book(each, known)
  // The same transfer made once more is the payer's own money again.
  expect(await recognise(entry({ reference }, { memo }))).toBeUndefined()
})

test('money that came too late was credited to suspense, and so it is cleared', async () => {
  const attempt = await ordered('late')
  const id = on.wanted('late').id as Uuid
  await on.payments.closePayIn({ book: on.book, id })
  on.rail.finish(attempt.reference)
  await on.payments.takeCallback('rail', on.rail.callback(attempt.reference))
  const stands = await findAttempt(on.database.db, on.book, { id: attempt.id })
  expect(stands).toMatchObject({ bookedTo: 'suspense' })
  expect(await recognise(entry(attempt))).toMatchObject({
    kind: 'clears',
    credited: suspenseOf(on.ledger.writer(on.book)),
  })
})
