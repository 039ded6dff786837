import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, test } from 'vitest'
import { listExceptions } from './exception-store.ts'
import { EXCEPTION_KINDS } from './exceptions.ts'
import { OUTSIDE_KINDS } from './outside-kinds.ts'
import { listOutside } from './outside-store.ts'
import {
  nextPayout,
  PAYOUT_MOVES,
  PAYOUT_PURPOSES,
  PAYOUT_STATES,
  RETURN_PLACES,
} from './payout-states.ts'
import {
  REFUND_MOVES,
  REFUND_PART_MOVES,
  REFUND_PART_STATES,
  REFUND_ROUTES,
  REFUND_STATES,
} from './refund-states.ts'
import {
  LINE_KINDS,
  OUTSIDE_STATES,
  SETTLEMENT_ROW_STATES,
  SETTLEMENT_STATES,
} from './settlement-states.ts'
import { listSettlements } from './settlement-store.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('over real books', () => {
  let on: OutflowWorld

  afterEach(() => on.stop())

  const exceptions = async () =>
    (await listExceptions(on.context.db, { book: on.pool, state: 'open' })).map(({ kind }) => kind)
  const code = (book: number, account: string) => on.ledger.writer(book).accountByCode(account)!.id
  const suspense = () => on.balance(on.pool, code(on.pool, '2241.06'))
  const days = async () =>
    (await listSettlements(on.context.db, on.pool, 'a')).map(({ state, settled }) => [
      state,
      settled,
    ])

  it('T+1 net over three days with fees and a refund: transit is zero, our own book pays the fee', async () => {
    on = await outflowWorld()
    await on.ledger.writer(on.pool).submit({ roots: [], effects: on.flows.start('a') })
    const dates = ['20260302', '20260303', '20260304']
    let flow = 0
    let collected = 0n
    for (const [index, date] of dates.entries()) {
      const paid = await on.collected(1_000_00n)
      await on.collected(500_00n)
      collected += 1_500_00n
      if (index === 1) {
        await on.flows.refund(on.pool, {
          id: on.world.ids.uuid(),
          requestHash: '00',
          amount: 200_00n,
          reason: 'called off',
          requestedBy: 'anna',
          collections: [paid.id],
          source: on.owner,
        })
      }
      await on.settle()
      const file = on.rails.a.closeDay(date)
      await on.pass(DAY + 3 * HOUR - (index === 0 ? 0 : 3 * HOUR))
      flow += 1
      const { amount, memo } = on.rails.a.sent[index]!
      expect(file.settled).toBe(amount)
      const line = bankLine({ flow: `f${flow}`, side: 'in', amount, memo })
      await on.flows.takeBankLines(on.pool, 'b', [line])
      await on.flows.takeBankLines(on.pool, 'b', [line])
    }
    await on.settle()
    const fees = 3n * 9_00n
    expect(await days()).toEqual([
      ['settled', 1_491_00n],
      ['settled', 1_291_00n],
      ['settled', 1_491_00n],
    ])
    expect(await on.transit(on.pool, 'a')).toBe(0n)
    expect(await on.balance(on.pool, on.cash)).toBe(collected - 200_00n - fees)
    expect(await on.balance(on.pool, on.owner)).toBe(collected - 200_00n)
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(fees)
    expect(await on.balance(on.own, code(on.own, '6421'))).toBe(fees)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(-fees)
    expect(await exceptions()).toEqual([])
    expect(await on.unproven()).toEqual([])
  })

  it('what our own book owes a pool is paid back by a payout of its own, and transit is zero', async () => {
    on = await outflowWorld()
    await on.flows.recordOutside(on.pool, {
      kind: 'bank_fee',
      amount: 5_00n,
      channel: 'b',
      flow: 'x',
      about: '',
      key: 'x',
    })
    expect((await listOutside(on.context.db, { book: on.pool }))[0]).toMatchObject({
      state: 'waiting',
    })
    await on.fund(100_00n)
    await on.pass(HOUR)
    expect(await on.balance(on.own, code(on.own, '6603'))).toBe(5_00n)
    const cash = code(on.own, '1002.01')
    const equity = on.world.ids.uuid()
    await on.ledger.writer(on.own).submit({
      roots: [],
      transfers: [
        {
          type: 'post',
          id: equity,
          legs: [{ debit: cash, credit: code(on.own, '6021'), amount: 50_00n }],
        },
      ],
    })
    const made = await on.flows.payouts.create(on.own, {
      id: on.world.ids.uuid(),
      requestHash: '00',
      source: code(on.own, '1221.01'),
      amount: 5_00n,
      payee: PAYEE,
      memo: 'fees',
      requestedBy: 'platform',
      purpose: 'reimbursement',
    })
    expect(made).toMatchObject({ created: true })
    await on.settle()
    const [sent] = [...on.rails.b.orders.values()]
    const line = bankLine({ flow: 'f1', side: 'in', amount: 5_00n, reference: sent!.reference })
    await on.flows.takeBankLines(on.pool, 'b', [line])
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(0n)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(0n)
    expect(await on.balance(on.pool, on.cash)).toBe(100_00n)
  })

  it('a row we do not know, or know differently, books nothing and is named', async () => {
    on = await outflowWorld()
    const paid = await on.collected(100_00n)
    const file = on.rails.a.closeDay('20260302')
    const [row] = file.rows
    const stranger = {
      ...row!,
      row: 2,
      reference: 'T0000010000000000000000A',
      amount: 7_00n,
      fee: 1n,
    }
    const differing = { ...row!, row: 1, amount: 100_01n }
    const changed = {
      ...file,
      settled: file.settled + 7_00n + 1n - 1n,
      rows: [differing, stranger],
    }
    await on.flows.takeChannelFile(on.pool, 'a', changed)
    await on.flows.takeChannelFile(on.pool, 'a', changed)
    expect(await exceptions()).toEqual(['file_row_unknown', 'file_row_unknown'])
    expect(await on.transit(on.pool, 'a')).toBe(100_00n)
    expect(paid.amount).toBe(100_00n)
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(0n)
  })

  it.each([
    ['nobody', undefined],
    ['a payer', 'collect'],
  ] as const)('a payout that came back and was paid to %s is named', async (_, whose) => {
    on = await outflowWorld()
    await on.collected(100_00n)
    const file = on.rails.a.closeDay('20260302')
    const [row] = file.rows
    const reference = whose === undefined ? 'T0000010000000000000000A' : row!.reference
    const returned = { ...row!, row: 2, direction: 'payout_returned' as const, reference, fee: 0n }
    await on.flows.takeChannelFile(on.pool, 'a', { ...file, rows: [row!, returned] })
    expect(await exceptions()).toEqual(['file_row_unknown'])
  })

  it('a day whose file never comes does not keep the days after it', async () => {
    on = await outflowWorld()
    await on.ledger.writer(on.pool).submit({ roots: [], effects: on.flows.start('a') })
    await on.pass(DAY)
    await on.collected(100_00n)
    const file = on.rails.a.closeDay('20260303')
    await on.pass(2 * DAY)
    expect(await days()).toEqual([['expected', file.settled]])
    on.rails.a.closeDay('20260302')
    await on.pass(DAY)
    expect(await days()).toHaveLength(2)
  })

  it('a server that begins again before a day is read reads that day, and each after it, once', async () => {
    on = await outflowWorld()
    const begin = () =>
      on.ledger.writer(on.pool).submit({ roots: [], effects: on.flows.start('a') })
    await begin()
    await on.world.clock.advance(DAY)
    await begin()
    for (const date of ['20260302', '20260303']) on.rails.a.closeDay(date)
    await on.pass(2 * DAY)
    expect(await days()).toHaveLength(2)
    const planned = await on.context.db.query(
      `select key from base.due where kind = 'payments.read_channel_file'`,
    )
    expect(planned).toEqual([{ key: 'a/20260304' }])
  })

  it('the same order in a later file is not settled twice, and a changed file books nothing', async () => {
    on = await outflowWorld()
    await on.collected(100_00n)
    const file = on.rails.a.closeDay('20260302')
    await Promise.all([1, 2, 3].map(() => on.flows.takeChannelFile(on.pool, 'a', file)))
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(60n)
    const later = { ...file, date: '20260303', settlementReference: 'a 20260303', hash: '11' }
    await on.flows.takeChannelFile(on.pool, 'a', later)
    expect(await exceptions()).toEqual(['file_row_unknown'])
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(60n)
    expect(await on.flows.takeChannelFile(on.pool, 'a', { ...file, hash: '22' })).toBe('changed')
    expect(await exceptions()).toContain('settlement_differs')
  })

  it.each([
    ['more', 5_00n, 5_00n, 0n],
    ['less', -5_00n, 0n, 5_00n],
  ])('a settlement of %s than expected is named', async (_, over, inSuspense, inTransit) => {
    on = await outflowWorld()
    await on.collected(100_00n)
    const file = on.rails.a.closeDay('20260302')
    await on.flows.takeChannelFile(on.pool, 'a', file)
    const amount = file.settled + over
    const line = bankLine({ flow: 'f1', side: 'in', amount, memo: file.settlementReference })
    await on.flows.takeBankLines(on.pool, 'b', [line, { ...line, flow: 'f2', amount: 1n }])
    expect(await days()).toEqual([['differs', file.settled]])
    expect(await suspense()).toBe(inSuspense + 1n)
    expect(await on.transit(on.pool, 'a')).toBe(inTransit)
    expect((await exceptions()).sort()).toEqual(['settlement_differs', 'unknown_credit'])
  })

  it.each([
    ['its text alone', ''],
    ['words before it', '结算款 '],
  ])(
    'cash that comes before its file, with %s, waits in suspense and is found',
    async (_, words) => {
      on = await outflowWorld()
      await on.collected(100_00n)
      const file = on.rails.a.closeDay('20260302')
      const memo = words + file.settlementReference
      const line = bankLine({ flow: 'f1', side: 'in', amount: file.settled, memo })
      await on.flows.takeBankLines(on.pool, 'b', [line])
      expect(await suspense()).toBe(file.settled)
      expect(await exceptions()).toEqual(['unknown_credit'])
      await on.flows.takeChannelFile(on.pool, 'a', file)
      expect(await suspense()).toBe(0n)
      expect(await on.transit(on.pool, 'a')).toBe(0n)
      expect(await exceptions()).toEqual([])
      expect(await days()).toEqual([['settled', file.settled]])
    },
  )

  it('a line and the file it settles, taken side by side, find each other', async () => {
    on = await outflowWorld()
    for (let day = 2; day < 12; day += 1) {
      await on.collected(100_00n)
      const date = `202603${String(day).padStart(2, '0')}`
      const file = on.rails.a.closeDay(date)
      const memo = file.settlementReference
      const line = bankLine({ flow: date, side: 'in', amount: file.settled, memo })
      await Promise.all([
        on.flows.takeBankLines(on.pool, 'b', [line]),
        on.flows.takeChannelFile(on.pool, 'a', file),
      ])
      await on.world.clock.advance(86_400_000)
    }
    expect(await suspense()).toBe(0n)
    expect(await on.transit(on.pool, 'a')).toBe(0n)
    expect(await exceptions()).toEqual([])
  })

  it('a negative day that was debited before its file is found', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    await on.collected(100_00n)
    const first = on.rails.a.closeDay('20260302')
    const line = bankLine({ flow: 'f1', side: 'out', amount: 9_00n, memo: 'a 20260304' })
    await on.flows.takeBankLines(on.pool, 'b', [line])
    expect(await exceptions()).toEqual(['unknown_debit'])
    const rows = [
      { ...first.rows[0]!, direction: 'refund' as const, reference: 'X', amount: 9_00n, fee: 0n },
    ]
    const day = { date: '20260304', currency: 'CNY', hash: '44', settlementReference: 'a 20260304' }
    await on.flows.takeChannelFile(on.pool, 'a', { ...day, rows, settled: -9_00n })
    expect(await days()).toEqual([['settled', -9_00n]])
    expect(await exceptions()).toEqual(['file_row_unknown'])
    expect(await on.transit(on.pool, 'a')).toBe(109_00n)
  })

  it('a negative day is paid to the channel', async () => {
    on = await outflowWorld()
    await on.collected(100_00n)
    const first = on.rails.a.closeDay('20260302')
    await on.flows.takeChannelFile(on.pool, 'a', first)
    await on.fund(500_00n)
    const day = { date: '20260303', currency: 'CNY', hash: '33', settlementReference: 'a 20260303' }
    await on.flows.takeChannelFile(on.pool, 'a', { ...day, rows: [], settled: 0n })
    expect(await days()).toEqual([
      ['expected', first.settled],
      ['settled', 0n],
    ])
    const back = { ...day, date: '20260304', settlementReference: 'a 20260304', hash: '44' }
    const rows = [
      { ...first.rows[0]!, direction: 'refund' as const, reference: 'X', amount: 9_00n, fee: 0n },
    ]
    await on.flows.takeChannelFile(on.pool, 'a', { ...back, rows, settled: -9_00n })
    const line = bankLine({ flow: 'f1', side: 'out', amount: 9_00n, memo: 'a 20260304' })
    await on.flows.takeBankLines(on.pool, 'b', [line])
    expect((await days())[2]).toEqual(['settled', -9_00n])
    expect(await on.balance(on.pool, on.cash)).toBe(491_00n)
  })

  it.each([
    ['fee', 'out', 'bank_fee', undefined],
    ['court_deduction', 'out', 'court_deduction', '1221.03'],
    ['interest', 'in', 'pool_interest', '2241.08'],
    ['plain', 'in', 'unknown_credit', '2241.06'],
    ['plain', 'out', 'unknown_debit', '1221.05'],
    ['interest', 'out', 'unknown_debit', '1221.05'],
  ] as const)('a line of kind %s %s is %s, taken once', async (kind, side, as, account) => {
    on = await outflowWorld()
    await on.fund(500_00n)
    const line = bankLine({ flow: 'f1', side, amount: 3_00n, kind })
    const take = () => on.flows.takeBankLines(on.pool, 'b', [line])
    await Promise.all([take(), take(), take()])
    const change = side === 'in' ? 3_00n : -3_00n
    expect(await on.balance(on.pool, on.cash)).toBe(500_00n + change)
    const on_ =
      account === undefined ? undefined : await on.balance(on.pool, code(on.pool, account))
    expect(on_ ?? (await on.transit(on.pool, `book_${on.own}`))).toBe(3_00n)
    const [exception] = await listExceptions(on.context.db, { book: on.pool, state: 'open' })
    expect(exception).toMatchObject({ kind: as, about: 'f1', amount: 3_00n })
    expect(exception!.deadline).toBeGreaterThan(on.world.clock.now())
    await on.settle()
    expect(await on.unproven()).toEqual([])
  })

  it('what a court took while payouts reserve the cash waits, and is booked after them', async () => {
    on = await outflowWorld()
    await on.fund(100_00n)
    on.rails.b.next.push('accepts')
    await on.flows.payouts.create(on.pool, {
      id: on.world.ids.uuid(),
      requestHash: '00',
      source: on.owner,
      amount: 100_00n,
      payee: PAYEE,
      memo: 'x',
      requestedBy: 'anna',
    })
    await on.settle()
    const line = bankLine({ flow: 'f1', side: 'out', amount: 40_00n, kind: 'court_deduction' })
    await on.flows.takeBankLines(on.pool, 'b', [line])
    expect((await listOutside(on.context.db, { book: on.pool }))[0]).toMatchObject({
      state: 'waiting',
    })
    expect(await exceptions()).toEqual(['court_deduction'])
    const [order] = [...on.rails.b.orders.values()]
    on.rails.b.finish(order!.reference, { refuses: 'NO_SUCH_ACCOUNT' })
    await on.pass(2 * HOUR)
    expect((await listOutside(on.context.db, { book: on.pool }))[0]).toMatchObject({
      state: 'booked',
    })
    expect(await on.balance(on.pool, on.cash)).toBe(60_00n)
  })
})

const folder = new URL('../../migrations/', import.meta.url)
const statements = readdirSync(folder)
  .filter((name) => /^\d{4}-payments-.*\.sql$/.test(name))
  .sort()
  .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/;\n/))

/** The values of a column's `check (… in (…))`, as the last migration that says so leaves it. */
function checked(table: string, column: string): string[] {
  const about = new RegExp(`^(create|alter) table payments\\.${table}\\b`, 'm')
  const check = new RegExp(`check \\(${column} in\\s*\\(([^)]*)\\)`)
  const found = statements
    .filter((statement) => about.test(statement))
    .flatMap((statement) => check.exec(statement)?.[1] ?? [])
  return [...(found.at(-1) ?? '').matchAll(/'([^']*)'/g)].map(([, value]) => value!)
}

test.each([
  ['payout', 'state', PAYOUT_STATES],
  ['payout', 'purpose', PAYOUT_PURPOSES],
  ['payout_return', 'booked_to', RETURN_PLACES],
  ['refund', 'state', REFUND_STATES],
  ['refund_part', 'state', REFUND_PART_STATES],
  ['refund_part', 'route', REFUND_ROUTES],
  ['settlement', 'state', SETTLEMENT_STATES],
  ['settlement_row', 'state', SETTLEMENT_ROW_STATES],
  ['bank_line', 'taken_as', LINE_KINDS],
  ['outside_entry', 'state', OUTSIDE_STATES],
  ['outside_entry', 'kind', Object.keys(OUTSIDE_KINDS)],
])('the check of %s.%s equals its table', (table, column, values) => {
  expect(checked(table, column)).toEqual([...values])
})

test('states that are over do not move, every other state is reached and left', () => {
  for (const over of ['succeeded', 'failed', 'cancelled'] as const) {
    for (const { on } of PAYOUT_MOVES) expect(nextPayout(over, on)).toBeUndefined()
  }
  const reached = new Set<string>(PAYOUT_MOVES.map(({ to }) => to))
  expect(PAYOUT_STATES.filter((state) => !reached.has(state))).toEqual(['waiting_for_approval'])
  const ended = new Set<string>(REFUND_PART_MOVES.map(({ from }) => from))
  expect(REFUND_PART_STATES.filter((state) => !ended.has(state))).toEqual(['succeeded', 'failed'])
  expect(REFUND_MOVES.map(({ to }) => to)).toEqual(['succeeded', 'failed'])
})

test('every kind of money without us has an owner and a deadline', () => {
  for (const { exception } of Object.values(OUTSIDE_KINDS)) {
    expect(EXCEPTION_KINDS[exception].owner).not.toBe('')
    expect(EXCEPTION_KINDS[exception].hours).toBeGreaterThan(0)
  }
})
