/**
 * Taking a book over. The epoch is bumped first: that waits for the row lock of an old writer that
 * is committing, and every later batch of its is fenced. Only then is the state read, so nothing can
 * be committed behind our back. Accounts come complete up to `as_of_id` each; the transfers after
 * `checkpoint_id` are replayed over them.
 */
import { type Instant, must, present, type Tx } from '#base'
import type { AccountState } from '../account.ts'
import { TYPE } from './decide.ts'
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type HeldMoney,
  Memory,
} from './memory.ts'
import {
  ACCOUNT_COUNT,
  BOOK,
  HOLDS_BY_ID,
  type HoldRow,
  LOAD_ACCOUNTS,
  OPEN_HOLDS,
  TAIL,
  TAKE_OVER,
} from './store.ts'

const ACCOUNTS_STEP = 50_000
const TAIL_STEP = 50_000

export interface Head {
  epoch: number
  seq: number
  lastId: number
  chain: Buffer
  sealedAt: Instant
}

/** Bumps the epoch; `undefined` when there is no such book. */
export async function bumpEpoch(
  db: Tx,
  book: number,
  ownerUrl: string | undefined,
): Promise<(Head & { checkpointId: number }) | undefined> {
  const rows = await db.query(TAKE_OVER, [book, ownerUrl ?? null])
  const row = rows[0]
  if (row === undefined) return undefined
  return {
    epoch: Number(row.epoch),
    seq: Number(row.seq),
    lastId: Number(row.last_id),
    checkpointId: Number(row.checkpoint_id),
    chain: row.chain as Buffer,
    sealedAt: (row.sealed_at as Date).getTime(),
  }
}

/** Loads a book into memory, complete up to `head.lastId`. */
export async function loadMemory(
  db: Tx,
  book: number,
  head: { lastId: number; checkpointId: number },
): Promise<Memory> {
  const rows = await db.query(ACCOUNT_COUNT, [book])
  const accounts = present(rows[0], 'a count has a row').accounts as number
  const memory = new Memory(Math.max(1024, accounts))
  const asOf = new Float64Array(Math.max(1, accounts))
  for (let after = 0; after < accounts; after += ACCOUNTS_STEP) {
    await loadAccounts(db, book, memory, { after, asOf })
  }
  const found = await db.query(BOOK, [book])
  const closedBefore = found[0]?.closed_before as Date | null
  memory.closedBefore = closedBefore?.getTime()
  const holds = await db.query<HoldRow>(OPEN_HOLDS, [book])
  for (const row of holds) memory.holds.set(row.key, heldMoney(row))
  await replay(db, book, memory, { ...head, asOf })
  memory.nextId = head.lastId + 1
  return memory
}

interface AccountChunk {
  ids: Buffer
  counters: Buffer
  codes: string
  names: string
  holders: string
  flags: string
}

async function loadAccounts(
  db: Tx,
  book: number,
  memory: Memory,
  step: { after: number; asOf: Float64Array },
): Promise<void> {
  const values = [book, step.after, step.after + ACCOUNTS_STEP]
  const rows = await db.query<AccountChunk>(LOAD_ACCOUNTS, values)
  const chunk = present(rows[0], 'an aggregate has a row')
  const codes = JSON.parse(chunk.codes) as string[]
  const names = JSON.parse(chunk.names) as string[]
  const holders = JSON.parse(chunk.holders) as (string | null)[]
  for (const [index, code] of codes.entries()) {
    const at = index * 56
    const limit = chunk.counters.readBigInt64BE(at + 48)
    const account = memory.addAccount({
      // Straight from the bytes: a string put together from parts takes three times the memory.
      id: chunk.ids.toString('hex', index * 16, index * 16 + 16),
      code: interned(memory, code),
      name: names[index]!,
      holder: holders[index] ?? undefined,
      side: chunk.flags[index * 2] === 'd' ? 'debit' : 'credit',
      creditLimit: limit < 0n ? null : limit,
      state: stateOf(chunk.flags[index * 2 + 1]!),
    })
    must(account === step.after + index, 'account numbers have no gaps')
    for (const counter of [0, 1, 2, 3] as const) {
      memory.counters[counter][account] = chunk.counters.readBigInt64BE(at + counter * 8)
    }
    step.asOf[account] = Number(chunk.counters.readBigInt64BE(at + 32))
    memory.lastEntry[account] = Number(chunk.counters.readBigInt64BE(at + 40))
  }
}

/** One string per code instead of one per account. */
function interned(memory: Memory, code: string): string {
  const first = memory.numbersByCode.get(code)
  return first === undefined ? code : memory.codeOf(first)
}

function stateOf(flag: string): AccountState {
  if (flag === 'o') return 'open'
  return flag === 'f' ? 'frozen' : 'closed'
}

export function heldMoney(row: HoldRow): HeldMoney {
  return {
    id: Number(row.id),
    key: row.key,
    debit: row.debit - 1,
    credit: row.credit - 1,
    amount: row.amount,
    remaining: row.remaining,
    state: row.state,
    expiresAt: row.expires_at?.getTime(),
    pinned: row.pinned,
    stored: true,
  }
}

interface TailRow {
  id: bigint
  type: number
  debit: number
  credit: number
  amount: bigint
  subject_id: bigint | null
}

async function replay(
  db: Tx,
  book: number,
  memory: Memory,
  head: { lastId: number; checkpointId: number; asOf: Float64Array },
): Promise<void> {
  for (let after = head.checkpointId; after < head.lastId; after += TAIL_STEP) {
    const rows = await db.query<TailRow>(TAIL, [book, after, after + TAIL_STEP])
    const subjects = rows.flatMap((row) =>
      row.subject_id === null || row.type === TYPE.reverse ? [] : [row.subject_id],
    )
    const holds = new Map<number, HeldMoney>()
    if (subjects.length > 0) {
      const found = await db.query<HoldRow>(HOLDS_BY_ID, [book, subjects])
      for (const row of found) holds.set(Number(row.id), heldMoney(row))
    }
    for (const row of rows) replayRow(memory, row, holds, head.asOf)
  }
}

/** Applies one transfer to the accounts whose rows do not contain it yet. */
function replayRow(
  memory: Memory,
  row: TailRow,
  holds: ReadonlyMap<number, HeldMoney>,
  asOf: Float64Array,
): void {
  const id = Number(row.id)
  const debit = row.debit - 1
  const credit = row.credit - 1
  const add = (account: number, counter: 0 | 1 | 2 | 3, amount: bigint, entry: boolean): void => {
    if (id <= asOf[account]!) return
    if (!memory.lagging.has(account)) memory.lagging.set(account, id)
    memory.counters[counter][account]! += amount
    if (entry) memory.lastEntry[account] = id
  }
  if (row.type === TYPE.post || row.type === TYPE.reverse || row.type === TYPE.release) {
    add(debit, DEBITS_POSTED, row.amount, true)
    add(credit, CREDITS_POSTED, row.amount, true)
  }
  if (row.type === TYPE.hold) {
    add(debit, DEBITS_PENDING, row.amount, true)
    add(credit, CREDITS_PENDING, row.amount, true)
  }
  if (row.type === TYPE.release || row.type === TYPE.void || row.type === TYPE.expire) {
    const hold = present(holds.get(Number(row.subject_id)), 'a release names a stored hold')
    const entry = row.type !== TYPE.release
    add(hold.debit, DEBITS_PENDING, -row.amount, entry)
    add(hold.credit, CREDITS_PENDING, -row.amount, entry)
  }
}
