import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { type TestWorld, testWorld } from '../../../testing/world.ts'
import { openLedger, type ServerLedger } from '../open-ledger.ts'
import { post } from '../transfer.ts'

let database: TestDatabase
let world: TestWorld
let ledger: ServerLedger

beforeAll(async () => {
  database = await testDatabase()
  world = testWorld({ db: database.db })
  ledger = await openLedger({ world, partitionRows: 10_000 })
})

afterAll(async () => {
  await ledger.close()
  await database.drop()
})

async function openBook() {
  const book = await ledger.createBook({ orgId: 1, name: 'Test', currency: 'CNY', chart: 'plain' })
  const writer = ledger.writer(book.number)
  const ids = [world.ids.uuid(), world.ids.uuid(), world.ids.uuid()]
  const codes = ['A-open', 'L', 'L']
  const open = ids.map((id, index) => ({ id, code: codes[index]!, name: `a${index}` }))
  const opened = await writer.submit({ roots: [], open })
  expect(opened.status).toBe('committed')
  return { writer, book, ids }
}

describe('the book writer', () => {
  it('books, replays and refuses', async () => {
    const { writer, ids } = await openBook()
    const [cash, alice, bob] = ids as [string, string, string]
    const id = world.ids.uuid()
    const first = await writer.transfer(post(id, cash, alice, 100n))
    expect(first).toMatchObject({ status: 'accepted', replayed: false, number: 1n })
    expect(await writer.transfer(post(id, cash, alice, 100n))).toEqual({
      ...first,
      replayed: true,
    })
    expect(await writer.transfer(post(id, cash, alice, 101n))).toMatchObject({
      code: 'exists_with_different_amount',
    })
    const over = world.ids.uuid()
    expect(await writer.transfer(post(over, alice, bob, 101n))).toEqual({
      status: 'refused',
      replayed: false,
      code: 'insufficient_funds',
    })
    expect(await writer.transfer(post(over, alice, bob, 101n))).toEqual({
      status: 'refused',
      replayed: true,
      code: 'insufficient_funds',
    })
    expect(await writer.balance(alice)).toMatchObject({ creditsPosted: 100n, debitsPosted: 0n })
  })

  it('takes many at once, over partitions, and loads the same state again', async () => {
    const { writer, ids, book } = await openBook()
    const [cash, alice, bob] = ids as [string, string, string]
    const work = []
    for (let index = 0; index < 25_000; index += 1) {
      const [from, to] = index % 3 === 2 ? [alice, bob] : [cash, alice]
      work.push(writer.transfer(post(world.ids.uuid(), from!, to!, BigInt(1 + (index % 7)))))
    }
    const results = await Promise.all(work)
    expect(results.filter((each) => each.status === 'accepted').length).toBe(25_000)
    const before = [await writer.balance(cash), await writer.balance(alice)]
    await ledger.close()
    ledger = await openLedger({ world, partitionRows: 10_000 })
    const again = ledger.writer(book.number)
    expect([await again.balance(cash), await again.balance(alice)]).toEqual(before)
    expect(again.position.lastId).toBe(25_000)
  })

  it('holds, releases in parts, voids and reverses', async () => {
    const { writer, ids } = await openBook()
    const [cash, alice, bob] = ids as [string, string, string]
    const deposit = world.ids.uuid()
    await writer.transfer(post(deposit, cash, alice, 100n))
    const hold = world.ids.uuid()
    const held = { type: 'hold', id: hold, debit: alice, credit: bob, amount: 80n } as const
    expect(await writer.transfer(held)).toMatchObject({ status: 'accepted' })
    const parts = [{ amount: 30n }, { credit: cash, amount: 10n }]
    const release = { type: 'release', id: world.ids.uuid(), hold, parts } as const
    expect(await writer.transfer(release)).toMatchObject({ status: 'accepted' })
    expect(await writer.transfer(release)).toMatchObject({ status: 'accepted', replayed: true })
    expect(await writer.hold(hold)).toMatchObject({ remaining: 40n, state: 'open' })
    expect(await writer.transfer({ type: 'void', id: world.ids.uuid(), hold })).toMatchObject({
      status: 'accepted',
    })
    expect(await writer.hold(hold)).toMatchObject({ remaining: 0n, state: 'voided' })
    const twice = await Promise.all(
      [0, 1].map(() =>
        writer.transfer({ type: 'reverse', id: world.ids.uuid(), subject: deposit }),
      ),
    )
    expect(twice).toMatchObject([{ code: 'insufficient_funds' }, { code: 'insufficient_funds' }])
    expect(await writer.balance(alice)).toMatchObject({ debitsPosted: 40n, debitsPending: 0n })
  })
})
