/**
 * Point 6 of the writer: whoever takes a book over bumps the epoch first, then loads what is
 * committed, replays what account rows lack, and goes on where the head ends, whatever the clock says.
 */
import { afterEach, describe, expect, it } from 'vitest'
import {
  provenBook,
  type TestBook,
  type TestLedger,
  type TestLedgerOptions,
  testLedger,
} from '../../../testing/book.ts'
import { quiet, until, watched } from '../../../testing/watch.ts'
import { NotOwner } from '../command.ts'
import type { ServerLedger } from '../open-ledger.ts'
import { type PostRequest, post } from '../transfer.ts'

let test: TestLedger
let book: TestBook
afterEach(() => test?.stop())

async function begin(options: TestLedgerOptions = {}): Promise<void> {
  test = await testLedger({ through: 'wire', ...options })
  book = await test.openBook()
}

const uuid = () => test.world.ids.uuid()
const sql = <T extends object>(text: string) => test.database.db.query<T>(text, [book.number])
const pay = (amount = 1n) => book.writer.transfer(post(uuid(), book.cash, book.alice, amount))
const writerNow = () => test.ledger.writer(book.number)

/** Ends the session whose lock elects the owner, and lets no new one through. */
async function loseElection(): Promise<void> {
  test.wire.refuse()
  await test.database.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'tenon ledger election'`,
  )
}

async function sound(ledger: ServerLedger): Promise<void> {
  const writer = ledger.writer(book.number)
  expect(await provenBook(test.database.db, book.number, writer)).toEqual({
    proofs: [],
    differing: [],
  })
}

describe('a takeover', () => {
  it('bumps the epoch before it loads: a batch that commits meanwhile is seen', async () => {
    await begin()
    await pay(3n)
    await quiet()
    const held = test.wire.holdCommit('commit')
    const late = pay(5n)
    await held.reached
    await loseElection()
    const opening = watched(test.neighbour())
    const waitsForTheRow = async () => {
      const waiting = await test.database.db.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query like 'update ledger.head set epoch%'`,
      )
      return waiting.length > 0
    }
    await until(async () => opening.answered || (await waitsForTheRow()))
    // It waits for the row that the old writer's tx has locked.
    expect(opening.answered).toBe(false)
    held.release()
    expect(await late).toMatchObject({ status: 'accepted', number: 2n })
    const ledger = await opening.promise
    await until(() => ledger.owned().includes(book.number))
    const next = ledger.writer(book.number)
    expect(await next.balance(book.alice)).toMatchObject({ creditsPosted: 8n })
    expect(await next.transfer(post(uuid(), book.alice, book.bob, 8n))).toMatchObject({
      status: 'accepted',
      number: 3n,
    })
    await sound(ledger)
  })

  it('fences the old writer, though it lives and does not know', async () => {
    await begin()
    await pay(3n)
    await loseElection()
    const ledger = await test.neighbour()
    await until(() => ledger.owned().includes(book.number))
    await ledger.writer(book.number).transfer(post(uuid(), book.alice, book.bob, 2n))
    // The old one still believes that alice has 3.
    const spent = book.writer.transfer(post(uuid(), book.alice, book.carol, 3n))
    await expect(spent).rejects.toBeInstanceOf(NotOwner)
    expect(await ledger.writer(book.number).balance(book.alice)).toMatchObject({ debitsPosted: 2n })
    await sound(ledger)
  })

  it('of a book whose last answer was lost: the new owner has it, the old one says so', async () => {
    await begin()
    const held = test.wire.holdCommit('answer')
    const last = watched(pay(5n))
    await held.reached
    const behind = watched(pay(7n))
    test.wire.cutAll()
    const ledger = await test.neighbour()
    await until(() => ledger.owned().includes(book.number))
    const next = ledger.writer(book.number)
    expect(await next.balance(book.alice)).toMatchObject({ creditsPosted: 5n })
    await next.transfer(post(uuid(), book.cash, book.alice, 11n))
    expect([last, behind].map(({ answered }) => answered)).toEqual([false, false])
    test.wire.heal()
    expect(await last.promise).toMatchObject({ status: 'accepted', number: 1n })
    await expect(behind.promise).rejects.toBeInstanceOf(NotOwner)
    expect(await next.balance(book.alice)).toMatchObject({ creditsPosted: 16n })
    await sound(ledger)
  })
})

describe('a start', () => {
  it('replays what account rows lack: posts, holds, parts to others, voids, reversals', async () => {
    await begin()
    await book.fund(book.alice, 10_000n)
    const holds = Array.from({ length: 6 }, uuid)
    const [released, voided, partly, untouched, young, brief] = holds as [
      string,
      string,
      string,
      string,
      string,
      string,
    ]
    const { writer, alice, bob, carol, cash } = book
    const open = (id: string, amount: bigint) =>
      writer.transfer({ type: 'hold', id, debit: alice, credit: bob, amount })
    await Promise.all([released, voided, partly, untouched].map((id) => open(id, 100n)))
    const undone = uuid()
    await writer.transfer(post(undone, alice, carol, 50n))
    await quiet()
    const held = test.wire.holdCommit('answer')
    const release = (hold: string, parts: { credit?: string; amount: bigint }[]) =>
      writer.transfer({ type: 'release', id: uuid(), hold, parts })
    const tail = [
      ...Array.from({ length: 600 }, () => pay()),
      release(released, [
        { amount: 60n },
        { credit: carol, amount: 30n },
        { credit: cash, amount: 10n },
      ]),
      writer.transfer({ type: 'void', id: uuid(), hold: voided }),
      release(partly, [{ credit: carol, amount: 25n }]),
      open(young, 70n),
      release(young, [{ credit: carol, amount: 20n }]),
      open(brief, 40n),
      writer.transfer({ type: 'void', id: uuid(), hold: brief }),
      writer.transfer(post(uuid(), carol, bob, 5n)),
    ]
    const answers = watched(Promise.allSettled(tail))
    await held.reached
    test.wire.cutAll()
    const [head] = await sql<{ last: bigint; checkpoint: bigint }>(
      `select last_id as last, checkpoint_id as checkpoint from ledger.head where book_id = $1`,
    )
    // Otherwise there is nothing to replay, and this test would show nothing.
    expect(Number(head!.last - head!.checkpoint)).toBeGreaterThan(600)
    const ledger = await test.neighbour()
    await until(() => ledger.owned().includes(book.number))
    const next = ledger.writer(book.number)
    expect(await next.balance(alice)).toEqual({
      debitsPosted: 50n + 100n + 25n + 20n,
      creditsPosted: 10_600n,
      debitsPending: 75n + 100n + 50n,
      creditsPending: 0n,
    })
    expect(await next.balance(bob)).toEqual({
      debitsPosted: 0n,
      creditsPosted: 65n,
      debitsPending: 0n,
      creditsPending: 75n + 100n + 50n,
    })
    expect(await next.balance(carol)).toMatchObject({ creditsPosted: 125n, debitsPosted: 5n })
    const states = await Promise.all(holds.map((id) => next.hold(id)))
    expect(states.map((hold) => [hold!.state, hold!.remaining])).toEqual([
      ['released', 0n],
      ['voided', 0n],
      ['open', 75n],
      ['open', 100n],
      ['open', 50n],
      ['voided', 0n],
    ])
    await sound(ledger)
    const reversed = await next.transfer({ type: 'reverse', id: uuid(), subject: undone })
    expect(reversed).toMatchObject({ status: 'accepted' })
    const more = { type: 'release', id: uuid(), hold: partly, parts: [{ amount: 76n }] } as const
    expect(await next.transfer(more)).toMatchObject({ code: 'release_exceeds_hold' })
    await sound(ledger)
    test.wire.heal()
    await answers.promise
  })

  it('goes on where the head ends when the clock was set back', async () => {
    await begin()
    const { clock } = test.world
    await book.fund(book.alice, 100n)
    const hold = uuid()
    const expiresAt = clock.now() + 600_000
    await book.writer.transfer({
      type: 'hold',
      id: hold,
      debit: book.alice,
      credit: book.bob,
      amount: 50n,
      expiresAt,
    })
    await clock.advance(600_000)
    await pay()
    const at = clock.now()
    clock.stepBack(3_600_000)
    await test.reopen()
    const taken = await writerNow().transfer(post(uuid(), book.cash, book.alice, 1n))
    expect(taken).toMatchObject({ status: 'accepted', number: 4n, bookedAt: at })
    const release = { type: 'release', id: uuid(), hold } as const
    expect(await writerNow().transfer(release)).toMatchObject({ code: 'hold_expired' })
    const seals = await sql<{ at: Date; first_id: bigint; last_id: bigint }>(
      'select at, first_id, last_id from ledger.seal where book_id = $1 order by seq',
    )
    const times = seals.map((seal) => seal.at.getTime())
    expect(times).toEqual([...times].sort((a, b) => a - b))
    let last = 0n
    for (const seal of seals) {
      expect(seal.first_id).toBe(last + 1n)
      last = seal.last_id
    }
    await sound(test.ledger)
  })

  it('finds accounts as they were left: states, limits, the closed period', async () => {
    await begin()
    const { alice, bob, carol } = book
    const before = test.world.clock.now() - 86_400_000
    const change = [
      { account: alice, state: 'frozen' },
      { account: bob, state: 'closed' },
      { account: carol, creditLimit: 500n },
    ] as const
    await book.writer.submit({ roots: [], change, closeBefore: before })
    await test.reopen()
    const writer = writerNow()
    expect([alice, bob, carol].map((id) => writer.account(id))).toMatchObject([
      { state: 'frozen', creditLimit: 0n },
      { state: 'closed' },
      { state: 'open', creditLimit: 500n },
    ])
    expect(writer.book.closedBefore).toBe(before)
    const old = { ...post(uuid(), book.cash, carol, 1n), effectiveAt: before - 1 }
    expect(await writer.transfer(old)).toMatchObject({ code: 'period_closed' })
    expect(await writer.transfer(post(uuid(), carol, book.cash, 501n))).toMatchObject({
      code: 'insufficient_funds',
    })
  })
})

describe('ids used before a start', () => {
  it('are known: in sealed partitions, in the open one, and those of refusals', async () => {
    await begin({ partitionRows: 10_000 })
    const legs = Array.from({ length: 1_000 }, () => ({
      debit: book.cash,
      credit: book.alice,
      amount: 1n,
    }))
    const bulk = () => book.writer.transfer({ type: 'post', id: uuid(), legs })
    const some = (amount: bigint): PostRequest => post(uuid(), book.cash, book.alice, amount)
    const refusal = () => post(uuid(), book.bob, book.carol, 9n)
    const early = [some(1n), some(2n), some(3n)]
    const earlyRefused = refusal()
    const first = await Promise.all(early.map((each) => book.writer.transfer(each)))
    await book.writer.transfer(earlyRefused)
    for (let n = 0; n < 21; n += 1) await bulk()
    await until(
      async () =>
        (await sql('select from ledger.partition where book_id = $1 and key_filter is not null'))
          .length === 2,
    )
    const late = [some(4n), some(5n)]
    const lateRefused = refusal()
    const last = await Promise.all(late.map((each) => book.writer.transfer(each)))
    await book.writer.transfer(lateRefused)
    await test.reopen()
    const again = (each: PostRequest) => writerNow().transfer(each)
    expect(await Promise.all([...early, ...late].map(again))).toEqual(
      [...first, ...last].map((result) => ({ ...result, replayed: true })),
    )
    for (const each of [earlyRefused, lateRefused]) {
      expect(await again(each)).toEqual({
        status: 'refused',
        replayed: true,
        code: 'insufficient_funds',
      })
    }
    for (const each of [early[0]!, late[0]!]) {
      const other = { ...each, legs: [{ ...each.legs[0]!, amount: 99n }] }
      expect(await again(other)).toMatchObject({ code: 'exists_with_different_amount' })
    }
    expect(await writerNow().balance(book.alice)).toMatchObject({ creditsPosted: 21_015n })
    await sound(test.ledger)
  })
})
