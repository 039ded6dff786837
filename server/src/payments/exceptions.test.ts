/**
 * What a person may do about each kind of exception: every action a kind lists does what it says, and
 * every other one is refused. The judge is the ledger, and the rails' own books.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Instant, Personal, publicId, type Uuid } from '#base'
import type { Decided } from './context.ts'
import { findException, listExceptions } from './exception-store.ts'
import {
  EXCEPTION_ACTIONS,
  EXCEPTION_KINDS,
  type ExceptionAction,
  type ExceptionKind,
  raise,
} from './exceptions.ts'
import { listOutside } from './outside-store.ts'
import { partPublicId } from './refund.ts'
import { listParts } from './refund-store.ts'
import { resolve } from './resolve-exception.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

let on: OutflowWorld

beforeAll(async () => {
  on = await outflowWorld({ returnsTo: 'suspense' })
  await on.fund(100_000_00n)
  on.rails.a.balance = 100_000_00n
})

afterAll(() => on.stop())

const AMOUNT = 10_00n
const HOUR = 3_600_000

const code = (book: number, which: string) => on.ledger.writer(book).accountByCode(which)!.id
const balances = async () => ({
  owner: await on.balance(on.pool, on.owner),
  suspense: await on.balance(on.pool, code(on.pool, '2241.06')),
  own: await on.transit(on.pool, `book_${on.own}`),
})
type Balances = Awaited<ReturnType<typeof balances>>

/** What `work` adds to the owner's account, to suspense, and to what our own book owes the pool. */
async function added(work: () => Promise<unknown>): Promise<Balances> {
  const before = await balances()
  await work()
  const after = await balances()
  return {
    owner: after.owner - before.owner,
    suspense: after.suspense - before.suspense,
    own: after.own - before.own,
  }
}

/** The open exception of a kind about a thing. */
async function open(kind: ExceptionKind, about?: string): Promise<Uuid> {
  const all = await listExceptions(on.context.db, { book: on.pool, state: 'open' })
  const found = all.filter((each) => each.kind === kind && (about ?? each.about) === each.about)
  expect(found, `${kind} about ${about}`).toHaveLength(1)
  return found[0]!.id
}

type Asked = Partial<Omit<Decided, 'id'>>

const decide = (id: Uuid, action: string, more: Asked = {}) =>
  resolve(on.context, { book: on.pool, id }, { action, note: 'looked at', by: 'bert', ...more })

let flow = 0
const nextFlow = () => {
  flow += 1
  return `x${flow}`
}

/** A payout that succeeded and came back to suspense. */
async function returned(): Promise<string> {
  const { id, about } = await payout()
  await on.settle()
  const reference = [...on.rails.b.orders.values()].at(-1)!.reference
  const told = { flow: nextFlow(), reference, amount: AMOUNT, currency: 'CNY' }
  await on.flows.takeReturn(on.pool, 'b', { ...told, code: 'R01', says: 'x', date: '20260304' })
  expect(id).not.toBe('')
  return about
}

async function payout(approval = false): Promise<{ id: Uuid; about: string }> {
  const id = on.world.ids.uuid()
  const made = await on.flows.payouts.create(on.pool, {
    ...{ id, requestHash: id, source: on.owner, amount: AMOUNT, payee: PAYEE, memo: 'commission' },
    ...{ requestedBy: 'anna', approval },
  })
  expect(made).toHaveProperty('payout')
  return { id, about: publicId('pout', on.pool, id) }
}

/** A refund whose one part is short of balance at the channel, or has no way back. */
async function refunded(refuses: string): Promise<string> {
  const paid = await on.collected(AMOUNT)
  on.rails.a.next.push({ refuses })
  const id = on.world.ids.uuid()
  const asked = { id, requestHash: id, amount: AMOUNT, reason: 'called off', requestedBy: 'anna' }
  await on.flows.refund(on.pool, { ...asked, collections: [paid.id], source: on.owner })
  await on.settle()
  const [part] = await listParts(on.context.db, on.pool, id)
  return partPublicId(on.pool, part!.id)
}

const partOf = async (about: string) => {
  const [row] = await on.context.db.query<{ state: string; code: string; refunding: bigint }>(
    `select p.state, p.code, a.refunding from payments.refund_part p
     join payments.attempt a on a.book_id = p.book_id and a.id = p.collection
     where p.book_id = $1 and p.id = $2::uuid`,
    [on.pool, about.slice(-32)],
  )
  return row!
}

const line = async (kind: 'plain' | 'fee' | 'interest' | 'court_deduction', side: 'in' | 'out') => {
  const about = nextFlow()
  const from = side === 'in' ? { counterpartAccount: PAYEE.account } : {}
  await on.flows.takeBankLines(on.pool, 'b', [
    { ...bankLine({ flow: about, side, amount: AMOUNT, kind }), ...from },
  ])
  return about
}

const entryState = async (about: string) =>
  (await listOutside(on.context.db, { book: on.pool })).find((each) => each.flow === about)?.state

async function chargedBack(): Promise<string> {
  const paid = await on.collected(AMOUNT)
  const told = { kind: 'chargeback' as const, id: 'x', reference: paid.reference, amount: AMOUNT }
  const ears = on.context.desk.context.ears
  await ears.chargeback!(on.pool, 'a', { ...told, currency: 'CNY', says: 'fraud' })
  return paid.reference
}

/** An exception of a kind that is about an attempt, whose rail has an answer. */
async function aboutAttempt(kind: ExceptionKind): Promise<string> {
  const paid = await on.collected(AMOUNT)
  const about = kind === 'hidden_then_found' ? paid.reference : publicId('att', on.pool, paid.id)
  await raised(kind, about)
  return about
}

async function raised(kind: ExceptionKind, about: string): Promise<string> {
  const at = { now: on.world.clock.now(), id: on.world.ids.uuid() }
  const exception = { orgId: 1, kind, about, amount: AMOUNT, evidence: {} }
  await on.ledger.writer(on.pool).submit({ roots: [about], effects: raise(at, exception) })
  return about
}

/** A collection nobody is owed: in suspense, with the exception that says so. */
async function surplus(kind: 'late_success' | 'paid_twice'): Promise<string> {
  const paid = await on.collected(AMOUNT)
  await on.context.db.query(
    `update payments.attempt set booked_to = 'suspense' where book_id = $1 and id = $2`,
    [on.pool, paid.id],
  )
  await on.fund(AMOUNT, code(on.pool, '2241.06'))
  await on.context.db.query(
    `insert into payments.pay_in (book_id, org_id, id, destination, amount, currency, state, subject,
       late, attributes, attempts, open_attempts, expires_at, request_hash, made_at, moved_at)
     values ($1, 1, $2::uuid, $3::uuid, $4, 'CNY', $5, 'x', 'refund', '{}', 1, 0, now(), '\\x00', now(), now())`,
    [on.pool, paid.id, on.owner, AMOUNT, kind === 'paid_twice' ? 'succeeded' : 'closed'],
  )
  return raised(kind, publicId('att', on.pool, paid.id))
}

const nothing = { owner: 0n, suspense: 0n, own: 0n }

interface Scene {
  /** Makes one, and answers what it is about. */
  readonly make: () => Promise<string>
  /** Of each action of the kind that moves something: what is asked, and what it adds. */
  readonly acts?: Partial<
    Record<
      ExceptionAction,
      {
        readonly asked?: () => Asked
        readonly adds?: Partial<Balances>
        readonly proves?: (about: string) => Promise<void>
      }
    >
  >
}

const account = () => ({ account: on.owner })
const cleared = async (about: string) => expect(await entryState(about)).toBe('cleared')
const recovers = { recover: { adds: { own: AMOUNT }, proves: cleared } }
const endsPart = (state: string) => async (about: string) =>
  expect(await partOf(about)).toMatchObject({ state, refunding: 0n })

const SCENES: Record<ExceptionKind, Scene> = {
  late_success: {
    make: () => surplus('late_success'),
    acts: {
      refund: { adds: { suspense: -AMOUNT } },
      attach: { adds: { suspense: -AMOUNT, owner: AMOUNT } },
    },
  },
  paid_twice: {
    make: () => surplus('paid_twice'),
    acts: { refund: { adds: { suspense: -AMOUNT } } },
  },
  amount_differs: { make: () => aboutAttempt('amount_differs') },
  currency_differs: { make: () => aboutAttempt('currency_differs') },
  payee_differs: { make: () => aboutAttempt('payee_differs') },
  unknown_too_long: { make: () => aboutAttempt('unknown_too_long') },
  contradicted: { make: () => aboutAttempt('contradicted') },
  hidden_then_found: { make: () => aboutAttempt('hidden_then_found') },
  callback_malformed: { make: () => raised('callback_malformed', nextFlow()) },
  payout_returned: {
    make: returned,
    acts: {
      retry: { adds: { suspense: -AMOUNT } },
      refund: { adds: { suspense: -AMOUNT, owner: AMOUNT } },
      settle_by_hand: { adds: { suspense: -AMOUNT, own: -AMOUNT } },
    },
  },
  refund_route_closed: {
    make: () => refunded('CARD_EXPIRED'),
    acts: {
      approve: {
        asked: () => ({ payee: PAYEE }),
        proves: async (about) => {
          expect(await partOf(about)).toMatchObject({ state: 'waiting_for_approval' })
          const [asked] = await listExceptions(on.context.db, { book: on.pool, state: 'open' })
          expect(asked).toMatchObject({ kind: 'approval_needed' })
          expect(await decide(asked!.id, 'approve')).toEqual({ refused: 'approver_is_requester' })
          expect(await decide(asked!.id, 'approve', { by: 'carl' })).toBeUndefined()
          await on.settle()
          await endsPart('succeeded')(about)
        },
      },
      settle_by_hand: {
        adds: { owner: -AMOUNT, own: -AMOUNT },
        proves: endsPart('succeeded'),
      },
      reject: { proves: endsPart('failed') },
    },
  },
  refund_waiting_for_funds: {
    make: () => refunded('NOT_ENOUGH'),
    acts: {
      retry: { adds: { owner: -AMOUNT }, proves: endsPart('succeeded') },
      settle_by_hand: { adds: { owner: -AMOUNT, own: -AMOUNT }, proves: endsPart('succeeded') },
    },
  },
  approval_needed: {
    make: async () => (await payout(true)).about,
    acts: { approve: { adds: { owner: -AMOUNT } } },
  },
  settlement_differs: { make: () => raised('settlement_differs', nextFlow()) },
  file_row_unknown: { make: () => raised('file_row_unknown', nextFlow()) },
  chargeback: { make: chargedBack, acts: recovers },
  court_deduction: { make: () => line('court_deduction', 'out'), acts: recovers },
  bank_fee: { make: () => line('fee', 'out') },
  pool_interest: {
    make: () => line('interest', 'in'),
    acts: { attach: { asked: account, adds: { owner: AMOUNT }, proves: cleared } },
  },
  unknown_credit: {
    make: () => line('plain', 'in'),
    acts: {
      attach: { asked: account, adds: { owner: AMOUNT, suspense: -AMOUNT }, proves: cleared },
      refund: {
        asked: () => ({ payee: PAYEE }),
        proves: async (about) => {
          await cleared(about)
          const id = await open('approval_needed')
          const paid = on.rails.b.moved('pay')
          expect(await decide(id, 'approve', { by: 'carl' })).toBeUndefined()
          await on.settle()
          expect(on.rails.b.moved('pay') - paid).toBe(AMOUNT)
        },
      },
    },
  },
  unknown_debit: { make: () => line('plain', 'out'), acts: recovers },
}

const CASES = Object.entries(EXCEPTION_KINDS).flatMap(([kind, { actions }]) =>
  actions.map((action) => [kind as ExceptionKind, action as ExceptionAction] as const),
)

describe('every action a kind lists', () => {
  it.each(CASES)(
    '%s: %s is carried out, once; every other one is refused',
    async (kind, action) => {
      const { make, acts = {} } = SCENES[kind]
      const about = await make()
      const id = await open(kind, about)
      const allowed = EXCEPTION_KINDS[kind].actions as readonly ExceptionAction[]
      for (const other of EXCEPTION_ACTIONS.filter((each) => !allowed.includes(each))) {
        expect(await decide(id, other), other).toEqual({ refused: 'action_not_allowed' })
      }
      const act = acts[action]
      const asked = act?.asked?.() ?? {}
      const gain = await added(async () => {
        const both = await Promise.all([decide(id, action, asked), decide(id, action, asked)])
        // One who approves twice is answered the same twice.
        const times = action === 'approve' && kind === 'approval_needed' ? 2 : 1
        expect(both.filter((each) => each === undefined)).toHaveLength(times)
        await on.settle()
      })
      expect(gain).toEqual({ ...nothing, ...act?.adds })
      expect(await findException(on.context.db, on.pool, id)).toMatchObject({
        ...{ state: 'resolved', action, resolvedBy: 'bert', note: 'looked at' },
      })
      await act?.proves?.(about)
      await rest()
      expect(await on.unproven()).toEqual([])
    },
  )
})

/** Closes what a case has left open, so that the next one finds only its own. */
async function rest(): Promise<void> {
  for (const { id, kind } of await listExceptions(on.context.db, {
    book: on.pool,
    state: 'open',
  })) {
    await decide(id, kind === 'approval_needed' ? 'reject' : 'explain', { by: 'zoe' })
  }
}

describe('two persons', () => {
  it('a payout turned down goes to nobody', async () => {
    const { about } = await payout(true)
    const id = await open('approval_needed', about)
    expect(await decide(id, 'approve', { by: 'anna' })).toEqual({
      refused: 'approver_is_requester',
    })
    expect(await added(() => decide(id, 'reject'))).toEqual(nothing)
    expect(await findException(on.context.db, on.pool, id)).toMatchObject({ action: 'reject' })
  })

  it('what a customer is to bear is booked when a second person agrees, else raised again', async () => {
    const about = await line('court_deduction', 'out')
    const first = await open('court_deduction', about)
    const booked = await added(() => decide(first, 'recover', account()))
    expect(booked).toEqual(nothing)
    const asked = await open('approval_needed')
    expect(await decide(asked, 'approve')).toEqual({ refused: 'approver_is_requester' })
    await decide(asked, 'reject', { by: 'carl' })
    const again = await open('court_deduction', about)
    await decide(again, 'recover', account())
    const second = await open('approval_needed')
    const gain = await added(() => decide(second, 'approve', { by: 'carl' }))
    expect(gain).toEqual({ ...nothing, owner: -AMOUNT })
    await cleared(about)
  })

  it('money given back that does not arrive is nobody’s again', async () => {
    const about = await line('plain', 'in')
    const id = await open('unknown_credit', about)
    await decide(id, 'refund', { payee: PAYEE })
    await decide(await open('approval_needed'), 'reject', { by: 'carl' })
    expect(await entryState(about)).toBe('booked')
    await decide(await open('unknown_credit', about), 'attach', account())
    await cleared(about)
  })
})

describe('what cannot be done is refused, and leaves the exception open', () => {
  const other = () => ({
    payee: { ...PAYEE, account: new Personal('card', '6228480402564890026') },
  })

  it.each([
    ['account_missing', 'unknown_credit', 'attach', () => ({})],
    ['destination_not_found', 'unknown_credit', 'attach', () => ({ account: 'f'.repeat(32) })],
    ['destination_not_payable', 'unknown_credit', 'attach', () => ({ account: on.cash })],
    ['payee_missing', 'unknown_credit', 'refund', () => ({})],
    ['payee_is_not_payer', 'unknown_credit', 'refund', other],
    ['payee_missing', 'refund_route_closed', 'approve', () => ({})],
    ['approver_is_requester', 'refund_route_closed', 'approve', () => ({ by: 'anna' })],
    ['approver_is_requester', 'refund_route_closed', 'reject', () => ({ by: 'anna' })],
  ] as const)('%s: %s, %s', async (refused, kind, action, asked) => {
    const id = await open(kind, await SCENES[kind].make())
    expect(await added(() => decide(id, action, asked()))).toEqual(nothing)
    expect(await decide(id, action, asked())).toEqual({ refused })
    expect(await findException(on.context.db, on.pool, id)).toMatchObject({ state: 'open' })
    await rest()
  })

  it('a question whose answer is still open', async () => {
    on.rails.b.next.push('accepts')
    const { about } = await payout()
    await on.settle()
    const [attempt] = await on.context.db.query<{ reference: string }>(
      'select reference from payments.attempt where book_id = $1 and owner = $2',
      [on.pool, about],
    )
    await raised('unknown_too_long', attempt!.reference)
    const id = await open('unknown_too_long')
    expect(await decide(id, 'ask_again')).toEqual({ refused: 'still_not_known' })
    on.rails.b.finish(attempt!.reference)
    expect(await decide(id, 'ask_again')).toBeUndefined()
  })

  it('a payout that came back is made again once at a time', async () => {
    const about = await returned()
    on.rails.b.next.push({ refuses: 'NO_SUCH_ACCOUNT' })
    expect(await decide(await open('payout_returned', about), 'retry')).toBeUndefined()
    await on.settle()
    const again = await open('payout_returned', about)
    const paid = on.rails.b.moved('pay')
    await decide(again, 'retry')
    await on.settle()
    expect(on.rails.b.moved('pay') - paid).toBe(AMOUNT)
    await raised('payout_returned', about)
    const third = await open('payout_returned', about)
    expect(await decide(third, 'retry')).toEqual({ refused: 'action_not_possible' })
    await rest()
  })
})

it('one that nobody has resolved in time is told of, once', async () => {
  const late = async (): Promise<{ exception: string }[]> =>
    (
      await on.context.db.query<{ payload: { exception: string } }>(
        `select payload from base.outbox where kind = 'payments.exception_overdue'`,
      )
    ).map(({ payload }) => payload)
  const before = (await late()).length
  const about = await line('plain', 'out')
  const id = await open('unknown_debit', about)
  const deadline: Instant = (await findException(on.context.db, on.pool, id))!.deadline
  await on.pass(deadline - on.world.clock.now() - 1)
  expect(await late()).toHaveLength(before)
  await on.pass(HOUR)
  await on.pass(HOUR)
  expect((await late()).slice(before)).toEqual([
    expect.objectContaining({ exception: publicId('exc', on.pool, id), owner: 'finance' }),
  ])
  expect(await findException(on.context.db, on.pool, id)).toMatchObject({ overdue: true })
  await decide(id, 'explain')
  // The same thing again is a new exception, with a deadline of its own.
  await raised('unknown_debit', about)
  const next = await open('unknown_debit', about)
  await on.pass(HOUR)
  expect(await findException(on.context.db, on.pool, next)).toMatchObject({ overdue: false })
})
