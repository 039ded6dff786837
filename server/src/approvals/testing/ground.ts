/**
 * A ground for the tests of approvals: a ledger with a funded book, two actions that take approval (a
 * transfer by hand, and a limit, which is configuration), the people, and what runs by itself.
 */
import { readFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import { type AuditEntry, auditEffect, recordChange } from '#audit'
import { applied, createDueSweeper, createOutboxRelay, derivedUuid, type Instant } from '#base'
import { type TestBook, type TestLedger, testLedger } from '../../../testing/book.ts'
import {
  type ActionRefused,
  type ApprovalRef,
  type Approvals,
  type Asker,
  createApprovals,
  executedEvent,
  executedOnce,
  executionOf,
  type GuardedAction,
  guardedAction,
  markExecuted,
  type People,
  type Policies,
  readPolicies,
} from '../index.ts'

const file = new URL('../../../../schemes/approvals/default.yaml', import.meta.url)
export const defaults: Policies = readPolicies(readFileSync(file, 'utf8'))

/** One checker for limits, two for transfers of ¥1,000.00 and more, nobody under ¥1.00. */
export const policies: Policies = {
  ...defaults,
  rules: [
    { name: 'tiny', action: 'desk.transfer', amount_under: '100', checkers: 0 },
    {
      ...{ name: 'large', action: 'desk.transfer', amount_from: '100000', checkers: 2 },
      ...{ permission: 'approvals.decide', expires_hours: 24, remind_hours: 4 },
    },
    {
      ...{ name: 'limits', action: 'desk.limit', checkers: 1 },
      ...{ permission: 'users.manage', expires_hours: 24 },
    },
    defaults.rules[defaults.rules.length - 1]!,
  ],
}

export interface Appointment {
  readonly person: string
  readonly by: string
  readonly agoMs: number
}

export interface Ground {
  readonly test: TestLedger
  readonly book: TestBook
  /** Another one stands for another server. */
  approvals: Approvals
  /** Users who lost all their rights. */
  readonly disabled: Set<string>
  readonly appointments: Appointment[]
  /** The server starts again with other policies in its files. */
  restart(policies: Policies): void
  /** What the next try at carrying out a transfer does first. */
  before: (() => Promise<void>) | undefined
  /** What it does once its command has committed. */
  after: (() => Promise<void>) | undefined
  /** What happens once while somebody's appointments are looked up. */
  meanwhile: (() => Promise<void>) | undefined
  /** A transfer id of its own for every try, so that nothing but the approval holds a second one back. */
  freshIds: boolean
  tries: number
  /** A second later nobody was appointed or disabled, the policies are these, and alice has her money. */
  reset(): Promise<void>
  transfer(amount: number, more?: object): { action: string; content: object; reason: string }
  limit(amount: number): { action: string; content: object; reason: string }
  /** Runs the due work of this moment and delivers what happened. */
  run(): Promise<void>
  runUntil(time: Instant): Promise<void>
  /** What alice has, minor units. */
  alice(): Promise<bigint>
  limits(): Promise<string>
  /** Everything an attack could have changed. */
  snapshot(): Promise<unknown>
  audit(): Promise<string[]>
  events(): Promise<string[]>
}

export const ORG = 1
const FUNDS = 1_000_000

/** Opens a book on a ledger and a desk on the book. */
export async function ground(test: TestLedger): Promise<Ground> {
  const { world, database } = test
  await database.db.query(
    `create schema if not exists desk;
     create table if not exists desk.limit (org_id int primary key, amount text not null)`,
  )
  const book = await test.openBook()
  await book.fund(book.alice, BigInt(FUNDS))
  const of = {
    ...{ test, book, before: undefined, after: undefined, meanwhile: undefined },
    ...{ freshIds: false, tries: 0 },
    ...{ disabled: new Set<string>(), appointments: [] as Appointment[] },
  }
  const place = of as unknown as { -readonly [K in keyof Ground]: Ground[K] }
  const make = (policies: Policies): Approvals =>
    createApprovals({
      world,
      actions: [transferByHand(place), changeLimit(place)],
      policies,
      people: peopleOf(place),
      isFresh: (at) => world.clock.now() - at < 5 * 60_000,
      orgOf: (number) => (number === book.number ? ORG : number === 999 ? 2 : undefined),
    })
  place.approvals = make(policies)
  const { clock, rng, log } = world
  const { db } = database
  const books = () => [0, book.number]
  const due = () =>
    createDueSweeper({ db, clock, rng, log, books, handlers: place.approvals.handlers })
  const deliver = async () => {
    const relay = createOutboxRelay({
      ...{ db, clock, rng, log, books, subscribers: [place.approvals.subscriber] },
    })
    await relay.pump()
    await relay.stop()
  }
  return Object.assign(place, {
    restart: (other: Policies) => {
      place.approvals = make(other)
    },
    reset: async () => {
      await world.clock.advance(1_000)
      place.restart(policies)
      place.disabled.clear()
      place.appointments.length = 0
      const has = await place.alice()
      const { alice, cash } = book
      const [debit, credit] = has > BigInt(FUNDS) ? [alice, cash] : [cash, alice]
      const amount = has > BigInt(FUNDS) ? has - BigInt(FUNDS) : BigInt(FUNDS) - has
      if (amount === 0n) return
      await book.writer.transfer({
        ...{ type: 'post', id: world.ids.uuid() },
        legs: [{ debit, credit, amount }],
      })
    },
    transfer: (amount: number, more: object = {}) => ({
      action: 'desk.transfer',
      content: {
        ...{ book: book.number, debit: book.alice, credit: book.bob },
        ...{ amount: { amount: String(amount), currency: 'CNY' }, ...more },
      },
      reason: 'A correction',
    }),
    limit: (amount: number) => ({
      action: 'desk.limit',
      content: { amount: String(amount) },
      reason: 'The season',
    }),
    run: async () => {
      await due().sweepNow()
      await deliver()
    },
    runUntil: async (time: Instant) => {
      await due().sweepUntil(time)
      await deliver()
    },
    alice: async () => {
      const { creditsPosted, debitsPosted } = (await book.writer.balance(book.alice))!
      return creditsPosted - debitsPosted
    },
    limits: async () => {
      const [row] = await db.query<{ amount: string }>(
        'select amount from desk.limit where org_id = $1',
        [ORG],
      )
      return row?.amount ?? ''
    },
    snapshot: async () => {
      const rows = (table: string, key: string) =>
        `(select coalesce(jsonb_agg(to_jsonb(t) order by ${key}), '[]') from ${table} t
          where t.book_id in (0, $1))`
      const [row] = await db.query<object>(
        `select ${rows('approvals.request', 't.id')} as requests,
           ${rows('approvals.decision', 't.request_id, t.checker_person')} as decisions,
           ${rows('approvals.execution', 't.approval_id')} as executions,
           (select jsonb_agg(d.key order by d.kind, d.key) from base.due d) as due,
           (select sum(seq) from audit.head) as audit,
           (select count(*) from base.outbox) as events,
           (select count(*) from approvals.policy) as policies`,
        [book.number],
      )
      return { ...row, alice: await place.alice(), limit: await place.limits() }
    },
    audit: async () => {
      const rows = await db.query<{ action: string }>(
        'select action from audit.entry where book_id = 0 order by seq',
      )
      return rows.map(({ action }) => action)
    },
    events: async () => {
      const rows = await db.query<{ kind: string }>(
        'select kind from base.outbox where book_id in (0, $1) order by at, book_id, seq, n',
        [book.number],
      )
      return rows.map(({ kind }) => kind)
    },
  })
}

function peopleOf(place: Pick<Ground, 'disabled' | 'appointments' | 'meanwhile'>): People {
  return {
    may: async (_org, user) => !place.disabled.has(user),
    appointersOf: async (_org, person, _permission, withinMs) => {
      const { meanwhile } = place
      place.meanwhile = undefined
      await meanwhile?.()
      return place.appointments
        .filter((one) => one.person === person && one.agoMs <= withinMs)
        .map(({ by }) => by)
    },
  }
}

const Uuid = Type.String({ pattern: '^[0-9a-f]{32}$' })
const Transfer = Type.Object(
  {
    book: Type.Integer(),
    debit: Uuid,
    credit: Uuid,
    amount: Type.Object({
      amount: Type.String({ pattern: '^[1-9][0-9]*$' }),
      currency: Type.String(),
    }),
    memo: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

function transferByHand(place: Ground): GuardedAction {
  const have = () => place.alice()
  return guardedAction<Static<typeof Transfer>>({
    action: 'desk.transfer',
    title: { en: 'Transfer by hand', zh: '手工转账' },
    content: Transfer,
    permission: 'transfers.create',
    book: ({ book }) => book,
    preview: async (_org, { amount, debit }) => {
      const before = await have()
      const left = before - BigInt(amount.amount)
      if (left < 0n) return { refused: 'insufficient_funds', detail: 'Alice has less than that.' }
      const money = (fen: bigint) => ({ amount: String(fen), currency: 'CNY' })
      const what = { en: 'Leaves the account', zh: '转出账户' }
      return {
        lines: [{ what, account: debit, before: money(before), after: money(left), amount }],
      }
    },
    execute: (org, content, approval) => post(place, org, content, approval),
  })
}

async function post(
  place: Ground,
  orgId: number,
  content: Static<typeof Transfer>,
  approval: ApprovalRef,
): Promise<{ done: unknown } | ActionRefused> {
  place.tries += 1
  const { debit, credit, amount } = content
  const { world } = place.test
  await place.before?.()
  const id = place.freshIds ? world.ids.uuid() : derivedUuid('desk.transfer', approval.id)
  const audited: AuditEntry = {
    ...{ orgId, from: '', action: 'desk.post_transfer', object: id, approval: approval.id },
    actor: { kind: 'platform', id: 'desk', person: '' },
    after: { amount },
  }
  const result = await place.book.writer.submit({
    roots: [`approval:${approval.id}`],
    transfers: [{ type: 'post', id, legs: [{ debit, credit, amount: BigInt(amount.amount) }] }],
    effects: [applied(executedOnce, executionOf(orgId, approval)), applied(auditEffect, audited)],
    events: [executedEvent(orgId, approval)],
  })
  await place.after?.()
  if (result.status === 'committed' || result.status === 'replayed')
    return { done: { transfer: id } }
  if (result.status === 'refused') return { refused: result.code, detail: 'The ledger refused it.' }
  return { refused: 'approval_not_in_force', detail: 'The approval is used, or was never given.' }
}

const Limit = Type.Object({ amount: Type.String() }, { additionalProperties: false })

function changeLimit(place: Ground): GuardedAction {
  const { db } = place.test.database
  return guardedAction<Static<typeof Limit>>({
    action: 'desk.limit',
    title: { en: 'Change the limit', zh: '修改限额' },
    content: Limit,
    book: () => 0,
    preview: async (_org, { amount }) => ({
      lines: [{ what: { en: 'Limit', zh: '限额' }, before: await place.limits(), after: amount }],
    }),
    execute: async (orgId, { amount }, approval) => {
      const at = place.test.world.clock.now()
      const done = await db.tx(async (tx) => {
        if (!(await markExecuted(tx, at, orgId, approval))) return false
        await tx.query(
          `insert into desk.limit values ($1, $2)
           on conflict (org_id) do update set amount = excluded.amount`,
          [orgId, amount],
        )
        await recordChange(tx, at, {
          entries: [
            {
              ...{ orgId, from: '', action: 'desk.change_limit', object: 'limit' },
              actor: { kind: 'platform', id: 'desk', person: '' },
              ...{ after: { amount }, approval: approval.id },
            },
          ],
          events: [executedEvent(orgId, approval)],
        })
        return true
      })
      return done || (await place.limits()) === amount
        ? { done: { amount } }
        : { refused: 'approval_not_in_force', detail: 'The approval is used, or was never given.' }
    },
  })
}

const ALL = [
  'approvals.request',
  'approvals.decide',
  'approvals.read',
  'transfers.create',
  'users.manage',
]

/** A user, his person named after him, who has just proved that he is there. */
export function user(
  world: { clock: { now(): Instant } },
  name: string,
  more: Partial<Asker> = {},
): Asker {
  return {
    ...{ kind: 'user', id: `usr_0_${name}`, person: name, orgId: ORG, signed: false },
    ...{ permissions: new Set(ALL), steppedUpAt: world.clock.now(), from: '127.0.0.1' },
    ...more,
  }
}

/** A user without some permissions. */
export function without(...taken: string[]): Pick<Asker, 'permissions'> {
  return { permissions: new Set(ALL.filter((one) => !taken.includes(one))) }
}

export { testLedger }
