/**
 * Point 7 of the writer: a hold's money is reserved to the fen, its time is judged by the batch and
 * not by the sweep, and one that backs a live instruction does not expire.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDueSweeper, type DueSweeper } from '#base'
import { provenBook, type TestBook, type TestLedger, testLedger } from '../../../testing/book.ts'
import { EXPIRE_HOLD, expireHolds } from '../expire-holds.ts'
import type { ReleasePart, TransferRequest } from '../transfer.ts'

let test: TestLedger
let book: TestBook
let sweeper: DueSweeper
beforeAll(async () => {
  test = await testLedger()
  const { db, clock, rng, log } = test.world
  const handlers = { [EXPIRE_HOLD]: expireHolds(test.ledger) }
  sweeper = createDueSweeper({ db, clock, rng, log, handlers })
})
afterAll(() => test?.stop())
beforeEach(async () => {
  book = await test.openBook()
  await book.fund(book.alice, 1_000n)
})

const HOUR = 3_600_000
const uuid = () => test.world.ids.uuid()
const now = () => test.world.clock.now()
const send = (request: TransferRequest) => book.writer.transfer(request)
const stateOf = async (id: string) => (await book.writer.hold(id))!

async function hold(amount: bigint, more: { expiresAt?: number; pinned?: boolean } = {}) {
  const id = uuid()
  const { alice: debit, bob: credit } = book
  const opened = await send({ type: 'hold', id, debit, credit, amount, ...more })
  expect(opened).toMatchObject({ status: 'accepted' })
  return id
}

const release = (id: string, ...parts: ReleasePart[]) =>
  send({ type: 'release', id: uuid(), hold: id, ...(parts.length > 0 && { parts }) })
const endHold = (id: string) => send({ type: 'void', id: uuid(), hold: id })
const expire = (id: string) => send({ type: 'expire', id: uuid(), hold: id })
const pin = (id: string, pinned: boolean) =>
  book.writer.submit({ roots: [], pin: [{ hold: id, pinned }] })

async function sound(): Promise<void> {
  expect(await provenBook(test.database.db, book.number, book.writer)).toEqual({
    proofs: [],
    differing: [],
  })
}

describe('a hold', () => {
  it('reserves its amount: what is held cannot leave twice', async () => {
    await hold(600n)
    const { alice, bob, carol } = book
    const race = await Promise.all(
      [bob, carol, bob, carol, bob, carol].map((credit) =>
        send({ type: 'hold', id: uuid(), debit: alice, credit, amount: 150n }),
      ),
    )
    expect(race.map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
      'refused',
      'refused',
      'refused',
      'refused',
    ])
    const rest = {
      type: 'post',
      id: uuid(),
      legs: [{ debit: alice, credit: bob, amount: 101n }],
    } as const
    expect(await send(rest)).toMatchObject({ code: 'insufficient_funds' })
    expect(
      await send({ ...rest, id: uuid(), legs: [{ ...rest.legs[0], amount: 100n }] }),
    ).toMatchObject({ status: 'accepted' })
    await sound()
  })

  it('is released in many parts to different accounts, until nothing is left', async () => {
    const id = await hold(600n)
    expect(
      await release(
        id,
        { amount: 100n },
        { credit: book.carol, amount: 200n },
        { credit: book.cash, amount: 50n },
      ),
    ).toMatchObject({ status: 'accepted' })
    expect(await stateOf(id)).toMatchObject({ state: 'open', remaining: 250n })
    expect(await release(id, { amount: 200n }, { credit: book.carol, amount: 51n })).toMatchObject({
      code: 'release_exceeds_hold',
    })
    expect(await stateOf(id)).toMatchObject({ state: 'open', remaining: 250n })
    expect(await release(id)).toMatchObject({ status: 'accepted' })
    expect(await stateOf(id)).toMatchObject({ state: 'released', remaining: 0n })
    expect(await release(id)).toMatchObject({ code: 'hold_already_released' })
    expect(await endHold(id)).toMatchObject({ code: 'hold_already_released' })
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 600n,
      debitsPending: 0n,
    })
    expect(await book.writer.balance(book.bob)).toMatchObject({
      creditsPosted: 350n,
      creditsPending: 0n,
    })
    expect(await book.writer.balance(book.carol)).toMatchObject({ creditsPosted: 200n })
    await sound()
  })

  it('is shared out to the fen by many at once, and voided or released once', async () => {
    const id = await hold(600n)
    const parts = await Promise.all(Array.from({ length: 10 }, () => release(id, { amount: 90n })))
    expect(parts.map(({ status }) => status).sort()).toEqual([
      ...Array(6).fill('accepted'),
      ...Array(4).fill('refused'),
    ])
    const ends = await Promise.all([endHold(id), release(id), endHold(id)])
    expect(ends).toMatchObject([
      { status: 'accepted' },
      { code: 'hold_already_voided' },
      { code: 'hold_already_voided' },
    ])
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 540n,
      debitsPending: 0n,
    })
    await sound()
  })

  it('has a row with what is left, which the database bounds', async () => {
    const id = await hold(600n)
    await release(id, { amount: 100n })
    const rows = () =>
      test.database.db.query('select remaining, state from ledger.hold where book_id = $1', [
        book.number,
      ])
    // Without waiting: every batch writes it.
    expect(await rows()).toEqual([{ remaining: 500n, state: 'open' }])
    for (const set of ['remaining = -1', 'remaining = 601', 'remaining = 0', `state = 'voided'`]) {
      const edit = `update ledger.hold set ${set} where book_id = $1`
      await expect(test.database.db.query(edit, [book.number])).rejects.toMatchObject({
        code: '23514',
      })
    }
    await endHold(id)
    expect(await rows()).toEqual([{ remaining: 0n, state: 'voided' }])
  })
})

describe('the time of a hold', () => {
  it('is over at the instant it names, before any sweep', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR })
    await test.world.clock.advance(HOUR - 1)
    expect(await expire(id)).toMatchObject({ code: 'hold_not_expired' })
    expect(await release(id, { amount: 1n })).toMatchObject({ status: 'accepted' })
    await test.world.clock.advance(1)
    expect(await release(id, { amount: 1n })).toMatchObject({ code: 'hold_expired' })
    expect(await endHold(id)).toMatchObject({ code: 'hold_expired' })
    expect(await stateOf(id)).toMatchObject({ state: 'open', remaining: 599n })
  })

  it('is ended by the sweep, which gives back what is left', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR })
    const later = await hold(100n, { expiresAt: now() + 2 * HOUR })
    await release(id, { amount: 250n })
    await sweeper.sweepUntil(now() + HOUR)
    expect(await stateOf(id)).toMatchObject({ state: 'expired', remaining: 0n })
    expect(await stateOf(later)).toMatchObject({ state: 'open', remaining: 100n })
    expect(await release(id)).toMatchObject({ code: 'hold_expired' })
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 250n,
      debitsPending: 100n,
    })
    await sweeper.sweepUntil(now() + HOUR)
    expect(await stateOf(later)).toMatchObject({ state: 'expired' })
    const due = await test.database.db.query('select from base.due where book_id = $1', [
      book.number,
    ])
    expect(due).toEqual([])
    await sound()
  })

  it('finds nothing to do for a hold that ended before', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR })
    await release(id)
    await sweeper.sweepUntil(now() + HOUR)
    expect(await stateOf(id)).toMatchObject({ state: 'released' })
    const due = await test.database.db.query('select from base.due where book_id = $1', [
      book.number,
    ])
    expect(due).toEqual([])
    await sound()
  })

  it('refuses to open one whose time has come', async () => {
    const { alice: debit, bob: credit } = book
    const request = { type: 'hold', debit, credit, amount: 1n, expiresAt: now() } as const
    expect(await send({ ...request, id: uuid() })).toMatchObject({ code: 'hold_expired' })
  })
})

describe('a hold that backs a live instruction', () => {
  it('does not expire: not by the sweep, not by a command; it is released in full later', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR, pinned: true })
    await sweeper.sweepUntil(now() + 2 * HOUR)
    expect(await expire(id)).toMatchObject({ code: 'hold_not_expired' })
    expect(await stateOf(id)).toMatchObject({ state: 'open', remaining: 600n, pinned: true })
    expect(await release(id)).toMatchObject({ status: 'accepted' })
    expect(await stateOf(id)).toMatchObject({ state: 'released', remaining: 0n })
    await sweeper.sweepUntil(now() + HOUR)
    await sound()
  })

  it('may be pinned before its time, and its time has come when it is let go', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR })
    expect(await pin(id, true)).toMatchObject({ status: 'committed' })
    await sweeper.sweepUntil(now() + HOUR)
    expect(await release(id, { amount: 100n })).toMatchObject({ status: 'accepted' })
    expect(await pin(id, false)).toMatchObject({ status: 'committed' })
    expect(await release(id, { amount: 100n })).toMatchObject({ code: 'hold_expired' })
    await sweeper.sweepUntil(now() + HOUR)
    expect(await stateOf(id)).toMatchObject({ state: 'expired', remaining: 0n })
    expect(await book.writer.balance(book.alice)).toMatchObject({
      debitsPosted: 100n,
      debitsPending: 0n,
    })
    await sound()
  })

  it('is pinned across a restart', async () => {
    const id = await hold(600n, { expiresAt: now() + HOUR, pinned: true })
    await test.reopen()
    book = { ...book, writer: test.ledger.writer(book.number) }
    const { db, clock, rng, log } = test.world
    const handlers = { [EXPIRE_HOLD]: expireHolds(test.ledger) }
    sweeper = createDueSweeper({ db, clock, rng, log, handlers })
    await sweeper.sweepUntil(now() + HOUR)
    expect(await stateOf(id)).toMatchObject({ state: 'open', pinned: true })
    expect(await release(id)).toMatchObject({ status: 'accepted' })
  })

  it('cannot be pinned once it has ended: the command is stale', async () => {
    const id = await hold(600n)
    await endHold(id)
    expect(await pin(id, true)).toEqual({ status: 'stale', effect: 'ledger.pin_hold' })
  })
})
