/** A book in which something of every kind happened, and every way to tamper with one row of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '#base'
import { type Court, openCourt } from './judge/court.ts'
import { LINE_ACCOUNTS, readLine } from './judge/line.ts'
import type { Step } from './judge/step.ts'
import { Balances } from './verify/balances.ts'
import type { StoredTransfer } from './verify/wrong-row.ts'
import { verifyBook, verifyIn } from './verify.ts'

/** Each line is a batch of its own; the transfer numbers it gets stand beside it. */
const HISTORY = [
  't1 post AO>L 100 for fee', //                  1
  't2 post AO>L 50 + AO>M 30 + A>LO 20', //       2 3 4
  'h1 hold L>M 40', //                            5
  'h2 hold L>LO 10 until +50', //                 6
  'x1 post L>M 1000', //                          refused
  't3 release h1 15 + LO 5', //                   7 8
  't4 release h1', //                             9
  'clock +60',
  't5 expire h2', //                              10
  'h3 hold M>L 5', //                             11
  't6 void h3', //                                12
  't7 reverse t1 at -3', //                       13
  'h4 hold AO>L 7', //                            14
]
/** One batch: transfers 15 to 18 and a refusal. */
const TOGETHER = [
  'p1 post AO>L 1',
  'p2 post A>LO 2',
  'x2 post L>M 9999',
  'p3 post AO>M 3',
  'p4 post M>L 4',
]
const LAST = 'x3 post L>M 9999'

let court: Court
let book: number
/** Sequence numbers of the batches by the line that made them, and the accounts' numbers. */
const seq = new Map<string, number>()
const number = new Map<string, number>()

beforeAll(async () => {
  court = await openCourt()
  const { engine, engineDatabase, world } = court
  book = engine.book
  const ids = new Map<string, string>()
  const id = (name: string) => {
    const known = ids.get(name) ?? (ids.size + 0xabc0).toString(16).repeat(8)
    ids.set(name, known)
    return known
  }
  let clock = court.start
  await world.moveTo(clock)
  const openings = LINE_ACCOUNTS.map((account) => ({ ...account, id: id(account.name) }))
  await engine.open(openings, clock)
  const { account } = await engine.end()
  for (const [at, { name }] of LINE_ACCOUNTS.entries()) number.set(name, account - 4 + at)
  const run = async (name: string, steps: readonly Step[]) => {
    await engine.run(steps, { clock, accounts: [], holds: [] })
    const [head] = await engineDatabase.db.query<{ seq: bigint }>('select seq from ledger.head')
    seq.set(name, Number(head?.seq))
  }
  for (const line of HISTORY) {
    const step = readLine(line, clock, id)
    if (step.do === 'clock') {
      clock = step.to
      await world.moveTo(clock)
    } else await run(line.split(' ')[0]!, [step])
  }
  await run(
    'together',
    TOGETHER.map((line) => readLine(line, clock, id)),
  )
  await run('x3', [readLine(LAST, clock, id)])
})
afterAll(() => court.close())

/** Runs the statements in a tx that is taken back, and verifies in between. */
async function tampered(...statements: readonly string[]) {
  let report: Awaited<ReturnType<typeof verifyIn>> | undefined
  const takeBack = new Error('taken back')
  const work = async (tx: Tx) => {
    for (const statement of statements) {
      const changed = await tx.query(`${filled(statement)} returning 1`)
      expect(changed, statement).not.toHaveLength(0)
    }
    report = await verifyIn(tx, book)
    throw takeBack
  }
  await expect(court.engineDatabase.db.tx(work)).rejects.toBe(takeBack)
  return report!.wrong
}

/** `#L` is the number of account L, `@t1` the seq of the batch of t1. */
function filled(text: string): string {
  return text
    .replace(/#(\w+)/g, (_, name: string) => String(number.get(name)))
    .replace(/@(\w+)/g, (_, name: string) => String(seq.get(name)))
}

const T = 'update ledger.transfer set'

// biome-ignore format: the columns are the table
const TAMPERED: readonly (readonly [what: string, statement: string, table: string, number: string, field: string])[] = [
  // what                                  statement                                                             table       row        field
  ['an amount',                            `${T} amount = amount + 1 where id = 3`,                              'transfer', '3',       'amount'],
  ['an amount released',                   `${T} amount = amount - 1 where id = 8`,                              'transfer', '8',       'amount'],
  ['an amount held',                       `${T} amount = amount + 1 where id = 5`,                              'transfer', '5',       'amount'],
  ['an amount given back',                 `${T} amount = amount - 1 where id = 12`,                             'transfer', '12',      'amount'],
  ['an amount reversed',                   `${T} amount = amount - 1 where id = 13`,                             'transfer', '13',      'amount'],
  ['the account of the first entry',       `${T} credit = #LO where id = 1`,                                     'transfer', '1',       'rows_hash'],
  ['an account with a history',            `${T} credit = #AO where id = 16`,                                    'transfer', '16',      'credit'],
  ['an account of a release',              `${T} credit = #LO where id = 9`,                                     'transfer', '9',       'credit'],
  ['an account that does not exist',       `${T} debit = 9999 where id = 2`,                                     'transfer', '2',       'debit'],
  ['a balance after',                      `${T} debit_after = debit_after + 1 where id = 2`,                    'transfer', '2',       'debit_after'],
  ['a pointer',                            `${T} debit_prev = 1 where id = 3`,                                   'transfer', '3',       'debit_prev'],
  ['a type',                               `${T} type = 3 where id = 9`,                                         'transfer', '9',       'debit_after'],
  ['a way to end a hold',                  `${T} type = 3 where id = 10`,                                        'transfer', '10',      'type'],
  ['a hold as a post',                     `${T} type = 0 where id = 14`,                                        'transfer', '14',      'type'],
  ['a subject',                            `${T} subject_id = 6 where id = 9`,                                   'transfer', '9',       'amount'],
  ['a leg',                                `${T} leg = 2 where id = 3`,                                          'transfer', '3',       'leg'],
  ['a purpose',                            `${T} purpose = 'tip' where id = 1`,                                  'transfer', '1',       'rows_hash'],
  ['an effective time',                    `${T} effective_at = null where id = 13`,                             'transfer', '13',      'rows_hash'],
  ['a booking time',                       `${T} booked_at = booked_at + '1 s' where id = 16`,                   'transfer', '16',      'booked_at'],
  ['an id, alone in its batch',            `${T} key = gen_random_uuid() where id = 1`,                          'transfer', '1',       'rows_hash'],
  ['an id, one of a batch',                `${T} key = gen_random_uuid() where id = 16`,                         'seal',     '@together', 'rows_hash'],
  ['a row taken out of the middle',        'delete from ledger.transfer where id = 8',                           'transfer', '8',       'id'],
  ['the last row taken out',               'delete from ledger.transfer where id = 18',                          'transfer', '18',      'id'],
  ['a row too many',                       `${T} id = 99 where id = 18`,                                         'transfer', '18',      'id'],
  ['a seal\'s hash',                       'update ledger.seal set hash = rows_hash where seq = @h1',            'seal',     '@h1',     'hash'],
  ['a seal\'s rows',                       'update ledger.seal set rows_hash = hash where seq = @h1',            'seal',     '@h1',     'hash'],
  ['a seal\'s time',                       `update ledger.seal set at = at + '1 s' where seq = @t2`,             'seal',     '@t2',     'hash'],
  ['a seal taken out',                     'delete from ledger.seal where seq = @t3',                            'seal',     '@t3',     'seq'],
  ['the last seal taken out',              'delete from ledger.seal where seq = @x3',                            'seal',     '@x3',     'seq'],
  ['the chain\'s end',                     `update ledger.head set chain = decode('00', 'hex')`,                 'head',     '1',       'chain'],
  ['the head\'s place',                    'update ledger.head set last_id = 19',                                'head',     '1',       'last_id'],
  ['a balance',                            'update ledger.account set credits_posted = credits_posted + 1 where number = #L', 'account', '#L', 'credits_posted'],
  ['a pending balance',                    'update ledger.account set debits_pending = 0 where number = #AO',    'account',  '#AO',     'debits_pending'],
  ['an account\'s newest entry',           'update ledger.account set last_entry = 1 where number = #M',         'account',  '#M',      'last_entry'],
  ['a balance nobody moved',               'update ledger.account set debits_posted = 5, credits_posted = 5 where number = 7', 'account', '7', 'debits_posted'],
  ['an account taken out',                 'delete from ledger.account where number = 7',                        'account',  '7',       'number'],
  ['what is left of a hold',               'update ledger.hold set remaining = 6 where id = 14',                 'hold',     '14',      'remaining'],
  ['the amount of a hold',                 'update ledger.hold set amount = 8 where id = 14',                    'hold',     '14',      'amount'],
  ['the account of a hold',                'update ledger.hold set credit = #M where id = 14',                   'hold',     '14',      'credit'],
  ['the end of a hold',                    `update ledger.hold set state = 'voided' where id = 5`,               'hold',     '5',       'state'],
  ['a hold opened again',                  `update ledger.hold set state = 'open', remaining = 1 where id = 6`,  'hold',     '6',       'state'],
  ['a hold closed',                        `update ledger.hold set state = 'expired', remaining = 0 where id = 14`, 'hold',  '14',      'state'],
  ['a hold taken out',                     'delete from ledger.hold where id = 14',                              'hold',     '14',      'id'],
  ['an ended hold taken out',              'delete from ledger.hold where id = 6',                               'hold',     '6',       'id'],
  ['a hold too many',                      `insert into ledger.hold select book_id, org_id, 2, gen_random_uuid(), debit, credit, amount, 0, 'voided', null, false from ledger.hold where id = 5`, 'hold', '2', 'id'],
  ['a refusal taken out',                  'delete from ledger.refused where seq = @x1',                         'refused',  '@x1/1',   'position'],
  ['the last refusal taken out',           'delete from ledger.refused where seq = @x3',                         'refused',  '@x3/1',   'position'],
  ['a refusal taken out of a batch',       'delete from ledger.refused where seq = @together',                   'seal',     '@together', 'rows_hash'],
  ['the code of a refusal',                `update ledger.refused set code = 'period_closed' where seq = @x1`,   'refused',  '@x1/1',   'rows_hash'],
  ['the request of a refusal',             `update ledger.refused set request = '{}' where seq = @x1`,           'refused',  '@x1/1',   'rows_hash'],
  ['the batch of a refusal',               'update ledger.refused set seq = @t4 where seq = @x3',                'seal',     '@t4',     'rows_hash'],
  ['a refusal of no batch',                'update ledger.refused set seq = 99 where seq = @x3',                 'refused',  '@x3/1',   'position'],
  ['a reversal taken out',                 'delete from ledger.reversal where subject_id = 1',                   'reversal', '1',       'reversal_id'],
  ['a reversal of another transfer',       'update ledger.reversal set reversal_id = 9 where subject_id = 1',    'reversal', '1',       'reversal_id'],
  ['a reversal too many',                  'insert into ledger.reversal values (1, 1, 9, 13)',                   'reversal', '9',       'subject_id'],
]

describe('verification', () => {
  it('finds nothing wrong in a book nobody touched, and counts all of it', async () => {
    const report = await verifyBook(court.engineDatabase.db, book)
    const { chain, ...counts } = report
    expect(counts).toEqual({
      book,
      seals: seq.get('x3'),
      transfers: 18,
      refusals: 3,
      accounts: number.get('M'),
      holds: 4,
    })
    const [head] = await court.engineDatabase.db.query<{ chain: Buffer }>(
      'select chain from ledger.head',
    )
    expect(chain).toBe(head?.chain.toString('hex'))
  })

  it.each(TAMPERED)('names the first wrong row: %s', async (_, statement, table, row, field) => {
    const expected = { table: `ledger.${table}`, number: filled(row), field }
    expect(await tampered(statement)).toMatchObject(expected)
  })

  it('says what was expected and what was found', async () => {
    expect(await tampered(`${T} amount = amount + 1 where id = 3`)).toEqual({
      table: 'ledger.transfer',
      number: '3',
      field: 'amount',
      expected: '30',
      found: '31',
    })
  })

  it('names the first of two rows that changed places', async () => {
    const found = await tampered(
      `${T} id = 1000 where id = 15`,
      `${T} id = 15 where id = 17`,
      `${T} id = 17 where id = 1000`,
    )
    expect(found).toMatchObject({ table: 'ledger.transfer', number: '15' })
  })

  it('names an account that was let fall below its limit', () => {
    const balances = new Balances('plain')
    const account = (at: number, code: string, side: 'debit' | 'credit', limit: bigint | null) => ({
      number: at,
      code,
      side,
      credit_limit: limit,
      debits_posted: 0n,
      credits_posted: 0n,
      debits_pending: 0n,
      credits_pending: 0n,
      as_of_id: 0n,
      last_entry: 0n,
    })
    balances.add(account(1, 'L', 'credit', 0n), 0)
    balances.add(account(2, 'L-open', 'credit', null), 0)
    const row: StoredTransfer = {
      id: 1,
      key: 'ab'.repeat(16),
      leg: 0,
      type: 0,
      debit: 1,
      credit: 2,
      amount: 1n,
      debitAfter: 1n,
      creditAfter: -1n,
      debitPrev: 0,
      creditPrev: 0,
      subject: undefined,
      bookedAt: 0,
      effectiveAt: undefined,
      purpose: undefined,
    }
    expect(balances.apply(row, undefined)).toMatchObject({ number: '1', field: 'debit' })
  })

  it('refuses a book that does not exist', async () => {
    await expect(verifyBook(court.engineDatabase.db, 999)).rejects.toThrow('There is no book 999')
  })
})
