/**
 * Points 1 and 2 of the writer: a command's rows and its money go together, a row that did not move
 * takes its command out and nobody else's, and commands on one root are decided in arrival order.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  add,
  move,
  provenBook,
  type TestBook,
  type TestLedger,
  testLedger,
} from '../../../testing/book.ts'
import type { Command, CommandResult } from '../command.ts'
import { post } from '../transfer.ts'

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

/** A command on one till that also moves money from alice to bob. */
function paid(till: string, from: string, to: string, amount: bigint): Command {
  return {
    roots: [till],
    transfers: [post(uuid(), book.alice, book.bob, amount)],
    effects: [move(till, from, to)],
  }
}

const statuses = (results: readonly CommandResult[]) => results.map(({ status }) => status)
const seqOf = (result: CommandResult) => (result.status === 'committed' ? result.seq : undefined)
const bobHas = async () => (await book.writer.balance(book.bob))!.creditsPosted

describe('an effect that does not move', () => {
  it('is stale, without its money; the rest of the batch is committed', async () => {
    await book.fund(book.alice, 100n)
    const [first, second, third] = [await book.till(), await book.till(), await book.till()]
    const results = await Promise.all([
      book.writer.submit(paid(first, 'open', 'paid', 10n)),
      book.writer.submit(paid(second, 'closed', 'paid', 20n)),
      book.writer.submit(paid(third, 'open', 'paid', 40n)),
    ])
    expect(results[1]).toEqual({ status: 'stale', effect: 'till.move' })
    expect(statuses(results)).toEqual(['committed', 'stale', 'committed'])
    expect(await bobHas()).toBe(50n)
    const tills = await book.tills()
    expect([first, second, third].map((key) => tills.get(key)!.state)).toEqual([
      'paid',
      'open',
      'paid',
    ])
    expect(await provenBook(test.database.db, book.number, book.writer)).toEqual({
      proofs: [],
      differing: [],
    })
  })

  it('frees its money for the commands behind it, and takes what leant on it along', async () => {
    const stale = await book.till()
    const good = await book.till()
    const results = await Promise.all([
      // Funds alice, but does not happen.
      book.writer.submit({
        roots: [stale],
        transfers: [post(uuid(), book.cash, book.alice, 100n)],
        effects: [move(stale, 'closed', 'paid')],
      }),
      book.writer.submit(paid(good, 'open', 'paid', 60n)),
    ])
    expect(results[0]).toMatchObject({ status: 'stale' })
    expect(results[1]).toMatchObject({ status: 'refused', code: 'insufficient_funds' })
    expect((await book.tills()).get(good)).toMatchObject({ state: 'open' })
  })

  it('leaves its ids free: decided again, it is booked', async () => {
    await book.fund(book.alice, 100n)
    const till = await book.till()
    const command = paid(till, 'closed', 'paid', 10n)
    expect(await book.writer.submit(command)).toMatchObject({ status: 'stale' })
    const again = { ...command, effects: [move(till, 'open', 'paid')] }
    expect(await book.writer.submit(again)).toMatchObject({ status: 'committed' })
    expect(await bobHas()).toBe(10n)
  })

  it('takes every one of several out, and only them', async () => {
    await book.fund(book.alice, 1_000n)
    const tills = await Promise.all(Array.from({ length: 40 }, () => book.till()))
    const results = await Promise.all(
      tills.map((till, n) =>
        book.writer.submit(paid(till, n % 3 === 0 ? 'shut' : 'open', 'paid', 1n)),
      ),
    )
    expect(statuses(results)).toEqual(tills.map((_, n) => (n % 3 === 0 ? 'stale' : 'committed')))
    expect(await bobHas()).toBe(BigInt(tills.filter((_, n) => n % 3 !== 0).length))
  })
})

describe('an account', () => {
  it('is not there before the batch that opens it has committed', async () => {
    const till = await book.till()
    const id = uuid()
    const opening = (from: string): Command => ({
      roots: [till],
      open: [{ id, code: 'A', name: 'New' }],
      effects: [move(till, from, 'paid')],
    })
    const { writer } = book
    const { length } = writer.accounts(0, 10)
    const ways = {
      byId: () => writer.account(id),
      byCode: () => writer.accountByCode('A'),
      listed: () => writer.accounts(length, 10)[0],
    }
    const look = () => Object.values(ways).map((way) => way())
    const seen: unknown[] = []
    let answered = false
    const stale = writer.submit(opening('closed')).finally(() => {
      answered = true
    })
    while (!answered) {
      seen.push(...look())
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await stale).toMatchObject({ status: 'stale' })
    expect(seen.length).toBeGreaterThan(6)
    expect(seen.filter((account) => account !== undefined)).toEqual([])
    expect(await writer.submit(opening('open'))).toMatchObject({ status: 'committed' })
    expect(look()).toMatchObject([{ id }, { id }, { id, code: 'A' }])
  })
})

describe('commands on one root', () => {
  it('are never in one batch, and their conditional rows add up', async () => {
    const till = await book.till()
    const results = await Promise.all(
      Array.from({ length: 12 }, () =>
        book.writer.submit({ roots: [till], effects: [add(till, 5)] }),
      ),
    )
    expect(statuses(results)).toEqual(results.map(() => 'committed'))
    const seqs = results.map((result) => seqOf(result)!)
    expect(new Set(seqs).size).toBe(12)
    expect(seqs).toEqual([...seqs].sort((a, b) => (a < b ? -1 : 1)))
    expect((await book.tills()).get(till)).toEqual({ state: 'open', amount: 60 })
  })

  it('are decided in the order of their arrival: one walk through the states', async () => {
    const till = await book.till()
    const steps = ['open', 'taken', 'counted', 'closed', 'open']
    const walk = steps
      .slice(1)
      .map((to, n) =>
        book.writer.submit({ roots: [till], effects: [move(till, steps[n]!, to, 1)] }),
      )
    expect(statuses(await Promise.all(walk))).toEqual(walk.map(() => 'committed'))
    expect((await book.tills()).get(till)).toEqual({ state: 'open', amount: 4 })
  })

  it('hold back whoever shares any of their roots, and nobody else', async () => {
    const [one, two, other] = [await book.till(), await book.till(), await book.till()]
    const submit = (roots: string[], till: string) =>
      book.writer.submit({ roots, effects: [add(till, 1)] })
    const [first, both, behind, free] = await Promise.all([
      submit([one], one),
      submit([one, two], two),
      submit([two], two),
      submit([other], other),
    ])
    const [a, b, c, d] = [first, both, behind, free].map(seqOf)
    expect(d).toBe(a)
    expect(b).toBeGreaterThan(a!)
    expect(c).toBeGreaterThan(b!)
  })

  it('wait behind one that waits for the database', async () => {
    await book.fund(book.alice, 100n)
    const hold = uuid()
    await book.writer.transfer({
      type: 'hold',
      id: hold,
      debit: book.alice,
      credit: book.bob,
      amount: 50n,
    })
    await book.writer.transfer({ type: 'void', id: uuid(), hold })
    const till = await book.till()
    // The hold is no longer in memory: the first command is decided only once it was looked up.
    const results = await Promise.all([
      book.writer.submit({
        roots: [till],
        transfers: [{ type: 'release', id: uuid(), hold }],
        refused: () => ({ effects: [move(till, 'open', 'refused')] }),
      }),
      book.writer.submit({ roots: [till], effects: [move(till, 'refused', 'done')] }),
    ])
    expect(results).toMatchObject([
      { status: 'refused', code: 'hold_already_voided' },
      { status: 'committed' },
    ])
    expect((await book.tills()).get(till)).toMatchObject({ state: 'done' })
  })
})

describe('refused money', () => {
  const tooMuch = (till: string): Command => ({
    roots: [till],
    transfers: [post(uuid(), book.alice, book.bob, 101n)],
    effects: [move(till, 'open', 'paid')],
    events: [{ kind: 'till.paid', aggregate: till, payload: { till } }],
    refused: (code, transfer) => ({
      effects: [move(till, 'open', `refused ${code} ${transfer}`)],
      events: [{ kind: 'till.refused', aggregate: till, payload: { code } }],
      answer: {
        keyHash: 'ab'.repeat(32),
        requestHash: 'cd'.repeat(32),
        status: 409,
        body: { code },
      },
    }),
  })

  it('applies what the refusal says and nothing of the acceptance', async () => {
    await book.fund(book.alice, 100n)
    const till = await book.till()
    const command = tooMuch(till)
    const refused = { status: 'refused', code: 'insufficient_funds', transfer: 0 }
    expect(await book.writer.submit(command)).toEqual(refused)
    expect((await book.tills()).get(till)!.state).toBe('refused insufficient_funds 0')
    const { db } = test.database
    const events = await db.query('select kind, payload from base.outbox where book_id = $1', [
      book.number,
    ])
    expect(events).toEqual([{ kind: 'till.refused', payload: { code: 'insufficient_funds' } }])
    const answers = await db.query('select status, body from base.answer where book_id = $1', [
      book.number,
    ])
    expect(answers).toEqual([{ status: 409, body: { code: 'insufficient_funds' } }])
    const rows = await db.query('select key, code from ledger.refused where book_id = $1', [
      book.number,
    ])
    expect(rows).toEqual([{ key: command.transfers![0]!.id, code: 'insufficient_funds' }])
  })

  it('is refused again under its id, also once the money is there, and does nothing twice', async () => {
    await book.fund(book.alice, 100n)
    const till = await book.till()
    const command = tooMuch(till)
    const first = await book.writer.submit(command)
    await book.fund(book.alice, 1_000n)
    expect(await book.writer.submit(command)).toEqual(first)
    expect((await book.tills()).get(till)!.state).toBe('refused insufficient_funds 0')
    expect(await bobHas()).toBe(0n)
  })

  it('names the transfer of several that was refused, and books none of them', async () => {
    await book.fund(book.alice, 100n)
    const transfers = [30n, 30n, 50n].map((amount) => post(uuid(), book.alice, book.bob, amount))
    expect(await book.writer.submit({ roots: [], transfers })).toEqual({
      status: 'refused',
      code: 'insufficient_funds',
      transfer: 2,
    })
    expect(await bobHas()).toBe(0n)
  })

  it('whose own row did not move is stale, and not recorded', async () => {
    const till = await book.till()
    const command: Command = {
      ...tooMuch(till),
      refused: () => ({ effects: [move(till, 'closed', 'refused')] }),
    }
    expect(await book.writer.submit(command)).toMatchObject({ status: 'stale' })
    await book.fund(book.alice, 101n)
    expect(await book.writer.submit(command)).toMatchObject({ status: 'committed' })
  })
})
