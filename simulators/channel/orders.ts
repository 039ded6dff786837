/**
 * Orders from being taken to their end. They end only here, so that money moves once, faults strike
 * and the platform is told; a plan an order was taken with is followed, after a restart too.
 */
import type { RailBook } from './book.ts'
import type { RailClock } from './clock.ts'
import type { RailMovement } from './contract.ts'
import type { BookOrder, Plan } from './entry.ts'
import type { Faults, Strike } from './faults.ts'
import type { RailDefinition, RailGround, TakeOrder } from './ground.ts'
import { MAGIC_DELAY_MS } from './magic.ts'
import type { Notices } from './notices.ts'

export interface OrderParts {
  readonly clock: RailClock
  readonly book: RailBook
  readonly faults: Faults
  readonly notices: Notices
  readonly definition: RailDefinition
  readonly magic: RailGround['magic']
  readonly payAfterMs: number | undefined
}

export interface RailOrders
  extends Pick<RailGround, 'takeOrder' | 'succeed' | 'fail' | 'close' | 'returnPayout'> {
  /** Goes on with what a restart interrupted: plans, payouts on their way back, notices not taken. */
  resume(): void
}

const isOpen = ({ state }: BookOrder) => state === 'waiting' || state === 'processing'

function mustBeOpen(order: BookOrder, end: string): void {
  if (isOpen(order)) return
  throw new Error(`${order.kind} ${order.reference} is ${order.state} and cannot be ${end}`)
}

export function createOrders(parts: OrderParts): RailOrders {
  const { clock, book, faults, notices, definition } = parts

  const planOf = ({ state, amount, end }: TakeOrder, now: number): Plan | undefined => {
    const slow = parts.magic(amount) === 'timeout_then_success'
    if (slow) return { at: now + MAGIC_DELAY_MS, result: 'succeeded' }
    if (state === 'waiting' && parts.payAfterMs !== undefined) {
      return { at: now + parts.payAfterMs, result: 'succeeded' }
    }
    if (end === undefined) return undefined
    const { result, code, afterMs } = end
    return { at: now + afterMs, result, ...(code === undefined ? {} : { code }) }
  }
  const follow = (order: BookOrder, plan: Plan) => {
    clock.add(plan.at, () => {
      if (order.plan !== plan) return
      if (plan.result === 'succeeded') orders.succeed(order)
      else orders.fail(order, plan.code ?? '')
    })
  }
  /** Ends an order without money; a fault may make it succeed after all, later. */
  const giveUp = (order: BookOrder, state: 'failed' | 'closed', code: string) => {
    const now = clock.now()
    let late: Strike | undefined
    if (order.kind !== 'refund') late = faults.strike('end', order.kind, order.reference)
    const plan: Plan | undefined = late && { at: now + late.ms, result: 'succeeded' }
    book.setState(order, state, code, now, plan)
    if (plan !== undefined) follow(order, plan)
    notices.queue(order, state)
  }
  /** A payout the payee's bank does not keep comes back by itself. */
  const returnLater = (order: BookOrder) => {
    if (order.kind !== 'pay' || order.state !== 'succeeded') return
    const at = definition.returnsAt?.(order)
    if (at === undefined) return
    clock.add(at, () => {
      if (order.state === 'succeeded') orders.returnPayout(order)
    })
  }

  const orders: RailOrders = {
    takeOrder(order) {
      const now = clock.now()
      const hidden = faults.strike('made', order.kind, order.reference)
      const plan = planOf(order, now)
      const { end: _, ...facts } = order
      const made = book.make(
        { ...facts, ...(plan && { plan }), ...(hidden && { hiddenUntil: now + hidden.ms }) },
        now,
      )
      if (plan !== undefined) follow(made, plan)
      return made
    },
    succeed(order) {
      const lateSuccess = order.plan?.result === 'succeeded' && !order.moved
      if (!lateSuccess) mustBeOpen(order, 'succeeded')
      const now = clock.now()
      book.moveMoney(order, definition.fee?.(order) ?? 0n, now)
      book.setState(order, 'succeeded', '', now)
      notices.queue(order, 'succeeded')
      returnLater(order)
    },
    fail(order, code) {
      mustBeOpen(order, 'failed')
      giveUp(order, 'failed', code)
    },
    close(order) {
      mustBeOpen(order, 'closed')
      giveUp(order, 'closed', '')
    },
    returnPayout(order) {
      const movement = book.returnPayout(order, clock.now())
      notices.queue(order, 'returned', movement)
    },
    resume() {
      const returns = new Map<string, RailMovement>()
      for (const movement of book.movements()) {
        if (movement.kind === 'payout_returned') returns.set(movement.reference, movement)
      }
      for (const order of book.orders()) {
        if (order.plan !== undefined) follow(order, order.plan)
        returnLater(order)
        if (order.told || order.state === 'waiting' || order.state === 'processing') continue
        const movement = order.state === 'returned' ? returns.get(order.reference) : undefined
        notices.again(order, order.state, movement)
      }
    },
  }
  return orders
}
