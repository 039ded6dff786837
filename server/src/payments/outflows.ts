/** Puts together what leaves and what moves without us: payouts, returns, refunds, settlements. */
import type { Subscriber } from '#base'
import type { PayoutReturned } from '#channels'
import type { Handlers, PaymentsContext } from './context.ts'
import { type OutsideMoney, outsideHandlers, recordOutside } from './outside.ts'
import { payoutOwner } from './payout-owner.ts'
import {
  type ReturnPolicy,
  type ReturnTaken,
  returnHandlers,
  takeReturn,
} from './payout-returns.ts'
import type { PayoutPurpose } from './payout-states.ts'
import { createPayouts, type PayoutFollower, type Payouts, type PayoutsContext } from './payouts.ts'
import { type MoneyPlaces, movementSubscriber } from './settlement-movement.ts'

export interface OutflowOptions {
  readonly places: MoneyPlaces
  /** Where the money of a payout that came back goes. */
  readonly returnsTo?: ReturnPolicy
}

export interface OutflowContext extends PayoutsContext {
  readonly returnsTo: ReturnPolicy
}

export interface Outflows {
  readonly payouts: Payouts
  /** Takes a payout that came back, told by any way. */
  takeReturn(book: number, channel: string, returned: PayoutReturned): Promise<ReturnTaken>
  /** Records money that moved without us; false when it was known. */
  recordOutside(book: number, money: OutsideMoney): Promise<boolean>
  readonly handlers: Handlers
  readonly subscribers: readonly Subscriber[]
}

export function createOutflows(context: PaymentsContext, options: OutflowOptions): Outflows {
  const followers: Partial<Record<PayoutPurpose, PayoutFollower>> = {}
  const { places, returnsTo = 'source' } = options
  const on: OutflowContext = { ...context, places, returnsTo, followers }
  context.desk.register('pay', payoutOwner(on))
  context.desk.listen({
    payoutReturned: async (book, channel, { returned }) => {
      await takeReturn(on, { book, channel }, returned)
    },
  })
  const payouts = createPayouts(on)
  return {
    payouts,
    takeReturn: (book, channel, returned) => takeReturn(on, { book, channel }, returned),
    recordOutside: (book, money) => recordOutside(on, book, money),
    handlers: { ...payouts.handlers, ...outsideHandlers(on), ...returnHandlers(on) },
    subscribers: [movementSubscriber(on)],
  }
}
