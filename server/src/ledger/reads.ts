/** Reading the books out of the database: statements, balances at a time, trial balance, proofs. */
import { type Db, type Instant, type OrgDb, present, type Uuid } from '#base'
import { type Account, type Balance, posted } from './account.ts'
import type { Book } from './book.ts'
import { type BookRow, bookOfRow } from './book-row.ts'
import type { Proof, StatementLine, TrialBalanceRow } from './ledger.ts'
import type { RefusalCode } from './refusals.ts'
import type { BookReads, LedgerReads, TransferRecord } from './routes.ts'
import {
  ACCOUNT_NUMBER,
  BALANCE,
  BALANCES,
  ENTRY_BEFORE,
  HISTORY,
  LAST_ID_AT,
  NEWEST_ENTRY,
  REFUSAL,
  SUMS_OF_HOLDS,
  SUMS_OF_TRANSFERS,
  TRANSFER,
} from './store.ts'
import type { TransferType } from './transfer.ts'
import { BOOKS_AFTER } from './writer/store.ts'

const TYPES: readonly TransferType[] = ['post', 'hold', 'release', 'void', 'expire', 'reverse']

interface CounterRow {
  number: number
  debits_posted: bigint
  credits_posted: bigint
  debits_pending: bigint
  credits_pending: bigint
}

interface BalanceRow extends CounterRow {
  id: Uuid
  code: string
  name: string
  holder: string | null
  side: 'debit' | 'credit'
  credit_limit: bigint | null
  state: 'open' | 'frozen' | 'closed'
}

/** Reads over one database; they see what is committed. */
export function createReads(db: Db): LedgerReads {
  return { ...readsOver(db), forOrg: (orgId) => readsOver(db.forOrg(orgId)) }
}

function readsOver(db: OrgDb): BookReads {
  return {
    books: (after, limit) => booksAfter(db, after, limit),
    statement: (book, account, page) => statement(db, book, account, page),
    trialBalance: (book, at) => trialBalance(db, book, at),
    balanceAt: (book, account, at) => balanceAt(db, book, account, at),
    proofs: (book) => proofs(db, book),
    transfer: (book, id) => transferRecord(db, book, id),
  }
}

async function booksAfter(db: OrgDb, after: number, limit: number): Promise<Book[]> {
  const rows = await db.query<BookRow>(BOOKS_AFTER, [after, limit])
  return rows.map(bookOfRow)
}

async function accountNumber(
  db: OrgDb,
  book: number,
  id: Uuid,
): Promise<{ number: number; side: 'debit' | 'credit' } | undefined> {
  const [row] = await db.query<{ number: number; side: 'debit' | 'credit' }>(ACCOUNT_NUMBER, [
    book,
    id,
  ])
  return row
}

async function statement(
  db: OrgDb,
  book: number,
  id: Uuid,
  page: { before?: bigint; limit: number },
): Promise<StatementLine[]> {
  const account = await accountNumber(db, book, id)
  if (account === undefined) return []
  const from =
    page.before === undefined
      ? await db.query<{ id: bigint }>(NEWEST_ENTRY, [book, account.number])
      : await db.query<{ id: bigint }>(ENTRY_BEFORE, [book, page.before, account.number])
  const start = from[0]?.id ?? 0n
  if (start === 0n || page.limit < 1) return []
  const rows = await db.query<HistoryRow>(HISTORY, [book, account.number, start, page.limit])
  return rows.map((row) => statementLine(row, account.side))
}

interface HistoryRow {
  id: bigint
  key: Uuid
  leg: number
  type: number
  amount: bigint
  booked_at: Date
  effective_at: Date | null
  purpose: string | null
  debited: boolean
  net: bigint
  counterpart: Uuid
}

function statementLine(row: HistoryRow, side: 'debit' | 'credit'): StatementLine {
  return {
    number: row.id,
    id: row.key,
    leg: row.leg,
    type: TYPES[row.type]!,
    side: row.debited ? 'debit' : 'credit',
    counterpart: row.counterpart,
    amount: row.amount,
    balanceAfter: side === 'debit' ? row.net : -row.net,
    bookedAt: row.booked_at.getTime(),
    effectiveAt: (row.effective_at ?? row.booked_at).getTime(),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
  }
}

async function lastIdAt(db: OrgDb, book: number, at: Instant): Promise<bigint> {
  const [row] = await db.query<{ last_id: bigint }>(LAST_ID_AT, [book, new Date(at)])
  return present(row, 'an aggregate has a row').last_id
}

async function trialBalance(db: OrgDb, book: number, at?: Instant): Promise<TrialBalanceRow[]> {
  const last = at === undefined ? null : await lastIdAt(db, book, at)
  const opened = at === undefined ? null : new Date(at)
  const rows = await db.query<BalanceRow>(BALANCES, [book, last, opened])
  return rows.map((row) => ({ account: accountOf(book, row), balance: balanceOf(row) }))
}

const NOTHING: Balance = {
  debitsPosted: 0n,
  creditsPosted: 0n,
  debitsPending: 0n,
  creditsPending: 0n,
}

async function balanceAt(db: OrgDb, book: number, id: Uuid, at: Instant): Promise<Balance> {
  const account = await accountNumber(db, book, id)
  if (account === undefined) return NOTHING
  const last = await lastIdAt(db, book, at)
  const [row] = await db.query<BalanceRow>(BALANCE, [book, last, account.number])
  return balanceOf(present(row, 'the account has a row'))
}

function accountOf(book: number, row: BalanceRow): Account {
  return {
    id: row.id,
    book,
    number: row.number,
    code: row.code,
    name: row.name,
    ...(row.holder === null ? {} : { holder: row.holder }),
    side: row.side,
    creditLimit: row.credit_limit,
    state: row.state,
  }
}

function balanceOf(row: CounterRow): Balance {
  return {
    debitsPosted: row.debits_posted,
    creditsPosted: row.credits_posted,
    debitsPending: row.debits_pending,
    creditsPending: row.credits_pending,
  }
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n)

/** Three proofs of one snapshot; each names the first account that breaks it. */
async function proofs(db: OrgDb, book: number): Promise<Proof[]> {
  return await db.tx(async (tx) => {
    await tx.query('set transaction isolation level repeatable read read only')
    const accounts = await tx.query<BalanceRow>(BALANCES, [book, null, null])
    const moved = await tx.query<CounterRow>(SUMS_OF_TRANSFERS, [book])
    const held = await tx.query<CounterRow>(SUMS_OF_HOLDS, [book])
    return [
      debitsEqualCredits(accounts),
      balancesEqualTransfers(accounts, moved),
      pendingEqualsHolds(accounts, held),
    ]
  })
}

function debitsEqualCredits(accounts: readonly BalanceRow[]): Proof {
  const left = sum(accounts.map((row) => row.debits_posted))
  const right = sum(accounts.map((row) => row.credits_posted))
  return { name: 'debits_equal_credits', left, right, holds: left === right }
}

function balancesEqualTransfers(
  accounts: readonly BalanceRow[],
  moved: readonly CounterRow[],
): Proof {
  const byNumber = new Map(moved.map((row) => [row.number, row]))
  const wrong = accounts.find((row) => {
    const other = byNumber.get(row.number)
    return (
      row.debits_posted !== (other?.debits_posted ?? 0n) ||
      row.credits_posted !== (other?.credits_posted ?? 0n)
    )
  })
  const left = sum(accounts.map((row) => posted(balanceOf(row), 'debit')))
  const right = sum(moved.map((row) => posted(balanceOf(row), 'debit')))
  const holds = wrong === undefined && left === right
  return { name: 'balances_equal_transfers', left, right, holds, ...naming(wrong) }
}

function pendingEqualsHolds(accounts: readonly BalanceRow[], held: readonly CounterRow[]): Proof {
  const byNumber = new Map(held.map((row) => [row.number, row]))
  const wrong = accounts.find((row) => {
    const other = byNumber.get(row.number)
    return (
      row.debits_pending !== (other?.debits_pending ?? 0n) ||
      row.credits_pending !== (other?.credits_pending ?? 0n)
    )
  })
  const left = sum(accounts.map((row) => row.debits_pending))
  const right = sum(held.map((row) => row.debits_pending))
  const holds = wrong === undefined && left === right
  return { name: 'pending_equals_open_holds', left, right, holds, ...naming(wrong) }
}

function naming(wrong: BalanceRow | undefined): { detail?: string } {
  if (wrong === undefined) return {}
  return {
    detail: `Account ${wrong.number} (${wrong.code} ${wrong.name}) differs; verify the book.`,
  }
}

interface TransferRow {
  id: bigint
  type: number
  amount: bigint
  booked_at: Date
  effective_at: Date | null
  purpose: string | null
  debit: Uuid
  credit: Uuid
  hold: Uuid | null
  subject: Uuid | null
}

interface RefusedRequest {
  type: TransferType
  legs?: { debit?: Uuid; credit?: Uuid; amount: string }[]
  hold?: Uuid
  subject?: Uuid
  purpose?: string
}

async function transferRecord(
  db: OrgDb,
  book: number,
  id: Uuid,
): Promise<TransferRecord | undefined> {
  const rows = await db.query<TransferRow>(TRANSFER, [book, id])
  const [first] = rows
  if (first !== undefined) {
    return {
      type: TYPES[first.type]!,
      legs: rows.map(({ debit, credit, amount }) => ({ debit, credit, amount })),
      booked: {
        number: first.id,
        at: first.booked_at.getTime(),
        effectiveAt: (first.effective_at ?? first.booked_at).getTime(),
      },
      ...(first.hold === null ? {} : { hold: first.hold }),
      ...(first.subject === null ? {} : { subject: first.subject }),
      ...(first.purpose === null ? {} : { purpose: first.purpose }),
    }
  }
  const [row] = await db.query<{ code: RefusalCode; request: RefusedRequest }>(REFUSAL, [book, id])
  if (row === undefined) return undefined
  const { type, legs = [], hold, subject, purpose } = row.request
  return {
    type,
    legs: legs.flatMap(({ debit, credit, amount }) =>
      debit === undefined || credit === undefined
        ? []
        : [{ debit, credit, amount: BigInt(amount) }],
    ),
    refused: row.code,
    ...(hold === undefined ? {} : { hold }),
    ...(subject === undefined ? {} : { subject }),
    ...(purpose === undefined ? {} : { purpose }),
  }
}
