/**
 * Looking into the database for what memory does not hold: transfers and refusals stored under an
 * id that may have been used before, holds no longer open, and transfers to reverse. Only requests
 * that need it wait for this; the others go on.
 */
import type { Instant, Tx, Uuid } from '#base'
import type { TransferResult } from '../command.ts'
import type { RefusalCode } from '../refusals.ts'
import type { TransferRequest, TransferType } from '../transfer.ts'
import { type Found, type Subject, TYPE } from './decide.ts'
import type { HeldMoney, Memory } from './memory.ts'
import type { Partition, Partitions } from './partitions.ts'
import {
  HOLDS_BY_ID,
  HOLDS_BY_KEY,
  type HoldRow,
  KEYS_OF_IDS,
  REVERSED,
  STORED_REFUSALS,
  type StoredRow,
  storedTransfers,
} from './store.ts'
import { heldMoney } from './takeover.ts'
import { UuidWords } from './uuid-words.ts'

export interface Needs {
  /** Ids of requests that may be stored already. */
  readonly keys: Set<Uuid>
  readonly holds: Set<Uuid>
  readonly subjects: Set<Uuid>
}

/** What was found. A key that is not in `stored` is free. */
export interface Looked extends Found {
  readonly stored: ReadonlyMap<Uuid, Stored>
  /** The keys that were looked for. */
  readonly keys: ReadonlySet<Uuid>
}

/** A request as it was first answered. */
export interface Stored {
  readonly shape: Shape
  readonly answer: Extract<TransferResult, { status: 'accepted' }> | { refused: RefusalCode }
}

interface LegShape {
  readonly debit: Uuid | undefined
  readonly credit: Uuid | undefined
  readonly amount: string
}

/** The fields of a request that must not differ when its id comes again. */
interface Shape {
  readonly type: TransferType
  /** Absent when the request left the parts to the ledger. */
  readonly legs: readonly LegShape[] | undefined
  readonly hold: Uuid | undefined
  readonly subject: Uuid | undefined
  readonly effectiveAt: Instant | undefined
  readonly expiresAt: Instant | undefined
  readonly purpose: string | undefined
}

const TYPES: readonly TransferType[] = ['post', 'hold', 'release', 'void', 'expire', 'reverse']

export async function look(
  db: Tx,
  book: number,
  needs: Needs,
  inside: { memory: Memory; partitions: Partitions },
): Promise<Looked> {
  const wanted = [...needs.keys, ...needs.subjects]
  const rows = await storedRows(db, book, wanted, inside.partitions)
  const byKey = groupByKey(rows)
  const holds = await findHolds(db, book, needs.holds, rows)
  const refusals = await db.query(STORED_REFUSALS, [book, [...needs.keys]])
  const subjects = await findSubjects(db, book, needs.subjects, byKey)
  const reversedKeys = await keysOfReversed(db, book, rows)
  const stored = new Map<Uuid, Stored>()
  for (const key of needs.keys) {
    const legs = byKey.get(key)
    if (legs === undefined) continue
    const context = { memory: inside.memory, holds: holds.byId, reversedKeys }
    const shape = storedShape(legs, context)
    const number = legs[0]!.id
    const bookedAt = legs[0]!.booked_at.getTime()
    stored.set(key, { shape, answer: { status: 'accepted', replayed: true, number, bookedAt } })
  }
  for (const row of refusals as { key: Uuid; code: RefusalCode; request: Shape }[]) {
    stored.set(row.key, { shape: row.request, answer: { refused: row.code } })
  }
  return { stored, keys: needs.keys, holds: holds.byKey, subjects }
}

/** The legs stored under any of the keys, asked only of the partitions that may have them. */
async function storedRows(
  db: Tx,
  book: number,
  keys: readonly Uuid[],
  partitions: Partitions,
): Promise<StoredRow[]> {
  const words = new UuidWords()
  const asked = new Map<Partition, Uuid[]>()
  for (const key of keys) {
    for (const partition of partitions.candidates(words.parse(key))) {
      const list = asked.get(partition)
      if (list === undefined) asked.set(partition, [key])
      else list.push(key)
    }
  }
  const rows: StoredRow[] = []
  for (const [partition, list] of asked) {
    rows.push(...(await db.query<StoredRow>(storedTransfers(partition.table), [book, list])))
  }
  return rows
}

function groupByKey(rows: readonly StoredRow[]): Map<Uuid, StoredRow[]> {
  const byFirst = new Map<bigint, StoredRow[]>()
  for (const row of rows) {
    const legs = byFirst.get(row.first_id)
    if (legs === undefined) byFirst.set(row.first_id, [row])
    else legs.push(row)
  }
  const byKey = new Map<Uuid, StoredRow[]>()
  for (const legs of byFirst.values()) byKey.set(legs[0]!.key!, legs)
  return byKey
}

async function findHolds(
  db: Tx,
  book: number,
  keys: ReadonlySet<Uuid>,
  rows: readonly StoredRow[],
): Promise<{ byKey: Map<Uuid, HeldMoney | null>; byId: Map<number, HeldMoney> }> {
  const byKey = new Map<Uuid, HeldMoney | null>([...keys].map((key) => [key, null]))
  const byId = new Map<number, HeldMoney>()
  if (keys.size > 0) {
    const found = await db.query<HoldRow>(HOLDS_BY_KEY, [book, [...keys]])
    for (const row of found) byKey.set(row.key, heldMoney(row))
  }
  const ids = rows.flatMap((row) => {
    if (row.type === TYPE.hold) return [row.id]
    return row.subject_id === null || row.type === TYPE.reverse ? [] : [row.subject_id]
  })
  if (ids.length > 0) {
    const found = await db.query<HoldRow>(HOLDS_BY_ID, [book, ids])
    for (const row of found) byId.set(Number(row.id), heldMoney(row))
  }
  return { byKey, byId }
}

async function findSubjects(
  db: Tx,
  book: number,
  keys: ReadonlySet<Uuid>,
  byKey: ReadonlyMap<Uuid, readonly StoredRow[]>,
): Promise<Map<Uuid, Subject | null>> {
  const firsts = [...keys].flatMap((key) => byKey.get(key)?.[0]?.id ?? [])
  const reversed = new Set<bigint>()
  if (firsts.length > 0) {
    const found = await db.query<{ subject_id: bigint }>(REVERSED, [book, firsts])
    for (const row of found) reversed.add(row.subject_id)
  }
  const subjects = new Map<Uuid, Subject | null>()
  for (const key of keys) {
    const legs = byKey.get(key)
    const first = legs?.[0]
    if (legs === undefined || first === undefined) {
      subjects.set(key, null)
      continue
    }
    subjects.set(key, {
      firstId: Number(first.id),
      type: first.type,
      reversed: reversed.has(first.id),
      legs: legs.map(({ debit, credit, amount }) => ({
        debit: debit - 1,
        credit: credit - 1,
        amount,
      })),
    })
  }
  return subjects
}

/** Ids of the transfers that stored reversals are about. */
async function keysOfReversed(
  db: Tx,
  book: number,
  rows: readonly StoredRow[],
): Promise<Map<number, Uuid>> {
  const ids = rows.flatMap((row) =>
    row.type === TYPE.reverse && row.subject_id !== null ? [row.subject_id] : [],
  )
  const keys = new Map<number, Uuid>()
  if (ids.length === 0) return keys
  const found = await db.query<{ id: bigint; key: Uuid }>(KEYS_OF_IDS, [book, ids])
  for (const row of found) keys.set(Number(row.id), row.key)
  return keys
}

function storedShape(
  legs: readonly StoredRow[],
  context: {
    memory: Memory
    holds: ReadonlyMap<number, HeldMoney>
    reversedKeys: ReadonlyMap<number, Uuid>
  },
): Shape {
  const first = legs[0]!
  const type = TYPES[first.type]!
  const { memory } = context
  const subject = first.subject_id === null ? undefined : Number(first.subject_id)
  const listed = type === 'post' || type === 'hold' || type === 'release'
  const hold = context.holds.get(type === 'hold' ? Number(first.id) : (subject ?? 0))
  return {
    type,
    legs: listed
      ? legs.map((leg) => ({
          debit: type === 'release' ? undefined : memory.idOf(leg.debit - 1),
          credit: memory.idOf(leg.credit - 1),
          amount: leg.amount.toString(),
        }))
      : undefined,
    hold: type === 'hold' || type === 'reverse' ? undefined : hold?.key,
    subject: type === 'reverse' ? context.reversedKeys.get(subject!) : undefined,
    effectiveAt: first.effective_at?.getTime(),
    expiresAt: type === 'hold' ? hold?.expiresAt : undefined,
    purpose: first.purpose ?? undefined,
  }
}

/** The comparable fields of a request; also what is stored with a refusal. */
export function shapeOf(request: TransferRequest): Shape {
  const text = (amount: bigint): string => amount.toString()
  let legs: LegShape[] | undefined
  if (request.type === 'post') {
    legs = request.legs.map((leg) => ({ ...leg, amount: text(leg.amount) }))
  }
  if (request.type === 'hold') {
    legs = [{ debit: request.debit, credit: request.credit, amount: text(request.amount) }]
  }
  if (request.type === 'release') {
    legs = request.parts?.map((part) => ({
      debit: undefined,
      credit: part.credit,
      amount: text(part.amount),
    }))
  }
  return {
    type: request.type,
    legs,
    hold: 'hold' in request ? request.hold : undefined,
    subject: request.type === 'reverse' ? request.subject : undefined,
    effectiveAt: request.effectiveAt,
    expiresAt: request.type === 'hold' ? request.expiresAt : undefined,
    purpose: request.purpose,
  }
}

/** The answer to a request whose id is taken: the first answer again, or what differs. */
export function answerAgain(
  request: TransferRequest,
  stored: Stored,
  holdCredit: Uuid | undefined,
): TransferResult {
  const code = difference(shapeOf(request), stored.shape, holdCredit)
  if (code !== undefined) return { status: 'refused', replayed: false, code }
  if ('refused' in stored.answer) {
    return { status: 'refused', replayed: true, code: stored.answer.refused }
  }
  return stored.answer
}

function difference(
  asked: Shape,
  stored: Shape,
  holdCredit: Uuid | undefined,
): RefusalCode | undefined {
  if (asked.type !== stored.type) return 'exists_with_different_type'
  if (asked.legs !== undefined && stored.legs !== undefined) {
    if (asked.legs.length !== stored.legs.length) return 'exists_with_different_legs'
    for (const [index, leg] of asked.legs.entries()) {
      const other = stored.legs[index]!
      const credit = leg.credit ?? holdCredit
      if (leg.debit !== other.debit) return 'exists_with_different_debit_account'
      if (credit !== (other.credit ?? holdCredit)) return 'exists_with_different_credit_account'
      if (leg.amount !== other.amount) return 'exists_with_different_amount'
    }
  }
  if (asked.hold !== stored.hold) return 'exists_with_different_hold'
  if (asked.subject !== stored.subject) return 'exists_with_different_subject'
  if (asked.effectiveAt !== stored.effectiveAt) return 'exists_with_different_effective_at'
  if (asked.expiresAt !== stored.expiresAt) return 'exists_with_different_expires_at'
  if (asked.purpose !== stored.purpose) return 'exists_with_different_purpose'
  return undefined
}
