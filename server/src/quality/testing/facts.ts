/** Facts of attempts for tests, the seeded week and the bench: ids follow from numbers. */
import { type DeliveredEvent, derivedUuid, publicId } from '#base'
import type { AttemptFact } from '../attempt-fact.ts'

export type FactOptions = Partial<Omit<AttemptFact, 'attempt' | 'order' | 'amount'>> & {
  readonly book?: number
  /** Of the order; its attempts follow from it. */
  readonly order: number
  /** Minor units. */
  readonly amount?: bigint
}

/** A fact about attempt `number` of order `order`; a collection over WeChat that succeeded unless said otherwise. */
export function factOf(options: FactOptions): AttemptFact {
  const { order, book = 1, amount = 250_000n, ...rest } = options
  const number = rest.number ?? 1
  const madeAt = rest.madeAt ?? 0
  const direction = rest.direction ?? 'collect'
  const prefix = { collect: 'pay', pay: 'pout', refund: 'ref' }[direction]
  return {
    attempt: publicId('att', book, derivedUuid('attempt', `${order} ${number}`)),
    order: publicId(prefix, book, derivedUuid('order', String(order))),
    amount: { amount: amount.toString(), currency: 'CNY' },
    ...{ channel: 'wechat-pay', bank: '', accountType: '', result: 'succeeded', code: 'SUCCESS' },
    ...{ at: madeAt + 20_000, ...rest, number, madeAt, direction },
  }
}

/** Facts as a relay delivers them, in the order given. */
export function eventsOf(facts: readonly AttemptFact[], firstSeq = 1): DeliveredEvent[] {
  return facts.map((fact, i) => ({
    ...{ book: Number(fact.attempt.split('_')[1]), seq: BigInt(firstSeq + i), n: 0, orgId: 0 },
    ...{ kind: 'payments.attempt_ended', aggregate: fact.attempt, payload: fact, at: fact.at },
  }))
}
