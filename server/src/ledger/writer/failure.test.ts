/**
 * Point 5 of the writer: data the database refuses stands alone in the end, a COMMIT without an
 * answer is asked about and never sent again blindly, and a fenced writer writes nothing more.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applied, DbUnavailable, type Effect } from '#base'
import {
  add,
  provenBook,
  type TestBook,
  type TestLedger,
  testLedger,
} from '../../../testing/book.ts'
import { quiet, until, watched } from '../../../testing/watch.ts'
import { NotOwner, RefusedByData } from '../command.ts'
import { post } from '../transfer.ts'

let test: TestLedger
let book: TestBook
beforeAll(async () => {
  test = await testLedger({ through: 'wire' })
})
afterAll(() => test?.stop())
beforeEach(async () => {
  book = await test.openBook()
})

const uuid = () => test.world.ids.uuid()
const pay = (amount = 1n) => book.writer.transfer(post(uuid(), book.cash, book.alice, amount))
const pays = (count: number) => Array.from({ length: count }, () => pay())

/** A command with a transfer of 1, an event and a row. */
const sale = (till: string, more = 1) => ({
  roots: [till],
  transfers: [post(uuid(), book.cash, book.alice, 1n)],
  effects: [add(till, more)],
  events: [{ kind: 'till.paid', aggregate: till, payload: {} }],
})

interface Written {
  transfers: number
  keys: number
  events: number
  alice: number
}

async function written(): Promise<Written> {
  const [row] = await test.database.db.query<Written>(
    `select count(*)::int as transfers, count(distinct key)::int as keys,
       (select count(*)::int from base.outbox where book_id = $1) as events,
       coalesce(sum(amount) filter (where credit = 2), 0)::int as alice
     from ledger.transfer where book_id = $1`,
    [book.number],
  )
  return row!
}

async function sound(): Promise<void> {
  expect(await provenBook(test.database.db, book.number, book.writer)).toEqual({
    proofs: [],
    differing: [],
  })
}

/** The outcomes of many, counted. */
async function tally(asked: readonly Promise<{ status: string }>[]): Promise<object> {
  const counts: Record<string, number> = {}
  for (const each of await Promise.allSettled(asked)) {
    const what = each.status === 'fulfilled' ? each.value.status : (each.reason as Error).name
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

describe('data the database refuses', () => {
  const asked: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'of a transfer': (id) => book.writer.transfer(post(id, book.cash, book.alice, 1n)),
    'of a hold': (hold) => book.writer.transfer({ type: 'void', id: uuid(), hold }),
    'of a transfer to reverse': (subject) =>
      book.writer.transfer({ type: 'reverse', id: uuid(), subject }),
    'of an account to open': (id) =>
      book.writer.submit({ roots: [], open: [{ id, code: 'L', name: 'Dora' }] }),
  }
  const wrong = ['', 'A'.repeat(32), 'f'.repeat(31), `${'f'.repeat(31)}g`]
  it.each(Object.keys(asked).flatMap((what) => wrong.map((id) => [what, id] as const)))(
    'an id %s that is no uuid, %j, is refused alone',
    async (what, id) => {
      const again = post(uuid(), book.cash, book.alice, 1n)
      await book.writer.transfer(again)
      const beside = book.writer.transfer(again)
      await expect(asked[what]!(id)).rejects.toBeInstanceOf(RefusedByData)
      expect(await beside).toMatchObject({ status: 'accepted', replayed: true })
      expect(await pay()).toMatchObject({ status: 'accepted', replayed: false })
    },
  )

  it('alone is refused among two thousand transfers; the others are booked once each', async () => {
    const asked = Array.from({ length: 2_000 }, (_, n) =>
      n === 777
        ? book.writer.transfer({ ...post(uuid(), book.cash, book.alice, 1n), purpose: 'a\0b' })
        : pay(),
    )
    const poison = await asked[777]!.catch((error: unknown) => error)
    expect(poison).toBeInstanceOf(RefusedByData)
    expect(poison).toMatchObject({ sqlState: '22021' })
    expect(await tally(asked)).toEqual({ accepted: 1_999, RefusedByData: 1 })
    expect(await written()).toMatchObject({ transfers: 1_999, keys: 1_999, alice: 1_999 })
    await sound()
  })

  it('alone is refused among two thousand commands with rows, whatever the kind of poison', async () => {
    const tills = await Promise.all(Array.from({ length: 20 }, () => book.till()))
    const hollow = await book.till(1_000)
    const asked = Array.from({ length: 2_000 }, (_, n) =>
      n % 400 === 399
        ? book.writer.submit(sale(hollow))
        : book.writer.submit({ ...sale(tills[n % 20]!), roots: [`sale ${n}`], effects: [] }),
    )
    asked.push(book.writer.submit(sale(tills[0]!)))
    expect(await tally(asked)).toEqual({ committed: 1_996, RefusedByData: 5 })
    await expect(asked[399]).rejects.toMatchObject({ sqlState: '23514' })
    expect(await written()).toEqual({ transfers: 1_996, keys: 1_996, events: 1_996, alice: 1_996 })
    const held = await book.tills()
    expect([held.get(hollow)!.amount, held.get(tills[0]!)!.amount]).toEqual([1_000, 1])
    await sound()
  })

  const broken: Effect<string> = {
    name: 'till.broken',
    sql: `update till.till set drawer = 1 where book_id = $1 and key = any($3::text[])
      and $2::timestamptz is not null returning key as moved`,
    columns: (rows) => [rows],
    key: (row) => row,
  }
  const unwritable: Effect<bigint> = {
    name: 'till.unwritable',
    sql: `select 'x' as moved from unnest($3::jsonb[]) where $1::int > 0 and $2::timestamptz > 'epoch'`,
    columns: (rows) => [rows.map((row) => JSON.stringify(row))],
    key: () => 'x',
  }
  const unsendable: Effect<bigint> = {
    ...unwritable,
    name: 'till.unsendable',
    columns: (rows) => [rows.map((row) => ({ row }))],
  }
  it.each([
    ['a statement with a mistake', { effects: [applied(broken, 'x')] }, '42703'],
    ['values nobody can write down', { effects: [applied(unwritable, 1n)] }, '22000'],
    ['values the driver cannot send', { effects: [applied(unsendable, 1n)] }, '22000'],
    ['an event that is no JSON', { events: [{ kind: 'a', aggregate: 'b', payload: 1n }] }, '22000'],
    ['a NUL in an event', { events: [{ kind: 'a\0', aggregate: 'b', payload: 1 }] }, '22021'],
  ])('takes out its own command only: %s', async (_, poison, sqlState) => {
    const till = await book.till()
    const asked = [
      ...pays(20),
      book.writer.submit({
        roots: ['poison'],
        transfers: [post(uuid(), book.cash, book.alice, 1n)],
        ...poison,
      }),
      book.writer.submit(sale(till)),
      ...pays(20),
    ]
    await expect(asked[20]).rejects.toMatchObject({ name: 'RefusedByData', sqlState })
    expect(await tally(asked)).toEqual({ accepted: 40, committed: 1, RefusedByData: 1 })
    expect(await written()).toMatchObject({ transfers: 41, keys: 41 })
    await sound()
  })
})

describe('a COMMIT without an answer', () => {
  const loads = {
    'one batch of bare transfers': () => pays(400),
    'two batches in flight': () => pays(3_000),
    'a batch with effects': (tills: readonly string[]) => [
      ...tills.map((till) => book.writer.submit(sale(till))),
      ...pays(100),
    ],
  }
  it.each([
    ['one batch of bare transfers', 'won'],
    ['one batch of bare transfers', 'lost'],
    ['two batches in flight', 'won'],
    ['two batches in flight', 'lost'],
    ['a batch with effects', 'won'],
    ['a batch with effects', 'lost'],
  ] as const)('of %s that %s: everyone is answered once, nothing is doubled', async (load, cut) => {
    const tills = await Promise.all(Array.from({ length: 50 }, () => book.till()))
    await quiet()
    const done = test.wire.cutCommit(cut)
    const asked: Promise<{ status: string }>[] = loads[load](tills)
    await done
    const later = pays(50)
    const count = asked.length + later.length
    const sales = load === 'a batch with effects' ? 50 : 0
    expect(await tally([...asked, ...later])).toEqual({
      accepted: count - sales,
      ...(sales > 0 && { committed: sales }),
    })
    expect(await written()).toEqual({ transfers: count, keys: count, events: sales, alice: count })
    const amounts = [...(await book.tills()).values()].map(({ amount }) => amount)
    expect(amounts).toEqual(amounts.map(() => (sales > 0 ? 1 : 0)))
    await sound()
  })

  it('is asked about under a new epoch, so that a late one cannot win behind our back', async () => {
    await pay()
    await quiet()
    const { epoch } = book.writer.position
    const done = test.wire.cutCommit('won')
    const asked = pay()
    await done
    await asked
    const [head] = await test.database.db.query<{ epoch: bigint }>(
      'select epoch from ledger.head where book_id = $1',
      [book.number],
    )
    expect(head!.epoch).toBe(BigInt(epoch + 1))
    expect(book.writer.position.epoch).toBe(epoch + 1)
  })

  it('that comes again and again is outlasted', async () => {
    for (const cut of ['won', 'lost', 'lost', 'won'] as const) void test.wire.cutCommit(cut)
    expect(await tally(pays(500))).toEqual({ accepted: 500 })
    expect(await written()).toMatchObject({ transfers: 500, keys: 500, alice: 500 })
    await sound()
  })
})

describe('a database that goes away', () => {
  it('under load: every connection killed, three times; all are answered, each once', async () => {
    const tills = await Promise.all(Array.from({ length: 30 }, () => book.till()))
    const asked: Promise<{ status: string }>[] = []
    for (let round = 0; round < 3; round += 1) {
      asked.push(...pays(2_500), ...tills.map((till) => book.writer.submit(sale(till))))
      asked.push(...pays(1_000))
      await until(() => book.writer.waiting < 3_000)
      await test.database.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      )
    }
    expect(await tally(asked)).toEqual({ accepted: 10_500, committed: 90 })
    expect(await written()).toEqual({
      transfers: 10_590,
      keys: 10_590,
      events: 90,
      alice: 10_590,
    })
    const amounts = [...(await book.tills()).values()].map(({ amount }) => amount)
    expect(amounts).toEqual(amounts.map(() => 3))
    await sound()
  })
})

describe('a database that stays away', () => {
  it('is told to those who wait for a look-up, for a partition and for a batch', async () => {
    const known = post(uuid(), book.cash, book.alice, 1n)
    await book.writer.transfer(known)
    const full = await test.openBook()
    const legs = Array.from({ length: 1_000 }, () => ({
      debit: full.cash,
      credit: full.alice,
      amount: 1n,
    }))
    await full.writer.transfer({ type: 'post', id: uuid(), legs })
    const fresh = await test.openBook()
    await quiet()
    test.wire.cutAll()
    try {
      // Until the writer has heard that its connection is gone: what it sends there is in doubt.
      await quiet()
      const told = await Promise.allSettled([
        book.writer.transfer(known),
        full.writer.transfer(post(uuid(), full.cash, full.alice, 1n)),
        fresh.writer.transfer(post(uuid(), fresh.cash, fresh.alice, 1n)),
      ])
      const unavailable = { status: 'rejected', reason: expect.any(DbUnavailable) }
      expect(told).toEqual([unavailable, unavailable, unavailable])
    } finally {
      test.wire.heal()
    }
    expect(await pay()).toMatchObject({ status: 'accepted' })
  }, 30_000)
})

describe('a fenced writer', () => {
  const bump = () =>
    test.database.db.query('update ledger.head set epoch = epoch + 1 where book_id = $1', [
      book.number,
    ])
  const head = async () =>
    (
      await test.database.db.query('select seq, last_id from ledger.head where book_id = $1', [
        book.number,
      ])
    )[0]

  it('answers NotOwner to all in flight and queued, and writes nothing more', async () => {
    await pay()
    await quiet()
    const before = await head()
    const held = test.wire.holdCommit('seal')
    const till = await book.till()
    const twice = post(uuid(), book.cash, book.alice, 1n)
    const asked: Promise<{ status: string }>[] = [
      ...pays(3_000),
      book.writer.transfer(twice),
      book.writer.transfer(twice),
      book.writer.submit(sale(till)),
      book.writer.submit(sale(till)),
    ]
    await held.reached
    await bump()
    held.release()
    expect(await tally(asked)).toEqual({ NotOwner: 3_004 })
    await expect(pay()).rejects.toBeInstanceOf(NotOwner)
    await expect(book.writer.balance(book.alice)).rejects.toBeInstanceOf(NotOwner)
    expect(await head()).toEqual(before)
    expect(await written()).toMatchObject({ transfers: 1, events: 0 })
    expect((await book.tills()).get(till)!.amount).toBe(0)
  })

  it('with effects writes none of them', async () => {
    const till = await book.till()
    const held = test.wire.holdCommit('seal')
    const asked = [book.writer.submit(sale(till)), book.writer.submit(sale(till)), pay()]
    await held.reached
    await bump()
    held.release()
    expect(await tally(asked)).toEqual({ NotOwner: 3 })
    expect(await written()).toMatchObject({ transfers: 0, events: 0 })
    expect((await book.tills()).get(till)!.amount).toBe(0)
  })

  it('whose last COMMIT won all the same says so, and NotOwner to those behind it', async () => {
    const held = test.wire.holdCommit('answer')
    const first = watched(pay(5n))
    await held.reached
    const behind = pays(40)
    await bump()
    test.wire.cutAll()
    test.wire.heal()
    held.release()
    expect(await first.promise).toMatchObject({ status: 'accepted', number: 1n })
    expect(await tally(behind)).toEqual({ NotOwner: 40 })
    expect(await written()).toMatchObject({ transfers: 1, alice: 5 })
  })

  it('takes the book again when nobody else did, with what the database holds', async () => {
    await pay(5n)
    await bump()
    await expect(pay()).rejects.toBeInstanceOf(NotOwner)
    await until(() => test.ledger.owned().includes(book.number))
    const writer = test.ledger.writer(book.number)
    const result = await writer.transfer(post(uuid(), book.cash, book.alice, 7n))
    expect(result).toMatchObject({ status: 'accepted', number: 2n })
    expect(await writer.balance(book.alice)).toMatchObject({ creditsPosted: 12n })
  })
})
