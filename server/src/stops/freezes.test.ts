import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLedger, post, type ServerLedger } from '#ledger'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import type { StopsLedger } from './context.ts'
import { createStops, type Stops } from './stops.ts'
import { freezeId } from './store.ts'
import { approve, BY } from './testing/stops.ts'

const PARTY = 'party_1_0190a0b0c0d070e080900a0b0c0d0e0f'
const OTHER = 'party_1_0190a0b0c0d070e080900a0b0c0d0eff'
const DAY = 86_400_000

let database: TestDatabase
let world: TestWorld
let wall: TestWorld['clock']
let ledger: ServerLedger
let stops: Stops
let books: number[]
/** Books whose writer does not answer. */
let down: Set<number>

beforeEach(async () => {
  database = await testDatabase()
  world = testWorld({ db: database.db })
  wall = testWorld({ seed: 2 }).clock
  down = new Set()
  ledger = await openLedger({
    ...{ world, partitionRows: 10_000 },
    isFrozen: (orgId, holder) => stops.isFrozen(orgId, holder),
  })
  stops = over(ledger)
  await stops.start()
  books = []
  for (const name of ['One', 'Two', 'Three']) books.push(await bookOf(name))
})

afterEach(async () => {
  await stops.stop()
  await ledger.close()
  await database.drop()
})

const over = (of: ServerLedger): Stops => {
  const seen: StopsLedger = {
    owned: () => of.owned(),
    books: (after, limit) => of.books(after, limit),
    writer: (book) => {
      const writer = of.writer(book)
      if (!down.has(book)) return writer
      return new Proxy(writer, {
        get: (target, name) =>
          name === 'submit'
            ? () => Promise.reject(new Error('the connection was lost'))
            : Reflect.get(target, name, target),
      })
    },
  }
  return createStops({ db: database.db, clock: world.clock, wall, log: world.log, ledger: seen })
}

async function bookOf(name: string, orgId = 1): Promise<number> {
  const chart = 'custody_pool'
  return (await ledger.createBook({ orgId, name, currency: 'CNY', chart })).number
}

/** Opens an account of a holder with ¥10 on it, or none when its holder is frozen. */
async function open(book: number, holder = PARTY): Promise<string> {
  const writer = ledger.writer(book)
  const id = world.ids.uuid()
  const done = await writer.submit({
    roots: [],
    open: [{ id, code: '2241.03', name: 'Seller', holder }],
  })
  expect(done.status).toBe('committed')
  const cash = writer.accountByCode('1012.02')!.id
  expect(await writer.transfer(post(world.ids.uuid(), cash, id, 10_00n))).toMatchObject({
    status: 'accepted',
  })
  return id
}

const stateOf = (book: number, id: string) => ledger.writer(book).account(id)?.state

/** What paying a yuan out of an account comes to. */
async function payFrom(book: number, id: string): Promise<string> {
  const writer = ledger.writer(book)
  const suspense = writer.accountByCode('2241.06')!.id
  const result = await writer.transfer(post(world.ids.uuid(), id, suspense, 1_00n))
  return result.status === 'accepted' ? 'paid' : result.code
}

const order = (more: { id?: string; holder?: string; number?: string; until?: number } = {}) => {
  const { id = world.ids.uuid(), holder = PARTY, number = '(2026) 沪01执 1', until } = more
  const asked = { id, orgId: 1, holder, orderNumber: number, reason: 'enforcement' }
  return { ...asked, authority: '上海一中院', ...(until === undefined ? {} : { until }) }
}

async function ordered(more: Parameters<typeof order>[0] = {}): Promise<string> {
  const view = await stops.freeze(order(more), BY)
  if ('refused' in view) throw new Error(`refused: ${view.refused}`)
  await stops.settled()
  return view.freeze.id
}

const view = async (id: string) => (await stops.freezeView({ orgId: 1, id }))!

/** Lets the machinery's time pass, and what it woke come to its end. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await wall.advance(Math.min(left, 100))
    await stops.settled()
  }
}

async function lift(id: string) {
  const content = { freeze: freezeId(id) }
  const given = await approve(world, stops.actions, { action: 'stops.lift_freeze', content })
  const action = stops.actions.find((each) => each.action === 'stops.lift_freeze')!
  const result = await action.execute(1, content, given)
  await stops.settled()
  return { result, again: () => action.execute(1, content, given) }
}

describe('an order to freeze', () => {
  it('lets no money of the party out of any book, and money in', async () => {
    const accounts = await Promise.all(books.map((book) => open(book)))
    const others = await Promise.all(books.map((book) => open(book, OTHER)))
    const id = await ordered()
    for (const [index, book] of books.entries()) {
      expect(await payFrom(book, accounts[index]!)).toBe('debit_account_frozen')
      expect(await payFrom(book, others[index]!)).toBe('paid')
      const writer = ledger.writer(book)
      const cash = writer.accountByCode('1012.02')!.id
      const come = await writer.transfer(post(world.ids.uuid(), cash, accounts[index]!, 1n))
      expect(come.status).toBe('accepted')
    }
    expect(await view(id)).toMatchObject({
      status: 'in_force',
      books: books.map((book) => ({ book, state: 'frozen', accounts: 1 })),
    })
  })

  it('is in force when all three books have acknowledged it, and says which has not, and why', async () => {
    const [one, two, three] = books as [number, number, number]
    const accounts = await Promise.all(books.map((book) => open(book)))
    down.add(two)
    const id = await ordered()
    const pending = await view(id)
    expect(pending.status).toBe('ordered')
    expect(pending.books).toMatchObject([
      { book: one, state: 'frozen' },
      { book: two, state: null, why: 'Error: the connection was lost' },
      { book: three, state: 'frozen' },
    ])
    expect(await payFrom(one, accounts[0]!)).toBe('debit_account_frozen')
    expect(await payFrom(three, accounts[2]!)).toBe('debit_account_frozen')
    await pass(500)
    const [, still] = (await view(id)).books
    expect(still).toMatchObject({ state: null })
    expect(still!.tries).toBeGreaterThan(pending.books[1]!.tries)
    down.delete(two)
    await pass(500)
    expect((await view(id)).status).toBe('in_force')
    expect(await payFrom(two, accounts[1]!)).toBe('debit_account_frozen')
  })

  it('freezes what is opened for the party afterwards, from its opening on', async () => {
    const [book] = books as [number]
    await ordered()
    const account = await open(book)
    expect(stateOf(book, account)).toBe('frozen')
    expect(await payFrom(book, account)).toBe('debit_account_frozen')
    const rows = await database.db.query(
      'select state from ledger.account where book_id = $1 and id = $2',
      [book, account],
    )
    expect(rows).toEqual([{ state: 'frozen' }])
    const [later] = [await bookOf('Four')]
    expect(stateOf(later, await open(later))).toBe('frozen')
  })

  it('misses none of the accounts that are opened while it is ordered', async () => {
    const [book] = books as [number]
    const opened: Promise<string>[] = []
    const opening = (async () => {
      for (let n = 0; n < 60; n += 1) {
        opened.push(open(book))
        await Promise.resolve()
        if (n % 10 === 9) await Promise.all(opened)
      }
    })()
    const [, id] = await Promise.all([opening, ordered()])
    const accounts = await Promise.all(opened)
    // An account opened while the book's command was decided sends the command to the next look.
    while ((await view(id)).status !== 'in_force') await pass(500)
    expect(accounts.map((id) => stateOf(book, id)).filter((state) => state !== 'frozen')).toEqual(
      [],
    )
  })

  it('leaves none frozen of the accounts that are opened while it is lifted', async () => {
    const [book] = books as [number]
    const id = await ordered()
    const writer = ledger.writer(book)
    const opened: string[] = []
    const opening = (async () => {
      for (let n = 0; n < 60; n += 1) {
        const account = world.ids.uuid()
        opened.push(account)
        const wanted = { id: account, code: '2241.03', name: 'Seller', holder: PARTY }
        const done = writer.submit({ roots: [], open: [wanted] })
        if (n % 10 === 9) await done
      }
    })()
    await Promise.all([opening, lift(id)])
    while ((await view(id)).status !== 'ended') await pass(500)
    expect(opened.filter((account) => stateOf(book, account) !== 'open')).toEqual([])
  })

  it('is kept by a server that takes the books over', async () => {
    const [book] = books as [number]
    const account = await open(book)
    await ordered()
    await stops.stop()
    await ledger.close()
    ledger = await openLedger({
      ...{ world, partitionRows: 10_000 },
      isFrozen: (orgId, holder) => stops.isFrozen(orgId, holder),
    })
    stops = over(ledger)
    await stops.start()
    await stops.settled()
    expect(stateOf(book, account)).toBe('frozen')
    expect(stateOf(book, await open(book))).toBe('frozen')
  })

  it('stands against whoever would unfreeze an account by hand', async () => {
    const [book] = books as [number]
    const account = await open(book)
    await ordered()
    const writer = ledger.writer(book)
    const asked = { roots: [account], change: [{ account, state: 'open' as const }] }
    expect(await writer.submit(asked)).toEqual({ status: 'stale', effect: 'ledger.change_account' })
    expect(stateOf(book, account)).toBe('frozen')
  })

  it('does not keep out of the books what had left before', async () => {
    const [book] = books as [number]
    const account = await open(book)
    const writer = ledger.writer(book)
    const cash = writer.accountByCode('1012.02')!.id
    const hold = world.ids.uuid()
    const of = { debit: account, credit: cash, amount: 4_00n }
    await writer.transfer({ type: 'hold', id: hold, ...of, pinned: true })
    await ordered()
    const released = { type: 'release' as const, id: world.ids.uuid(), hold }
    expect(await writer.transfer(released)).toMatchObject({ status: 'accepted' })
    expect(await payFrom(book, account)).toBe('debit_account_frozen')
  })

  it('of the same number, authority and party is carried out once', async () => {
    const first = order()
    await stops.freeze(first, BY)
    expect(await stops.freeze(order(), BY)).toEqual({ refused: 'freeze_exists' })
    expect(await stops.freeze(first, BY)).toMatchObject({ freeze: { id: first.id } })
    expect(await stops.freeze(order({ holder: OTHER }), BY)).toMatchObject({
      freeze: { holder: OTHER },
    })
    const past = order({ number: '2', until: world.clock.now() })
    expect(await stops.freeze(past, BY)).toEqual({ refused: 'until_is_past' })
    expect(await stops.freezeView({ orgId: 2, id: first.id })).toBeUndefined()
  })

  it('touches no book of another organisation', async () => {
    const foreign = await bookOf('Foreign', 2)
    const account = await open(foreign)
    const id = await ordered()
    expect(stateOf(foreign, account)).toBe('open')
    expect(stateOf(foreign, await open(foreign))).toBe('open')
    expect((await view(id)).books.map(({ book }) => book)).toEqual(books)
  })
})

describe('a freeze ends', () => {
  it('when two persons lift it, and leaves frozen what was frozen before', async () => {
    const [book] = books as [number]
    const [account, byHand] = [await open(book), await open(book)]
    await ledger.writer(book).submit({ roots: [], change: [{ account: byHand, state: 'frozen' }] })
    const id = await ordered()
    const later = await open(book)
    const { result, again } = await lift(id)
    expect(result).toEqual({ done: { freeze: freezeId(id) } })
    expect(await again()).toEqual(result)
    expect(await view(id)).toMatchObject({ status: 'ended' })
    expect([account, later, byHand].map((each) => stateOf(book, each))).toEqual([
      ...['open', 'open', 'frozen'],
    ])
    expect(await payFrom(book, account)).toBe('paid')
    expect(stateOf(book, await open(book))).toBe('open')
  })

  it('in a book that was down once it is back', async () => {
    const [, two] = books as [number, number]
    const account = await open(two)
    const id = await ordered()
    down.add(two)
    await lift(id)
    expect(await view(id)).toMatchObject({ status: 'ending' })
    expect(stateOf(two, account)).toBe('frozen')
    down.delete(two)
    await pass(500)
    expect(await view(id)).toMatchObject({ status: 'ended' })
    expect(stateOf(two, account)).toBe('open')
  })

  it('only with the last of the orders against the party', async () => {
    const [book] = books as [number]
    const account = await open(book)
    const [first, second] = [await ordered(), await ordered({ number: '2' })]
    await lift(first)
    expect(await view(first)).toMatchObject({ status: 'ended' })
    expect(stateOf(book, account)).toBe('frozen')
    expect(await view(second)).toMatchObject({ status: 'in_force' })
    await lift(second)
    expect(stateOf(book, account)).toBe('open')
  })

  it('by itself at its time, on the business clock', async () => {
    const [book] = books as [number]
    const account = await open(book)
    const id = await ordered({ until: world.clock.now() + DAY })
    await world.clock.advance(DAY - 1)
    await pass(500)
    expect(stateOf(book, account)).toBe('frozen')
    await world.clock.advance(1)
    await pass(500)
    expect(stateOf(book, account)).toBe('open')
    expect(await view(id)).toMatchObject({ status: 'ended' })
  })

  it('not for another organisation, and not twice', async () => {
    const id = await ordered()
    const content = { freeze: freezeId(id) }
    const action = stops.actions.find((each) => each.action === 'stops.lift_freeze')!
    expect(await action.preview(2, content)).toMatchObject({ refused: 'freeze_not_found' })
    const second = await approve(world, stops.actions, { action: 'stops.lift_freeze', content })
    await lift(id)
    expect(await action.execute(1, content, second)).toMatchObject({ refused: 'freeze_over' })
    expect(await action.preview(1, content)).toMatchObject({ refused: 'freeze_over' })
  })

  it('with every step in the chains of the books and of configuration', async () => {
    const [book] = books as [number]
    await open(book)
    await lift(await ordered())
    const noted = await database.db.query<{ book_id: number; action: string }>(
      `select book_id, action from audit.entry where action like 'stops.%' order by at, book_id, seq`,
    )
    const of = (number: number) =>
      noted.filter((each) => each.book_id === number).map(({ action }) => action)
    expect(of(0)).toEqual(['stops.order_freeze', 'stops.lift_freeze'])
    expect(of(book)).toEqual(['stops.freeze_in_book', 'stops.end_freeze_in_book'])
  })
})
