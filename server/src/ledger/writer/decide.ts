/**
 * Deciding: one request against the book in memory. Checks are made in the order of the refusals'
 * table; the first that fails is the answer, and nothing of the request stays.
 *
 * Rows are appended only once a whole request (of a command: all of them) is accepted, so a refusal
 * never takes rows back, only balances.
 */
import type { Instant, Uuid } from '#base'
import type { RefusalCode } from '../refusals.ts'
import type {
  ExpireRequest,
  HoldRequest,
  Leg,
  PostRequest,
  ReleaseRequest,
  ReverseRequest,
  TransferRequest,
  VoidRequest,
} from '../transfer.ts'
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type HeldMoney,
  INT8_MAX,
  type Memory,
  type Undo,
} from './memory.ts'
import type { TransferRow } from './rows.ts'

export const LEGS_MAX = 1000

/** Type numbers as stored. */
export const TYPE = { post: 0, hold: 1, release: 2, void: 3, expire: 4, reverse: 5 } as const

/** What a look into the database found for requests whose subject is not in memory. */
export interface Found {
  /** A hold that is no longer open, or `null`: there is none under this id. */
  readonly holds: ReadonlyMap<Uuid, HeldMoney | null>
  readonly subjects: ReadonlyMap<Uuid, Subject | null>
}

/** A transfer that may be reversed. */
export interface Subject {
  readonly firstId: number
  readonly type: number
  readonly reversed: boolean
  /** Accounts by index. */
  readonly legs: readonly { debit: number; credit: number; amount: bigint }[]
}

export interface Decision {
  readonly memory: Memory
  readonly undo: Undo
  readonly now: Instant
  /** Rows of the request or command being decided. */
  readonly rows: TransferRow[]
  /** Holds opened or changed in this batch, in order of first change. */
  readonly touchedHolds: Set<HeldMoney>
  readonly reversals: { subject: number; reversal: number }[]
  readonly found: Found | undefined
}

/** Decides one request; `undefined` means accepted and applied to memory. */
export function decide(on: Decision, request: TransferRequest): RefusalCode | undefined {
  switch (request.type) {
    case 'post':
      return decidePost(on, request)
    case 'hold':
      return decideHold(on, request)
    case 'release':
      return decideRelease(on, request)
    case 'void':
      return decideVoid(on, request)
    case 'expire':
      return decideExpire(on, request)
    case 'reverse':
      return decideReverse(on, request)
  }
}

function decidePost(on: Decision, request: PostRequest): RefusalCode | undefined {
  const { legs } = request
  if (legs.length < 1 || legs.length > LEGS_MAX) return 'legs_out_of_range'
  const accounts: number[] = []
  for (const leg of legs) {
    const refused = checkLeg(on, leg, accounts)
    if (refused !== undefined) return refused
  }
  const late = checkTime(on, request)
  if (late !== undefined) return late
  for (const [index, leg] of legs.entries()) {
    const debit = accounts[index * 2]!
    const credit = accounts[index * 2 + 1]!
    const refused = checkMove(on.memory, debit, credit, leg.amount)
    if (refused !== undefined) return refused
    postLeg(on, request, TYPE.post, index, { debit, credit, amount: leg.amount }, undefined)
  }
  return undefined
}

/** The static checks of a leg; pushes its two accounts. */
function checkLeg(on: Decision, leg: Leg, accounts: number[]): RefusalCode | undefined {
  const amount = checkAmount(leg.amount)
  if (amount !== undefined) return amount
  if (leg.debit === leg.credit) return 'accounts_are_the_same'
  const debit = on.memory.find(leg.debit)
  if (debit < 0) return 'debit_account_not_found'
  const credit = on.memory.find(leg.credit)
  if (credit < 0) return 'credit_account_not_found'
  accounts.push(debit, credit)
  return undefined
}

function checkAmount(amount: bigint): RefusalCode | undefined {
  if (amount < 1n) return 'amount_not_positive'
  if (amount > INT8_MAX) return 'amount_too_large'
  return undefined
}

function checkTime(on: Decision, request: TransferRequest): RefusalCode | undefined {
  const { effectiveAt } = request
  if (effectiveAt !== undefined && effectiveAt > on.now) return 'effective_at_in_future'
  const { closedBefore } = on.memory
  if (closedBefore !== undefined && (effectiveAt ?? on.now) < closedBefore) return 'period_closed'
  return undefined
}

/** Whether money may go from `debit` to `credit`; counters are checked against int8 last. */
export function checkMove(
  memory: Memory,
  debit: number,
  credit: number,
  amount: bigint,
): RefusalCode | undefined {
  if ((memory.state[debit]! | memory.state[credit]!) !== 0) {
    const refused = checkStates(memory, debit, credit)
    if (refused !== undefined) return refused
  }
  if (memory.creditSide[debit] === 1 && memory.limited(debit) && memory.room(debit) < amount) {
    return 'insufficient_funds'
  }
  if (memory.creditSide[credit] === 0 && memory.limited(credit) && memory.room(credit) < amount) {
    return 'credit_account_overdrawn'
  }
  return checkSize(memory, debit, credit, amount)
}

/** Posted and pending together must fit, so that a release can never overflow. */
function checkSize(
  memory: Memory,
  debit: number,
  credit: number,
  amount: bigint,
): RefusalCode | undefined {
  const [debits, credits, debitsPending, creditsPending] = memory.counters
  if (debits[debit]! + debitsPending[debit]! + amount > INT8_MAX) return 'balance_too_large'
  if (credits[credit]! + creditsPending[credit]! + amount > INT8_MAX) return 'balance_too_large'
  return undefined
}

/**
 * `instructed`: it is the release of a pinned hold, so the money has left outside already, or is about
 * to; a freeze that came since does not keep that out of the books.
 */
function checkStates(
  memory: Memory,
  debit: number,
  credit: number,
  instructed = false,
): RefusalCode | undefined {
  if (memory.stateOf(debit) === 'closed') return 'debit_account_closed'
  if (memory.stateOf(credit) === 'closed') return 'credit_account_closed'
  if (!instructed && memory.stateOf(debit) === 'frozen' && memory.creditSide[debit] === 1) {
    return 'debit_account_frozen'
  }
  if (memory.stateOf(credit) === 'frozen' && memory.creditSide[credit] === 0) {
    return 'credit_account_frozen'
  }
  return undefined
}

interface LegByNumber {
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
}

/** Posts a leg to memory and notes its row. */
function postLeg(
  on: Decision,
  request: TransferRequest,
  type: number,
  index: number,
  leg: LegByNumber,
  subject: number | undefined,
): void {
  const { memory, undo } = on
  const id = memory.nextId
  const debitPrev = memory.lastEntry[leg.debit]!
  const creditPrev = memory.lastEntry[leg.credit]!
  memory.move(undo, leg.debit, DEBITS_POSTED, leg.amount, id)
  memory.move(undo, leg.credit, CREDITS_POSTED, leg.amount, id)
  pushRow(on, request, { type, index, leg, subject, debitPrev, creditPrev })
}

interface RowParts {
  readonly type: number
  readonly index: number
  readonly leg: LegByNumber
  readonly subject: number | undefined
  readonly debitPrev: number
  readonly creditPrev: number
}

function pushRow(on: Decision, request: TransferRequest, parts: RowParts): void {
  const { memory } = on
  const { leg, index } = parts
  on.rows.push({
    id: memory.nextId,
    key: index === 0 ? request.id : undefined,
    leg: index,
    type: parts.type,
    debit: leg.debit + 1,
    credit: leg.credit + 1,
    amount: leg.amount,
    debitAfter: memory.net(leg.debit),
    creditAfter: memory.net(leg.credit),
    debitPrev: parts.debitPrev,
    creditPrev: parts.creditPrev,
    subject: parts.subject,
    effectiveAt: request.effectiveAt,
    purpose: request.purpose,
  })
  memory.nextId += 1
}

function decideHold(on: Decision, request: HoldRequest): RefusalCode | undefined {
  const { memory, undo } = on
  const accounts: number[] = []
  const refused = checkLeg(on, request, accounts) ?? checkTime(on, request)
  if (refused !== undefined) return refused
  if (request.expiresAt !== undefined && request.expiresAt <= on.now) return 'hold_expired'
  const debit = accounts[0]!
  const credit = accounts[1]!
  const { amount } = request
  const moved = checkMove(memory, debit, credit, amount)
  if (moved !== undefined) return moved
  const hold: HeldMoney = {
    id: memory.nextId,
    key: request.id,
    debit,
    credit,
    amount,
    remaining: amount,
    state: 'open',
    expiresAt: request.expiresAt,
    pinned: request.pinned ?? false,
    stored: false,
  }
  movePending(on, TYPE.hold, request, hold, amount, undefined)
  memory.holds.set(request.id, hold)
  undo.rare.push(() => memory.holds.delete(request.id))
  touch(on, hold)
  return undefined
}

/** Adds to (or takes from) what the hold reserves on both its accounts, and notes the row. */
function movePending(
  on: Decision,
  type: number,
  request: TransferRequest,
  hold: HeldMoney,
  amount: bigint,
  subject: number | undefined,
): void {
  const { memory, undo } = on
  const id = memory.nextId
  const debitPrev = memory.lastEntry[hold.debit]!
  const creditPrev = memory.lastEntry[hold.credit]!
  const change = type === TYPE.hold ? amount : -amount
  memory.move(undo, hold.debit, DEBITS_PENDING, change, id)
  memory.move(undo, hold.credit, CREDITS_PENDING, change, id)
  const leg = { debit: hold.debit, credit: hold.credit, amount }
  pushRow(on, request, { type, index: 0, leg, subject, debitPrev, creditPrev })
}

/** The hold a request names: in memory, or among what the database knew of it. */
function findHold(on: Decision, id: Uuid): HeldMoney | undefined {
  return on.memory.holds.get(id) ?? on.found?.holds.get(id) ?? undefined
}

function checkHoldOpen(hold: HeldMoney): RefusalCode | undefined {
  switch (hold.state) {
    case 'open':
      return undefined
    case 'released':
      return 'hold_already_released'
    case 'voided':
      return 'hold_already_voided'
    case 'expired':
      return 'hold_expired'
  }
}

/** Whether the hold's time has come. One that backs a non-final instruction does not expire. */
function isDue(hold: HeldMoney, now: Instant): boolean {
  return !hold.pinned && hold.expiresAt !== undefined && hold.expiresAt <= now
}

function decideRelease(on: Decision, request: ReleaseRequest): RefusalCode | undefined {
  const { memory } = on
  const wanted = request.parts
  if (wanted !== undefined) {
    if (wanted.length < 1 || wanted.length > LEGS_MAX) return 'legs_out_of_range'
    for (const part of wanted) {
      const refused = checkAmount(part.amount)
      if (refused !== undefined) return refused
    }
  }
  const late = checkTime(on, request)
  if (late !== undefined) return late
  const hold = findHold(on, request.hold)
  if (hold === undefined) return 'hold_not_found'
  const closed = checkHoldOpen(hold)
  if (closed !== undefined) return closed
  if (isDue(hold, on.now)) return 'hold_expired'
  const parts: { credit: number; amount: bigint }[] = []
  for (const part of wanted ?? [{ amount: hold.remaining }]) {
    const credit = part.credit === undefined ? hold.credit : memory.find(part.credit)
    if (credit === hold.debit) return 'accounts_are_the_same'
    if (credit < 0) return 'credit_account_not_found'
    parts.push({ credit, amount: part.amount })
  }
  const total = parts.reduce((sum, part) => sum + part.amount, 0n)
  if (total > hold.remaining) return 'release_exceeds_hold'
  return applyRelease(on, request, hold, parts, total)
}

function applyRelease(
  on: Decision,
  request: ReleaseRequest,
  hold: HeldMoney,
  parts: readonly { credit: number; amount: bigint }[],
  total: bigint,
): RefusalCode | undefined {
  const { memory, undo } = on
  memory.move(undo, hold.debit, DEBITS_PENDING, -total, 0)
  memory.move(undo, hold.credit, CREDITS_PENDING, -total, 0)
  for (const [index, { credit, amount }] of parts.entries()) {
    const states = checkStates(memory, hold.debit, credit, hold.pinned)
    if (states !== undefined) return states
    const overdrawn = memory.creditSide[credit] === 0 && memory.limited(credit)
    if (overdrawn && memory.room(credit) < amount) return 'credit_account_overdrawn'
    const size = checkSize(memory, hold.debit, credit, amount)
    if (size !== undefined) return size
    postLeg(on, request, TYPE.release, index, { debit: hold.debit, credit, amount }, hold.id)
  }
  settle(on, hold, hold.remaining - total, 'released')
  return undefined
}

/** Sets what is left of a hold, and its end when nothing is. */
function settle(on: Decision, hold: HeldMoney, remaining: bigint, end: HeldMoney['state']): void {
  const before = { remaining: hold.remaining, state: hold.state }
  on.undo.rare.push(() => {
    hold.remaining = before.remaining
    hold.state = before.state
  })
  hold.remaining = remaining
  if (remaining === 0n) hold.state = end
  touch(on, hold)
}

/** Notes a hold whose row the batch must write. */
export function touch(on: Pick<Decision, 'touchedHolds' | 'undo'>, hold: HeldMoney): void {
  if (on.touchedHolds.has(hold)) return
  on.touchedHolds.add(hold)
  on.undo.rare.push(() => on.touchedHolds.delete(hold))
}

function decideVoid(on: Decision, request: VoidRequest): RefusalCode | undefined {
  const late = checkTime(on, request)
  if (late !== undefined) return late
  const hold = findHold(on, request.hold)
  if (hold === undefined) return 'hold_not_found'
  const closed = checkHoldOpen(hold)
  if (closed !== undefined) return closed
  if (isDue(hold, on.now)) return 'hold_expired'
  movePending(on, TYPE.void, request, hold, hold.remaining, hold.id)
  settle(on, hold, 0n, 'voided')
  return undefined
}

function decideExpire(on: Decision, request: ExpireRequest): RefusalCode | undefined {
  const late = checkTime(on, request)
  if (late !== undefined) return late
  const hold = findHold(on, request.hold)
  if (hold === undefined) return 'hold_not_found'
  const closed = checkHoldOpen(hold)
  if (closed !== undefined) return closed
  if (!isDue(hold, on.now)) return 'hold_not_expired'
  movePending(on, TYPE.expire, request, hold, hold.remaining, hold.id)
  settle(on, hold, 0n, 'expired')
  return undefined
}

function decideReverse(on: Decision, request: ReverseRequest): RefusalCode | undefined {
  const late = checkTime(on, request)
  if (late !== undefined) return late
  const subject = on.found?.subjects.get(request.subject) ?? undefined
  if (subject === undefined) return 'transfer_not_found'
  if (subject.type !== TYPE.post && subject.type !== TYPE.release) return 'transfer_not_reversible'
  if (subject.reversed || on.memory.reversed.has(subject.firstId)) return 'already_reversed'
  const first = on.memory.nextId
  const mirrored = [...subject.legs].reverse()
  for (const [index, { debit, credit, amount }] of mirrored.entries()) {
    const refused = checkMove(on.memory, credit, debit, amount)
    if (refused !== undefined) return refused
    const leg = { debit: credit, credit: debit, amount }
    postLeg(on, request, TYPE.reverse, index, leg, subject.firstId)
  }
  on.memory.reversed.add(subject.firstId)
  on.undo.rare.push(() => on.memory.reversed.delete(subject.firstId))
  on.reversals.push({ subject: subject.firstId, reversal: first })
  on.undo.rare.push(() => on.reversals.pop())
  return undefined
}
