/**
 * Payments put together: the desk, pay-ins, plans, and what the parts that pay out and refund add.
 * Every change is one command on the writer of the book it belongs to.
 */
import type { DueHandler, Subscriber, Uuid } from '#base'
import type { CallbackRequest, PaymentChannel } from '#channels'
import type { Attempt, AttemptDesk, CallbackTaken } from './attempt.ts'
import { listAttempts } from './attempt-store.ts'
import { commandOn, type PaymentsContext, type PaymentsOptions } from './context.ts'
import { createAttemptDesk } from './desk.ts'
import type { DeskContext } from './desk-context.ts'
import { exceptionHandlers } from './exception-deadlines.ts'
import { createOutflows, type OutflowOptions, type Outflows } from './outflows.ts'
import type { NewPayIn, PayIn, PayWith } from './pay-in.ts'
import { createPayInOwner } from './pay-in-owner.ts'
import { findPayIn } from './pay-in-store.ts'
import {
  attemptPayIn,
  closePayment,
  type Opened,
  openPayIn,
  type PayInsOptions,
  payInHandlers,
  type Refused,
} from './pay-ins.ts'
import { findPlan, type Plan } from './plan-store.ts'
import {
  changeLeg,
  endPlan,
  legEffects,
  type NewPlan,
  openPlan,
  type PlanAnswer,
  payLeg,
} from './plans.ts'
import { Recent } from './recent.ts'
import { type Resolution, type ResolutionRefused, resolve } from './resolve-exception.ts'

export interface Payments {
  readonly context: PaymentsContext
  readonly desk: AttemptDesk
  attach(channel: PaymentChannel): void
  openPayIn(wanted: NewPayIn): Promise<Opened | Refused>
  attemptPayIn(
    at: { readonly book: number; readonly id: Uuid; readonly attemptId: Uuid },
    pay: PayWith,
  ): Promise<Opened | Refused>
  closePayIn(at: { readonly book: number; readonly id: Uuid }): Promise<PayIn | undefined>
  payIn(book: number, id: Uuid): Promise<PayIn | undefined>
  /** Attempts for a pay-in, payout or refund, by its public id. */
  attempts(book: number, owner: string): Promise<Attempt[]>
  /** Closes an exception by an action its kind allows; `undefined` when it is done. */
  resolveException(
    at: { readonly book: number; readonly id: Uuid },
    decided: Resolution,
  ): Promise<ResolutionRefused | undefined>
  openPlan(wanted: NewPlan): Promise<PlanAnswer & { readonly replayed?: boolean }>
  plan(book: number, id: Uuid): Promise<Plan | undefined>
  /** Closes a plan that is not paid in full; its legs' payments are closed first. */
  closePlan(at: { readonly book: number; readonly id: Uuid }): Promise<PlanAnswer>
  /** Changes the amount of a leg nobody is paying; the others rebalance. */
  changeLeg(at: LegPlace, amount: bigint): Promise<PlanAnswer>
  /** Opens the pay-in of a leg, or finds the one that is open. */
  payLeg(at: LegPlace, pay: PayWith): Promise<PlanAnswer>
  takeCallback(channel: string, request: CallbackRequest): Promise<CallbackTaken | undefined>
  /** What leaves and what moves without us; absent when it was not asked for. */
  readonly outflows: Outflows | undefined
  /** Of events: what carries the second half of a movement between books. */
  readonly subscribers: readonly Subscriber[]
  /** For the due sweeper. */
  readonly handlers: Readonly<Record<string, DueHandler>>
}

export interface LegPlace {
  readonly book: number
  readonly id: Uuid
  readonly number: number
}

/** Builds the context and its desk: what every part of payments is given. */
export function createContext(
  options: PaymentsOptions,
): PaymentsContext & { readonly deskContext: DeskContext } {
  const command = commandOn(options)
  const desk = createAttemptDesk(options, command)
  return {
    ...options,
    command,
    desk,
    deskContext: desk.context,
    refundAttempt: undefined,
    carriers: new Map(),
  }
}

export interface CreatePaymentsOptions extends PaymentsOptions {
  /** Pays out, refunds and settles as well. */
  readonly outflows?: OutflowOptions
}

export function createPayments(options: CreatePaymentsOptions): Payments {
  const context = createContext(options)
  const { db, desk, deskContext } = context
  const recent = new Recent<PayIn>()
  const legMoved = (payIn: PayIn, to: 'paid' | 'closed') => legEffects(context, payIn, to)
  const payIns: PayInsOptions = { context, desk: deskContext, recent, legMoved }
  desk.register('collect', createPayInOwner({ context, recent, legMoved }))
  const outflows =
    options.outflows === undefined ? undefined : createOutflows(context, options.outflows)
  return {
    context,
    desk,
    outflows,
    subscribers: outflows?.subscribers ?? [],
    attach: desk.attach,
    openPayIn: (wanted) => openPayIn(payIns, wanted),
    attemptPayIn: (at, pay) => attemptPayIn(payIns, at, pay),
    closePayIn: (at) => closePayment(payIns, at),
    payIn: (book, id) => findPayIn(db, book, id),
    attempts: (book, owner) => listAttempts(db, book, owner),
    resolveException: (at, decided) => resolve(context, at, decided),
    openPlan: (wanted) => openPlan(context, deskContext, wanted),
    plan: (book, id) => findPlan(db, book, id),
    closePlan: (at) => endPlan(payIns, at),
    changeLeg: (at, amount) => changeLeg(context, deskContext, at, amount),
    payLeg: (at, pay) => payLeg(payIns, at, pay),
    takeCallback: desk.takeCallback,
    handlers: {
      ...desk.handlers,
      ...payInHandlers(payIns),
      ...exceptionHandlers(context),
      ...outflows?.handlers,
    },
  }
}
