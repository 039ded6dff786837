/** Payouts over a channel as its tests send them. */
import { type Clock, Personal } from '#base'
import type { BankParty, PaymentChannel, PayOrder } from '../payment-channel.ts'

export const PAYEE: BankParty = {
  name: new Personal('name', '李秀英'),
  account: new Personal('card', '6222600260001072444'),
  bank: 'ICBC',
  accountType: 'personal',
}

export interface PayoutWorld {
  readonly channel: PaymentChannel
  readonly clock: Pick<Clock, 'now' | 'mono'>
}

/** Makes, sends and asks about payouts in the world that stands when it is called. */
export function payoutsOver(world: () => PayoutWorld) {
  let count = 0
  const options = () => ({ sendBeforeMono: world().clock.mono() + 10_000 })
  return {
    /** An order with a number of its own. */
    order(amount: bigint, payee: Partial<BankParty> = {}): PayOrder {
      const { channel, clock } = world()
      count += 1
      const at = clock.now()
      const reference = channel.reference(7, `attempt ${count}`, at)
      return { reference, at, amount, currency: 'CNY', payee: { ...PAYEE, ...payee }, memo: '房款' }
    },
    options,
    pay: (one: PayOrder) => world().channel.pay!(one, options()),
    ask: ({ reference, at }: PayOrder) =>
      world().channel.query({ direction: 'pay', reference, at }),
  }
}
