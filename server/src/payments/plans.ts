/**
 * Payment plans: an amount above the limits of one payment, paid in legs that always sum to it.
 *
 * The one thing to get wrong: changing a leg somebody is paying. A leg that is being paid or paid is
 * fixed; the others carry the rest. Every change names the version of the plan it was decided on.
 */
import {
  applied,
  derivedUuid,
  type EffectRow,
  type Instant,
  present,
  publicId,
  type Uuid,
} from '#base'
import type { Limit, PaymentChannel } from '#channels'
import { listAttempts } from './attempt-store.ts'
import { mustCommand, type PaymentsContext, planRoot } from './context.ts'
import type { DeskContext } from './desk-context.ts'
import type { PayIn, PayWith } from './pay-in.ts'
import { findPayIn } from './pay-in-store.ts'
import { closePayment, destinationRefusal, openPayIn, type PayInsOptions } from './pay-ins.ts'
import { editLeg, type Leg, type LegLimits, planLegs, replanLegs } from './plan-legs.ts'
import {
  addPaid,
  changePlan,
  closePlan,
  findPlan,
  insertPlan,
  moveLeg,
  type Plan,
  type PlanLeg,
  setLeg,
} from './plan-store.ts'
import type { PaymentRefusalCode } from './refusals.ts'

const DAY_MS = 86_400_000
const SHANGHAI_MS = 8 * 3_600_000
const LEG_EXPIRES_MS = 30 * 60_000

export type PlanAnswer = { readonly plan: Plan } | { readonly refused: PaymentRefusalCode }

export type NewPlan = Omit<
  Plan,
  'orgId' | 'state' | 'paid' | 'version' | 'madeAt' | 'legs' | 'learntLimit'
>

/** Opens a plan; the same id and request hash again finds it. */
export async function openPlan(
  context: PaymentsContext,
  desk: DeskContext,
  wanted: NewPlan,
): Promise<PlanAnswer & { readonly replayed?: boolean }> {
  const { book, id } = wanted
  const known = await findPlan(context.db, book, id)
  if (known !== undefined) {
    const same = known.requestHash === wanted.requestHash
    return same ? { plan: known, replayed: true } : { refused: 'key_reused' }
  }
  const refused = destinationRefusal(context.ledger.writer(book), wanted)
  if (refused !== undefined) return { refused }
  const limits = limitsOf(desk, wanted)
  const planned = limits && planLegs(wanted.amount, limits)
  if (planned === undefined) return { refused: 'plan_not_possible' }
  const { orgId, clock } = context
  const now = clock.now()
  const plan: Plan = {
    ...{ ...wanted, orgId, state: 'open', paid: 0n, version: 1, madeAt: now },
    legs: planned.map(({ amount, day }, index) => ({
      ...{ number: index + 1, amount, state: 'planned' as const, payOn: dayOf(now, day), tries: 0 },
    })),
  }
  await context.ledger.writer(book).submit({
    roots: [planRoot(id)],
    effects: [applied(insertPlan, plan), ...plan.legs.map((leg) => legEffect(plan, leg))],
  })
  const stands = present(await findPlan(context.db, book, id), 'a plan')
  return stands.requestHash === wanted.requestHash ? { plan: stands } : { refused: 'key_reused' }
}

const legEffect = ({ orgId, id }: Plan, { number, amount, payOn }: PlanLeg): EffectRow =>
  applied(setLeg, { orgId, plan: id, number, amount, payOn, state: 'planned' })

/** The day that is `days` after an instant, Shanghai's `yyyymmdd`. */
function dayOf(now: Instant, days: number): string {
  const at = new Date(now + SHANGHAI_MS + days * DAY_MS)
  return at.toISOString().slice(0, 10).replaceAll('-', '')
}

function daysUntil(now: Instant, day: string): number {
  const midnight = (text: string) =>
    Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6)))
  return Math.max(0, (midnight(day) - midnight(dayOf(now, 0))) / DAY_MS)
}

/**
 * Limits of a leg: those of the channel that takes most at once, and what refusals have taught;
 * `undefined` when no channel takes the method.
 */
export function limitsOf(
  desk: Pick<DeskContext, 'channels'>,
  of: Pick<Plan, 'method' | 'bank' | 'accountType' | 'currency'> & { learntLimit?: bigint },
): LegLimits | undefined {
  const able = desk.channels().filter(({ capability }) => {
    const { directions, methods, currency, banks } = capability
    const reaches = banks === 'all' || of.bank === '' || banks.includes(of.bank)
    return directions.includes('collect') && methods.includes(of.method) && reaches
      ? currency === of.currency
      : false
  })
  const most = able.map((channel) => channelLimits(channel, of)).sort(byMost)
  const [best] = most
  if (best === undefined || of.learntLimit === undefined) return best
  const { perPayment = of.learntLimit } = best
  return { ...best, perPayment: perPayment < of.learntLimit ? perPayment : of.learntLimit }
}

const byMost = (a: LegLimits, b: LegLimits): number => {
  const size = ({ perPayment }: LegLimits) => perPayment ?? 2n ** 63n
  return size(a) < size(b) ? 1 : size(a) > size(b) ? -1 : 0
}

function channelLimits(
  { capability }: PaymentChannel,
  of: Pick<Plan, 'bank' | 'accountType'>,
): LegLimits {
  const applies = ({ direction, bank, accountType }: Limit) =>
    (direction === undefined || direction === 'collect') &&
    (bank === undefined || bank === of.bank) &&
    (accountType === undefined || of.accountType === '' || accountType === of.accountType)
  return capability.limits.filter(applies).reduce<LegLimits>((all, limit) => {
    const least = greater(all.least, limit.least)
    const perPayment = lesser(all.perPayment, limit.perPayment)
    const perDay = lesser(all.perDay, limit.perDay)
    const counts = [all.countPerDay, limit.countPerDay].filter((count) => count !== undefined)
    return {
      ...(least === undefined ? {} : { least }),
      ...(perPayment === undefined ? {} : { perPayment }),
      ...(perDay === undefined ? {} : { perDay }),
      ...(counts.length === 0 ? {} : { countPerDay: Math.min(...counts) }),
    }
  }, {})
}

const lesser = <T extends bigint | undefined>(a: T, b: T): T =>
  a === undefined || (b !== undefined && b < a) ? b : a
const greater = <T extends bigint | undefined>(a: T, b: T): T =>
  a === undefined || (b !== undefined && b > a) ? b : a

const isFixed = ({ state }: PlanLeg) => state === 'confirming' || state === 'paid'

/** Changes the amount of a leg; the free ones carry the rest. */
export async function changeLeg(
  context: PaymentsContext,
  desk: DeskContext,
  at: { readonly book: number; readonly id: Uuid; readonly number: number },
  amount: bigint,
): Promise<PlanAnswer> {
  let refused: PaymentRefusalCode | undefined
  await mustCommand(context, at.book, async () => {
    refused = undefined
    const plan = await findPlan(context.db, at.book, at.id)
    const leg = plan?.legs.find(({ number, state }) => number === at.number && state !== 'dropped')
    if (plan === undefined) refused = 'plan_not_found'
    else if (plan.state !== 'open') refused = 'plan_over'
    else if (leg === undefined) refused = 'leg_not_found'
    else if (isFixed(leg)) refused = 'leg_fixed'
    else {
      const now = context.clock.now()
      const limits = limitsOf(desk, plan) ?? {}
      const legs = editLeg(standing(plan, now), { number: at.number, amount }, limits)
      if (legs !== undefined) return changeOf(plan, legs, now)
      refused = 'leg_out_of_range'
    }
    return undefined
  })
  if (refused !== undefined) return { refused }
  return { plan: present(await findPlan(context.db, at.book, at.id), 'a plan') }
}

/** The legs that count, as the arithmetic of legs sees them. */
const standing = (plan: Plan, now: Instant): Leg[] =>
  plan.legs
    .filter(({ state }) => state !== 'dropped')
    .map((leg) => ({
      ...{ number: leg.number, amount: leg.amount, fixed: isFixed(leg) },
      day: daysUntil(now, leg.payOn),
    }))

function changeOf(plan: Plan, legs: readonly Leg[], now: Instant, learntLimit?: bigint) {
  const { id, orgId, version } = plan
  const kept = new Set(legs.map(({ number }) => number))
  const free = legs.filter(({ fixed }) => !fixed)
  const gone = plan.legs.filter(({ number, state }) => state === 'planned' && !kept.has(number))
  return {
    roots: [planRoot(id)],
    effects: [
      applied(changePlan, { id, version, ...(learntLimit === undefined ? {} : { learntLimit }) }),
      ...free.map(({ number, amount, day }) =>
        applied(setLeg, {
          ...{ orgId, plan: id, number, amount, payOn: dayOf(now, day), state: 'planned' as const },
        }),
      ),
      ...gone.map(({ number, amount, payOn }) =>
        applied(setLeg, { orgId, plan: id, number, amount, payOn, state: 'dropped' }),
      ),
    ],
  }
}

/**
 * Pays a leg: opens its pay-in, or finds the one that is open, so that a leg is never paid by two. When
 * the payer's bank refuses the amount for its size, the rest is split anew under half of it.
 */
export async function payLeg(
  on: PayInsOptions,
  at: { readonly book: number; readonly id: Uuid; readonly number: number },
  pay: PayWith,
): Promise<PlanAnswer> {
  const { context, desk } = on
  const plan = await findPlan(context.db, at.book, at.id)
  if (plan === undefined) return { refused: 'plan_not_found' }
  const leg = plan.legs.find(({ number, state }) => number === at.number && state !== 'dropped')
  if (leg === undefined) return { refused: 'leg_not_found' }
  if (plan.state !== 'open') return { refused: 'plan_over' }
  if (leg.state === 'paid') return { refused: 'leg_fixed' }
  if (leg.state === 'planned') {
    const opened = await openPayIn(on, legPayIn(context, plan, leg, pay))
    if ('refused' in opened) return opened
  }
  const now = present(await findPlan(context.db, at.book, at.id), 'a plan')
  const begun = now.legs.find(({ number }) => number === at.number)
  if (begun?.payIn === undefined || !(await isOverLimit(context, at.book, begun.payIn))) {
    return { plan: now }
  }
  await closePayment(on, { book: at.book, id: begun.payIn })
  await learnLimit(context, desk, at, begun.amount / 2n)
  return { plan: present(await findPlan(context.db, at.book, at.id), 'a plan') }
}

function legPayIn(context: PaymentsContext, plan: Plan, leg: PlanLeg, pay: PayWith) {
  const { book, id, destination, currency, subject, attributes, requestHash } = plan
  const { number, amount, tries } = leg
  const payIn = derivedUuid('payments.pay_in', `${id}/${number}/${tries + 1}`)
  const begun = { plan: id, number, from: 'planned', to: 'confirming', payIn, amount } as const
  return {
    ...pay,
    ...{ book, id: payIn, destination, amount, currency, subject, attributes, requestHash },
    late: 'refund' as const,
    expiresAt: context.clock.now() + LEG_EXPIRES_MS,
    plan: { id, leg: number },
    also: [applied(changePlan, { id, version: plan.version }), applied(moveLeg, begun)],
  }
}

/** Whether the bank refused the last attempt for its size, and no other is open. */
async function isOverLimit(context: PaymentsContext, book: number, payIn: Uuid): Promise<boolean> {
  const attempts = await listAttempts(context.db, book, publicId('pay', book, payIn))
  const last = attempts.at(-1)
  if (last === undefined || attempts.some(({ state }) => state !== 'failed')) return false
  const { channel, direction, code } = last
  return context.classify({ channel, direction, code }).letter === 'L'
}

async function learnLimit(
  context: PaymentsContext,
  desk: DeskContext,
  { book, id }: { readonly book: number; readonly id: Uuid },
  limit: bigint,
): Promise<void> {
  await mustCommand(context, book, async () => {
    const plan = present(await findPlan(context.db, book, id), 'a plan')
    if (plan.state !== 'open' || limit < 1n) return undefined
    if (plan.learntLimit !== undefined && plan.learntLimit <= limit) return undefined
    const now = context.clock.now()
    const limits = limitsOf(desk, { ...plan, learntLimit: limit }) ?? { perPayment: limit }
    const legs = replanLegs(standing(plan, now), limits)
    return legs === undefined ? undefined : changeOf(plan, legs, now, limit)
  })
}

/**
 * Closes a plan that is not paid in full: the payments of its legs first, at their channels. Legs that
 * are paid stay paid; their money is where it was meant to go. Closed before, it answers the same.
 */
export async function endPlan(
  on: PayInsOptions,
  at: { readonly book: number; readonly id: Uuid },
): Promise<PlanAnswer> {
  const { context } = on
  const { book, id } = at
  const found = await findPlan(context.db, book, id)
  for (const { state, payIn } of found?.state === 'open' ? found.legs : []) {
    if (state === 'confirming' && payIn !== undefined) await closePayment(on, { book, id: payIn })
  }
  let refused: PaymentRefusalCode | undefined
  await mustCommand(context, book, async () => {
    const plan = await findPlan(context.db, book, id)
    refused = undefined
    if (plan === undefined) refused = 'plan_not_found'
    else if (plan.state === 'succeeded') refused = 'plan_over'
    else if (plan.state === 'open' && plan.legs.some(({ state }) => state === 'confirming')) {
      refused = 'payment_not_closed'
    } else if (plan.state === 'open') {
      return { roots: [planRoot(id)], effects: [applied(closePlan, { id, version: plan.version })] }
    }
    return undefined
  })
  if (refused !== undefined) return { refused }
  return { plan: present(await findPlan(context.db, book, id), 'a plan') }
}

/** What a plan adds to the command that ends the pay-in of one of its legs. */
export async function legEffects(
  context: Pick<PaymentsContext, 'db'>,
  payIn: PayIn,
  to: 'paid' | 'closed',
): Promise<readonly EffectRow[]> {
  const plan = present(payIn.plan, 'the plan of a leg')
  const number = present(payIn.leg, 'the number of a leg')
  const stands = await findPayIn(context.db, payIn.book, payIn.id)
  // Money that comes after its leg was given free is nobody's leg any more.
  if (stands !== undefined && stands.state !== 'open') return []
  const moved = { plan, number, from: 'confirming' as const, payIn: payIn.id }
  if (to === 'closed') return [applied(moveLeg, { ...moved, to: 'planned' })]
  return [
    applied(moveLeg, { ...moved, to: 'paid' }),
    applied(addPaid, { id: plan, amount: payIn.amount }),
  ]
}
