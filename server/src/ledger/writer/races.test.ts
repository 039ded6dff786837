/**
 * What happens while an entry waits for the database: what it was told may be of the past by the time
 * it is decided, others on its root must stay behind it, and the book may be lost under it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { add, move, type TestBook, type TestLedger, testLedger } from '../../../testing/book.ts'
import { createGate, type Gate } from '../../../testing/gate.ts'
import { quiet, until, watched } from '../../../testing/watch.ts'
import { NotOwner } from '../command.ts'
import { post } from '../transfer.ts'
import { DirtyAccounts } from './dirty.ts'

let test: TestLedger
let book: TestBook
let gate: Gate
beforeEach(async () => {
  gate = createGate()
  test = await testLedger({ through: 'wire', pool: (db) => gate.before(db) })
  book = await test.openBook()
  await book.fund(book.alice, 1_000n)
  // Another hold, so that what alice reserves stays above zero whatever goes wrong below.
  await hold(200n)
})
afterEach(async () => {
  gate?.open()
  await test?.stop()
})

const uuid = () => test.world.ids.uuid()
const pay = (amount = 1n) => book.writer.transfer(post(uuid(), book.cash, book.carol, amount))
const pays = (count: number) => Array.from({ length: count }, () => pay())
const HOLDS = /from ledger\.hold/

async function hold(amount: bigint): Promise<string> {
  const id = uuid()
  const result = await book.writer.transfer({
    type: 'hold',
    id,
    debit: book.alice,
    credit: book.bob,
    amount,
  })
  expect(result.status).toBe('accepted')
  return id
}

const endHold = (id: string) => book.writer.transfer({ type: 'void', id: uuid(), hold: id })

/** A command whose hold is not in memory any more, so that it waits for the database. */
async function waiting(till: string) {
  const ended = await hold(1n)
  await endHold(ended)
  gate.shut(HOLDS)
  const command = watched(
    book.writer.submit({
      roots: [till],
      transfers: [{ type: 'release', id: uuid(), hold: ended }],
      refused: () => ({ effects: [move(till, 'open', 'refused')] }),
    }),
  )
  await gate.reached()
  return command
}

describe('an entry that waits for the database', () => {
  it('does not release a hold that ended meanwhile', async () => {
    const ended = await hold(80n)
    const till = await book.till()
    // Its id is known, because it was decided and taken out once: it is looked up when it comes again.
    const release = { type: 'release', id: uuid(), hold: ended } as const
    const command = (from: string) => ({
      roots: [till],
      transfers: [release],
      effects: [move(till, from, 'paid')],
    })
    expect(await book.writer.submit(command('closed'))).toMatchObject({ status: 'stale' })
    gate.shut(HOLDS)
    const again = book.writer.submit(command('open'))
    await gate.reached()
    expect(await endHold(ended)).toMatchObject({ status: 'accepted' })
    gate.open()
    expect(await again).toMatchObject({ status: 'refused', code: 'hold_already_voided' })
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 0n,
      debitsPending: 200n,
    })
  })

  it('keeps later commands on its root behind it, however many batches pass', async () => {
    const till = await book.till()
    const other = await book.till()
    const first = await waiting(till)
    const second = watched(
      book.writer.submit({ roots: [other, till], effects: [move(till, 'refused', 'done')] }),
    )
    const third = watched(book.writer.submit({ roots: [other], effects: [add(other, 1)] }))
    const free = await book.till()
    for (let n = 0; n < 3; n += 1) {
      await book.writer.submit({ roots: [free], effects: [add(free, 1)] })
      await Promise.all(pays(10))
    }
    expect([first, second, third].map(({ answered }) => answered)).toEqual([false, false, false])
    gate.open()
    expect(await first.promise).toMatchObject({ code: 'hold_already_voided' })
    expect(await second.promise).toMatchObject({ status: 'committed' })
    expect(await third.promise).toMatchObject({ status: 'committed' })
    expect((await book.tills()).get(till)!.state).toBe('done')
  })

  it('hears, with those behind it, that another took the book', async () => {
    const till = await book.till()
    const first = await waiting(till)
    const second = watched(book.writer.submit({ roots: [till], effects: [add(till, 1)] }))
    await quiet()
    await test.database.db.query('update ledger.head set epoch = epoch + 1 where book_id = $1', [
      book.number,
    ])
    await expect(pay()).rejects.toBeInstanceOf(NotOwner)
    gate.open()
    await expect(first.promise).rejects.toBeInstanceOf(NotOwner)
    await expect(second.promise).rejects.toBeInstanceOf(NotOwner)
  })

  it('asks again when the database went away under it', async () => {
    const ended = await hold(1n)
    await endHold(ended)
    gate.shut(HOLDS)
    const release = watched(book.writer.transfer({ type: 'release', id: uuid(), hold: ended }))
    await gate.reached()
    // Its second statement is refused a connection, because all are cut.
    test.wire.cutAll()
    gate.open()
    await quiet()
    expect(release.answered).toBe(false)
    test.wire.heal()
    expect(await release.promise).toMatchObject({ code: 'hold_already_voided' })
  })
})

describe('two batches in flight', () => {
  it('a hold that the second ends is not forgotten with the first', async () => {
    const first = test.wire.holdCommit('answer')
    const id = uuid()
    const opened = book.writer.transfer({
      type: 'hold',
      id,
      debit: book.alice,
      credit: book.bob,
      amount: 80n,
    })
    await first.reached
    const second = test.wire.holdCommit('seal')
    const ended = endHold(id)
    const beside = pays(600)
    await quiet()
    first.release()
    await second.reached
    await opened
    // The database still holds it open; memory must know better.
    const released = book.writer.transfer({ type: 'release', id: uuid(), hold: id })
    const more = pays(600)
    await quiet()
    second.release()
    expect(await ended).toMatchObject({ status: 'accepted' })
    expect(await released).toMatchObject({ status: 'refused', code: 'hold_already_voided' })
    await Promise.all([...beside, ...more])
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 0n,
      debitsPending: 200n,
    })
  })

  it('a hold that the second would have ended is there when the second is lost', async () => {
    const first = test.wire.holdCommit('answer')
    const id = uuid()
    const { alice: debit, bob: credit } = book
    const opened = book.writer.transfer({ type: 'hold', id, debit, credit, amount: 80n })
    await first.reached
    const lost = test.wire.cutCommit('lost')
    const ended = endHold(id)
    const beside = pays(600)
    await quiet()
    first.release()
    await lost
    await opened
    expect(await ended).toMatchObject({ status: 'accepted' })
    expect(await book.writer.hold(id)).toMatchObject({ state: 'voided', remaining: 0n })
    await Promise.all(beside)
  })

  it('a second that gets no connection ends after the first, and readers wait meanwhile', async () => {
    await quiet()
    const held = test.wire.holdCommit('answer')
    const first = watched(pay(5n))
    await held.reached
    test.wire.refuse()
    const second = watched(Promise.all(pays(600)))
    const balance = watched(book.writer.balance(book.carol))
    await quiet()
    expect([first, second, balance].map(({ answered }) => answered)).toEqual([false, false, false])
    held.release()
    expect(await first.promise).toMatchObject({ status: 'accepted' })
    test.wire.heal()
    expect((await second.promise).every(({ status }) => status === 'accepted')).toBe(true)
    await until(() => balance.answered)
    expect(await book.writer.balance(book.carol)).toMatchObject({ creditsPosted: 605n })
  })
})

describe('account rows that a failed batch took along', () => {
  it('lag from where they lagged before, though a batch behind changed them again', () => {
    const dirty = new DirtyAccounts()
    dirty.add(7, 10, 0)
    const behind: number[] = []
    expect(dirty.take(5_000, false, behind)).toEqual([7])
    // The batch behind changes the account and another, before the first is known to have failed.
    dirty.add(7, 30, 5_000)
    dirty.add(8, 30, 5_000)
    dirty.putBack([7], behind)
    expect(dirty.completeUpTo(99)).toBe(9)
    expect(dirty.take(9_000, true, [])).toEqual([7, 8])
    expect(dirty.completeUpTo(99)).toBe(99)
  })
})
