/**
 * Points 3 and 4 of the writer: everything of a batch is one database tx, callers and readers hear of
 * it only after its COMMIT, a batch with effects flies alone, and a full queue says so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { findAnswer } from '#base'
import {
  add,
  move,
  provenBook,
  type TestBook,
  type TestLedger,
  type TestLedgerOptions,
  testLedger,
} from '../../../testing/book.ts'
import { quiet, until, watched } from '../../../testing/watch.ts'
import { QueueFull } from '../command.ts'
import { post } from '../transfer.ts'
import { CHAIN_START, sealHash } from './chain.ts'

let test: TestLedger
let book: TestBook
afterEach(() => test?.stop())

async function begin(options: TestLedgerOptions = {}): Promise<void> {
  test = await testLedger({ through: 'wire', ...options })
  book = await test.openBook()
}

const uuid = () => test.world.ids.uuid()
const sql = <T extends object>(text: string, ...more: unknown[]) =>
  test.database.db.query<T>(text, [book.number, ...more])
const pay = (amount = 1n) => book.writer.transfer(post(uuid(), book.cash, book.alice, amount))
const pays = (count: number) => Array.from({ length: count }, () => pay())

async function writersConnected(): Promise<number> {
  const rows = await test.database.db.query(
    `select from pg_stat_activity where datname = current_database() and application_name = $1`,
    [`tenon book ${book.number} writer`],
  )
  return rows.length
}

const COUNTS = `select
    (select count(*) from ledger.transfer where book_id = $1)::int as transfers,
    (select count(*) from ledger.refused where book_id = $1)::int as refused,
    (select count(*) from base.outbox where book_id = $1)::int as events,
    (select count(*) from base.answer where book_id = $1)::int as answers,
    (select count(*) from ledger.seal where book_id = $1)::int as seals,
    (select seq from ledger.head where book_id = $1)::int as seq,
    (select coalesce(sum(amount), 0) from till.till where book_id = $1)::int as tills`

describe('a batch', () => {
  it('is one database tx: nothing of it shows before its COMMIT, all of it after', async () => {
    await begin()
    const [one, two] = [await book.till(), await book.till()]
    const [before] = await sql<{ seals: number; seq: number }>(COUNTS)
    const held = test.wire.holdCommit('commit')
    const answer = { keyHash: 'ab'.repeat(32), requestHash: 'cd'.repeat(32), status: 201, body: {} }
    const command = (till: string, amount: bigint) => ({
      roots: [till],
      transfers: [post(uuid(), book.cash, book.alice, amount)],
      effects: [add(till, 7)],
      events: [1, 2].map((n) => ({ kind: 'till.paid', aggregate: till, payload: { n } })),
    })
    const submitted = Promise.all([
      book.writer.submit({ ...command(one, 5n), answer }),
      book.writer.submit(command(two, 6n)),
      book.writer.transfer(post(uuid(), book.bob, book.alice, 1n)),
    ])
    await held.reached
    expect((await sql(COUNTS))[0]).toEqual({
      ...before,
      transfers: 0,
      refused: 0,
      events: 0,
      answers: 0,
      tills: 0,
    })
    held.release()
    const [first, second, refused] = await submitted
    expect(refused).toMatchObject({ status: 'refused', code: 'insufficient_funds' })
    const seq = BigInt(before!.seq + 1)
    expect([first, second]).toMatchObject([
      { status: 'committed', seq },
      { status: 'committed', seq },
    ])
    // The same moment: one seal for all of it, then a batch that brings balances up to date.
    expect((await sql(COUNTS))[0]).toMatchObject({
      transfers: 2,
      refused: 1,
      events: 4,
      answers: 1,
      tills: 14,
    })
    expect(
      await sql('select seq, n, aggregate from base.outbox where book_id = $1 order by n'),
    ).toEqual([one, one, two, two].map((aggregate, n) => ({ seq, n, aggregate })))
    const kept = await findAnswer(test.database.db, book.number, answer.keyHash)
    expect(kept).toMatchObject({ status: 201, at: test.world.clock.now() })
    expect(await sql('select seq from ledger.refused where book_id = $1')).toEqual([{ seq }])
    const [seal] = await sql<{ first_id: bigint; last_id: bigint; at: Date }>(
      'select first_id, last_id, at from ledger.seal where book_id = $1 and seq = $2',
      seq,
    )
    expect(seal).toEqual({ first_id: 1n, last_id: 2n, at: new Date(test.world.clock.now()) })
  })

  it('is chained to the one before, and the head carries the end of the chain', async () => {
    await begin()
    for (let n = 0; n < 5; n += 1) await pay()
    await book.writer.transfer(post(uuid(), book.bob, book.alice, 1n))
    const seals = await sql<{
      seq: bigint
      first_id: bigint
      last_id: bigint
      at: Date
      rows_hash: Buffer
      hash: Buffer
    }>('select * from ledger.seal where book_id = $1 order by seq')
    expect(seals.map(({ seq }) => Number(seq))).toEqual(seals.map((_, index) => index + 1))
    let chain: Buffer = CHAIN_START
    for (const { seq, first_id, last_id, at, rows_hash, hash } of seals) {
      const content = { seq: Number(seq), firstId: Number(first_id), lastId: Number(last_id) }
      const where = { book: book.number, at: at.getTime(), rowsHash: rows_hash }
      chain = sealHash(chain, { ...content, ...where })
      expect(hash.equals(chain)).toBe(true)
    }
    expect(new Set(seals.map(({ rows_hash }) => rows_hash.toString('hex'))).size).toBeGreaterThan(5)
    await test.reopen()
    const [head] = await sql<{ chain: Buffer }>('select chain from ledger.head where book_id = $1')
    const [last] = await sql<{ hash: Buffer }>(
      'select hash from ledger.seal where book_id = $1 order by seq desc limit 1',
    )
    expect(head!.chain.equals(last!.hash)).toBe(true)
  })
})

describe('before the COMMIT is answered', () => {
  it.each(['commit', 'answer'] as const)('nobody hears of it (%s held)', async (what) => {
    await begin()
    await book.fund(book.alice, 100n)
    await quiet()
    const till = await book.till()
    const held = test.wire.holdCommit(what)
    const hold = uuid()
    const asked = [
      watched(pay(5n)),
      watched(book.writer.transfer(post(uuid(), book.bob, book.alice, 1n))),
      watched(book.writer.submit({ roots: [till], effects: [move(till, 'open', 'paid')] })),
      watched(
        book.writer.submit({ roots: [], change: [{ account: book.carol, state: 'frozen' }] }),
      ),
      watched(
        book.writer.transfer({
          type: 'hold',
          id: hold,
          debit: book.alice,
          credit: book.bob,
          amount: 9n,
        }),
      ),
    ]
    await held.reached
    const balance = watched(book.writer.balance(book.alice))
    const read = watched(book.writer.hold(hold))
    await quiet()
    expect([...asked, balance, read].map(({ answered }) => answered)).toEqual(Array(7).fill(false))
    const [{ transfers }] = (await sql<{ transfers: number }>(COUNTS)) as [{ transfers: number }]
    expect(transfers).toBe(what === 'answer' ? 3 : 1)
    held.release()
    const results = await Promise.all(asked.map(({ promise }) => promise as Promise<unknown>))
    expect(results).toMatchObject([
      { status: 'accepted' },
      { status: 'refused' },
      { status: 'committed' },
      { status: 'committed' },
      { status: 'accepted' },
    ])
    expect(await balance.promise).toMatchObject({ creditsPosted: 105n, debitsPending: 9n })
    expect(await read.promise).toMatchObject({ state: 'open', remaining: 9n })
  })

  it('an equal request waits too, and then hears the same', async () => {
    await begin()
    const held = test.wire.holdCommit('answer')
    const request = post(uuid(), book.cash, book.alice, 5n)
    const first = watched(book.writer.transfer(request))
    await held.reached
    const again = watched(book.writer.transfer(request))
    await quiet()
    expect([first.answered, again.answered]).toEqual([false, false])
    held.release()
    expect(await again.promise).toEqual({ ...(await first.promise), replayed: true })
  })
})

describe('in flight', () => {
  it('a batch with effects is alone', async () => {
    await begin()
    const till = await book.till()
    const held = test.wire.holdCommit('commit')
    const command = book.writer.submit({ roots: [till], effects: [add(till, 1)] })
    await held.reached
    const bare = pays(1_200)
    await quiet()
    expect(book.writer.waiting).toBe(1_200)
    expect(await writersConnected()).toBe(1)
    held.release()
    expect(await command).toMatchObject({ status: 'committed' })
    expect((await Promise.all(bare)).every(({ status }) => status === 'accepted')).toBe(true)
  })

  it('a command waits for the bare transfers before it', async () => {
    await begin()
    const till = await book.till()
    const held = test.wire.holdCommit('answer')
    const first = pay()
    await held.reached
    const command = watched(book.writer.submit({ roots: [till], effects: [add(till, 1)] }))
    const bare = pays(1_200)
    await quiet()
    expect(book.writer.waiting).toBe(1_201)
    expect(await writersConnected()).toBe(1)
    held.release()
    await Promise.all([first, command.promise, ...bare])
    expect((await book.tills()).get(till)!.amount).toBe(1)
  })

  it('bare transfers are two deep, and no deeper', async () => {
    await begin()
    const held = test.wire.holdCommit('answer')
    const first = pay()
    await held.reached
    const second = pays(600)
    await until(async () => (await writersConnected()) === 2)
    expect(book.writer.waiting).toBe(0)
    const third = watched(Promise.all(pays(600)))
    await quiet()
    expect(book.writer.waiting).toBe(600)
    expect(third.answered).toBe(false)
    held.release()
    const numbers = [await first, ...(await Promise.all(second)), ...(await third.promise)].map(
      (result) => (result.status === 'accepted' ? Number(result.number) : 0),
    )
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(await book.writer.balance(book.alice)).toMatchObject({ creditsPosted: 1_201n })
  })
})

describe('the queue', () => {
  it('is bounded: who finds it full hears so at once, and nothing of his is written', async () => {
    await begin({ queueMax: 100 })
    const till = await book.till()
    const held = test.wire.holdCommit('answer')
    const first = book.writer.submit({ roots: [till], effects: [add(till, 1)] })
    await held.reached
    const waiting = pays(100)
    const over = await Promise.allSettled([...pays(20), book.writer.submit({ roots: [] })])
    expect(
      over.every((each) => each.status === 'rejected' && each.reason instanceof QueueFull),
    ).toBe(true)
    held.release()
    await Promise.all([first, ...waiting])
    expect(await book.writer.balance(book.alice)).toMatchObject({ creditsPosted: 100n })
    expect(await pay()).toMatchObject({ status: 'accepted', number: 101n })
  })

  it('outlasts a session that locks the head for three seconds', async () => {
    await begin()
    const till = await book.till()
    const other = await test.database.db.connect()
    await other.query('begin')
    await other.query('select from ledger.head where book_id = $1 for update', [book.number])
    const asked = watched(
      Promise.all([
        ...pays(50),
        book.writer.submit({ roots: [till], effects: [add(till, 1)] }),
        ...pays(50),
      ]),
    )
    await sleep(3_000)
    expect(asked.answered).toBe(false)
    await other.query('rollback')
    await other.end()
    const results = await asked.promise
    expect(results.every(({ status }) => status === 'accepted' || status === 'committed')).toBe(
      true,
    )
    expect((await book.tills()).get(till)!.amount).toBe(1)
    expect(await book.writer.balance(book.alice)).toMatchObject({ creditsPosted: 100n })
    expect(await provenBook(test.database.db, book.number, book.writer)).toEqual({
      proofs: [],
      differing: [],
    })
  })
})
