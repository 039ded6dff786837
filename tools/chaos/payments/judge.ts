/**
 * Judges a seed by the books of the rails, which record what moved whatever anybody was told: every
 * movement against what we hold of it, and all we hold against the movements.
 *
 * The one thing to get wrong: believing our own states. A payment counts as moved when the rail's book
 * says so; a state of ours that says otherwise needs an exception that says why.
 */
import { publicId } from '../../../server/src/base/index.ts'
import { createReads, verifyBook } from '../../../server/src/ledger/index.ts'
import type { RailMovement } from '../../../simulators/channel/index.ts'
import { RAIL_NAMES, type RailName } from '../../rails/names.ts'
import { judgeBalances } from './balances.ts'
import type { Stage } from './stage.ts'

export interface Finding {
  readonly kind: 'pending_past_deadline' | 'doubled' | 'unmatched'
  readonly says: string
}

export interface Judged {
  readonly findings: readonly Finding[]
  /** Collections that came after their order was given up. */
  readonly lateSuccess: number
  /** Exceptions raised. */
  readonly exceptions: number
}

export interface AttemptRow {
  readonly id: string
  readonly direction: 'collect' | 'pay' | 'refund'
  readonly owner: string
  readonly channel: string
  readonly reference: string
  readonly amount: bigint
  readonly state: string
  readonly booked_to: '' | 'destination' | 'suspense'
  readonly made_at: Date
  readonly valid_until: Date
  readonly code: string
  readonly refunded: bigint
}

interface ExceptionRow {
  readonly kind: string
  readonly about: string
  readonly state: string
}

/** What our side holds, read once. */
export interface Held {
  readonly stage: Stage
  readonly attempts: readonly AttemptRow[]
  readonly exceptions: readonly ExceptionRow[]
  readonly now: number
}

/** What moved at the rails under one reference. */
interface Moved {
  readonly rail: RailName
  readonly movement: RailMovement
}

export async function judge(stage: Stage): Promise<Judged> {
  const held = await read(stage)
  const moved = movements(stage)
  const findings = [
    ...eachMovementOnce(moved),
    ...eachMovementHeld(held, moved),
    ...eachSuccessMoved(held, moved),
    ...ownersOnce(held, moved),
    ...refundsWithinCollections(stage),
    ...(await pending(held)),
    ...(await wrongAmounts(held)),
    ...(await judgeBalances(held)),
    ...(await ledgers(stage)),
  ]
  const late = held.exceptions.filter(({ kind }) => kind === 'late_success')
  return { findings, lateSuccess: late.length, exceptions: held.exceptions.length }
}

async function read(stage: Stage): Promise<Held> {
  const { db, books, world } = stage
  const attempts = await db.query<AttemptRow>(
    `select replace(id::text, '-', '') as id, direction, owner, channel, reference, amount, state,
       booked_to, made_at, valid_until, code, refunded
     from payments.attempt where book_id = $1 order by made_at, reference`,
    [books.pool],
  )
  const exceptions = await db.query<ExceptionRow>(
    'select kind, about, state from payments.exception where book_id = $1',
    [books.pool],
  )
  return { stage, attempts, exceptions, now: world.clock.now() }
}

const KINDS: ReadonlySet<string> = new Set(['collect', 'pay', 'refund', 'payout_returned'])

function movements(stage: Stage): Moved[] {
  return RAIL_NAMES.flatMap((rail) =>
    stage
      .admin(rail)
      .movements()
      .filter(({ kind }) => KINDS.has(kind))
      .map((movement) => ({ rail, movement })),
  )
}

const keyOf = (direction: string, reference: string) => `${direction} ${reference}`

/** What a reader needs to follow one attempt. */
export function trace({ stage, exceptions }: Held, attempt: AttemptRow): string {
  const { id, owner, channel, reference, direction, state, booked_to, code, amount } = attempt
  const about = aboutOf(stage, attempt)
  const raised = exceptions
    .filter((each) => about.has(each.about))
    .map(({ kind, state: open }) => `${kind} ${open}`)
  const rail = RAIL_NAMES.find((name) => name === channel)
  const told = rail === undefined ? [] : stage.admin(rail).callbacks()
  const calls = told
    .filter((each) => each.reference === reference)
    .map(({ at, status }) => `${new Date(at).toISOString()} ${status ?? 'no answer'}`)
  const order =
    rail &&
    stage
      .admin(rail)
      .orders()
      .find((each) => each.reference === reference)
  const there = order === undefined ? 'no order there' : `${order.state} there`
  return (
    `${direction} ${reference} of ${amount} at ${channel} for ${owner} (attempt ${id}): ` +
    `${state} ${booked_to} ${code}, ${there}; exceptions [${raised}]; callbacks [${calls}]`
  )
}

function aboutOf({ books }: Stage, { id, reference, owner }: AttemptRow): Set<string> {
  return new Set([publicId('att', books.pool, id), reference, owner])
}

function isCovered({ stage, exceptions }: Held, attempt: AttemptRow, open = false): boolean {
  const about = aboutOf(stage, attempt)
  return exceptions.some((each) => about.has(each.about) && (!open || each.state === 'open'))
}

function eachMovementOnce(moved: readonly Moved[]): Finding[] {
  const seen = new Map<string, number>()
  for (const { rail, movement } of moved) {
    const key = `${rail} ${keyOf(movement.kind, movement.reference)}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  return [...seen]
    .filter(([, times]) => times > 1)
    .map(([key, times]) => ({ kind: 'doubled', says: `${key} moved ${times} times` }))
}

/** Every movement is ours: booked, or an exception says what is wrong with it. */
function eachMovementHeld(held: Held, moved: readonly Moved[]): Finding[] {
  const ours = new Map(held.attempts.map((each) => [keyOf(each.direction, each.reference), each]))
  return moved.flatMap(({ rail, movement }): Finding[] => {
    const { kind, reference, amount } = movement
    const direction = kind === 'payout_returned' ? 'pay' : kind
    const attempt = ours.get(keyOf(direction, reference))
    if (attempt === undefined) {
      return [{ kind: 'unmatched', says: `${rail} moved ${amount} for ${reference}: not ours` }]
    }
    if (attempt.amount !== (amount < 0n ? -amount : amount) || attempt.channel !== rail) {
      return [{ kind: 'unmatched', says: `another amount or rail: ${trace(held, attempt)}` }]
    }
    const booked = attempt.direction === 'collect' ? attempt.booked_to !== '' : isDone(attempt)
    if (booked || isCovered(held, attempt)) return []
    return [{ kind: 'unmatched', says: `moved, and we do not know: ${trace(held, attempt)}` }]
  })
}

const isDone = ({ state }: AttemptRow) => state === 'succeeded'

/** What we call succeeded has moved at its rail. Transfers by the payer's bank are judged by balances. */
function eachSuccessMoved(held: Held, moved: readonly Moved[]): Finding[] {
  const there = new Set(
    moved.map(({ rail, movement }) => `${rail} ${keyOf(movement.kind, movement.reference)}`),
  )
  return held.attempts
    .filter((attempt) => isDone(attempt) || attempt.booked_to !== '')
    .filter(({ channel }) => channel !== 'offline-transfer')
    .filter((each) => !there.has(`${each.channel} ${keyOf(each.direction, each.reference)}`))
    .map((attempt) => ({
      kind: 'unmatched',
      says: `succeeded, and nothing moved: ${trace(held, attempt)}`,
    }))
}

/**
 * A payout or part of a refund moves once, whatever attempts it had; a payment credits its destination
 * once. More than that is only what a rail did after it had denied it, with an exception.
 */
function ownersOnce(held: Held, moved: readonly Moved[]): Finding[] {
  const there = new Set(moved.map(({ movement }) => keyOf(movement.kind, movement.reference)))
  const owners = new Map<string, AttemptRow[]>()
  for (const attempt of held.attempts) {
    const { direction, reference, booked_to } = attempt
    const counts =
      direction === 'collect' ? booked_to === 'destination' : there.has(keyOf(direction, reference))
    if (!counts) continue
    if (attempt.state === 'failed' && isCovered(held, attempt)) continue
    owners.set(attempt.owner, [...(owners.get(attempt.owner) ?? []), attempt])
  }
  return [...owners]
    .filter(([, attempts]) => attempts.length > 1)
    .map(([owner, attempts]) => ({
      kind: 'doubled',
      says: `${owner} moved ${attempts.length} times:\n    ${attempts.map((each) => trace(held, each)).join('\n    ')}`,
    }))
}

function refundsWithinCollections(stage: Stage): Finding[] {
  return RAIL_NAMES.flatMap((name) => {
    const orders = stage.admin(name).orders()
    const back = new Map<string, bigint>()
    for (const { kind, original, amount, state } of orders) {
      if (kind !== 'refund' || original === undefined || state !== 'succeeded') continue
      back.set(original, (back.get(original) ?? 0n) + amount)
    }
    return orders
      .filter(
        ({ kind, reference, amount }) => kind === 'collect' && (back.get(reference) ?? 0n) > amount,
      )
      .map(
        ({ reference }): Finding => ({
          kind: 'doubled',
          says: `${name}: ${reference} was refunded above what came`,
        }),
      )
  })
}

const HOUR_MS = 3_600_000
/** When each should be over, from when it was made. */
const OVER_MS = { collect: HOUR_MS, pay: 24 * HOUR_MS, refund: 72 * HOUR_MS }
const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed'])

async function pending(held: Held): Promise<Finding[]> {
  const { stage, attempts, exceptions, now } = held
  const open = new Set(exceptions.filter(({ state }) => state === 'open').map((each) => each.about))
  const attemptsLate = attempts
    .filter(({ state }) => !FINAL.has(state))
    .filter(({ direction, made_at }) => now > made_at.getTime() + OVER_MS[direction])
    .filter((attempt) => !isCovered(held, attempt, true))
    .map((attempt) => trace(held, attempt))
  const owned = (owner: string) =>
    open.has(owner) || attempts.some((each) => each.owner === owner && isCovered(held, each, true))
  const late: string[] = [...attemptsLate]
  for (const { owner, says } of await unfinished(stage, now)) {
    if (!owner.some(owned)) late.push(says)
  }
  return late.map((says) => ({ kind: 'pending_past_deadline', says }))
}

interface Unfinished {
  /** Public ids an exception may be about. */
  readonly owner: readonly string[]
  readonly says: string
}

async function unfinished({ db, books }: Stage, now: number): Promise<Unfinished[]> {
  const { pool } = books
  const hex = (column: string) => `replace(${column}::text, '-', '') as ${column}`
  const payIns = await db.query<{ id: string; state: string }>(
    `select ${hex('id')}, state from payments.pay_in
     where book_id = $1 and state = 'open' and expires_at < $2`,
    [pool, new Date(now - HOUR_MS)],
  )
  const payouts = await db.query<{ id: string; state: string; about: string }>(
    `select ${hex('id')}, state, about from payments.payout where book_id = $1 and made_at < $2
       and state not in ('succeeded', 'failed', 'cancelled')`,
    [pool, new Date(now - OVER_MS.pay)],
  )
  const parts = await db.query<{ id: string; refund: string; state: string; code: string }>(
    `select ${hex('id')}, ${hex('refund')}, state, code from payments.refund_part
     where book_id = $1 and state not in ('succeeded', 'failed') and made_at < $2`,
    [pool, new Date(now - OVER_MS.refund)],
  )
  const pays = await db.query<{ id: string; about: string }>(
    `select ${hex('id')}, about from payments.payout where book_id = $1 and about <> ''`,
    [pool],
  )
  const payoutsAbout = (about: string) =>
    pays.filter((each) => each.about === about).map(({ id }) => publicId('pout', pool, id))
  return [
    ...payIns.map(({ id, state }) => ({
      owner: [publicId('pay', pool, id)],
      says: `pay-in ${id} is ${state} after its time`,
    })),
    ...payouts.map(({ id, state, about }) => ({
      owner: [publicId('pout', pool, id), about],
      says: `payout ${id} is ${state} after its time`,
    })),
    ...parts.map(({ id, state, code }) => ({
      owner: [publicId('refp', pool, id), ...payoutsAbout(publicId('refp', pool, id))],
      says: `part ${id} of a refund is ${state} after its time: ${code}`,
    })),
  ]
}

/** A callback signed rightly that tells another amount leaves an exception with both. */
async function wrongAmounts(held: Held): Promise<Finding[]> {
  const { stage, attempts, exceptions } = held
  const ours = new Map(attempts.map((each) => [keyOf(each.direction, each.reference), each]))
  const about = new Set(
    exceptions.filter(({ kind }) => kind === 'amount_differs').map((each) => each.about),
  )
  const findings: Finding[] = []
  for (const channel of stage.platform().channels) {
    const rail = RAIL_NAMES.find((name) => name === channel.name)
    if (rail === undefined) continue
    for (const sent of stage.admin(rail).callbacks()) {
      if (sent.status === undefined || sent.status >= 300) continue
      const told = channel.parseCallback(sent)
      if ('refused' in told || told.kind !== 'outcome') continue
      const attempt = ours.get(keyOf(told.direction, told.reference))
      const { amount, result } = told.outcome
      if (attempt === undefined || result !== 'succeeded') continue
      if (amount === undefined || amount === attempt.amount) continue
      if (about.has(publicId('att', stage.books.pool, attempt.id))) continue
      const says = `a callback told ${amount}, and nobody noticed: ${trace(held, attempt)}`
      findings.push({ kind: 'unmatched', says })
    }
  }
  return findings
}

/** Each book told again from its rows, and its own proofs. */
async function ledgers({ db, books }: Stage): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const book of [books.pool, books.own, ...Object.values(books.balances)]) {
    const { wrong } = await verifyBook(db, book)
    if (wrong !== undefined) {
      findings.push({ kind: 'unmatched', says: `book ${book}: ${JSON.stringify(wrong, plain)}` })
    }
    for (const { name, holds } of await createReads(db).proofs(book)) {
      if (!holds) findings.push({ kind: 'unmatched', says: `book ${book}: ${name} does not hold` })
    }
  }
  return findings
}

const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
