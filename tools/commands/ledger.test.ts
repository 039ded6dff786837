import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLedger, post, type ServerLedger } from '../../server/src/ledger/index.ts'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { testWorld } from '../../server/testing/world.ts'
import { run, verifyAll } from './ledger.ts'

let database: TestDatabase
let ledger: ServerLedger
beforeAll(async () => {
  database = await testDatabase()
  const world = testWorld({ db: database.db })
  ledger = await openLedger({ world })
  const names = { orgId: 1, name: 'Verified', currency: 'CNY', chart: 'plain' }
  for (const _ of [1, 2]) {
    const book = await ledger.createBook(names)
    const [debit, credit] = [world.ids.uuid(), world.ids.uuid()]
    const open = [
      { id: debit, code: 'A', name: 'Asset' },
      { id: credit, code: 'L', name: 'Liability' },
    ]
    const writer = ledger.writer(book.number)
    await writer.submit({ roots: [], open })
    await writer.transfer(post(world.ids.uuid(), debit, credit, 500n))
  }
})
afterAll(async () => {
  await ledger.close()
  await database.drop()
})

function heard() {
  const said: string[] = []
  const complained: string[] = []
  const terminal = {
    env: { DATABASE_URL: database.url },
    say: (line: string) => void said.push(line),
    complain: (line: string) => void complained.push(line),
    ask: async () => undefined,
  }
  return { terminal, said, complained }
}

describe('tenon ledger verify', () => {
  it('says of every book that it is in order', async () => {
    const { terminal, said, complained } = heard()
    expect(await run(['verify'], terminal)).toBe(0)
    expect(complained).toEqual([])
    expect(said).toHaveLength(2)
    expect(said[0]).toMatch(/^book 1: in order\. 1 transfers and 0 refusals in 2 seals, 2 accounts/)
  })

  it('takes one book by number or id', async () => {
    const { terminal, said } = heard()
    expect(await run(['verify', '--book', '2'], terminal)).toBe(0)
    expect(await run(['verify', '--book', 'book_2'], terminal)).toBe(0)
    expect(said.map((line) => line.slice(0, 7))).toEqual(['book 2:', 'book 2:'])
  })

  it('names the first wrong row, looks at the other books too, and fails', async () => {
    const { terminal, said, complained } = heard()
    await database.db.query('update ledger.transfer set amount = 501 where book_id = 1')
    expect(await verifyAll(database.db, [1, 2], terminal)).toBe(1)
    expect(complained).toEqual([
      'book 1: the first wrong row is ledger.transfer 1: amount is 501 and must be 500. ' +
        'Seals 1 to 1 are in order.',
    ])
    expect(said).toHaveLength(1)
  })

  it.each([[[]], [['prove']], [['verify', '--book', 'twelve']]])('refuses %j', async (args) => {
    await expect(run(args, heard().terminal)).rejects.toMatchObject({ name: 'UsageProblem' })
  })

  it('says that a book does not exist', async () => {
    await expect(run(['verify', '--book', '77'], heard().terminal)).rejects.toThrow(
      'There is no book 77',
    )
  })
})
