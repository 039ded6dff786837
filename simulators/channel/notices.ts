/**
 * Notices to the platform: posted to the callback URL until it takes them or the retry schedule ends,
 * so one may come more than once. Every one sent is listed. The faults of notices are applied here,
 * when a notice is queued; retries are not struck again.
 */
import { Agent, request as httpRequest } from 'node:http'
import type { RailBook } from './book.ts'
import type { RailClock } from './clock.ts'
import type { RailMovement, SentCallback } from './contract.ts'
import type { BookOrder } from './entry.ts'
import { DEFAULT_FEN, DEFAULT_MS, type Faults, type Strike } from './faults.ts'
import type { MagicEffect } from './magic.ts'

export type NoticeEvent = 'succeeded' | 'failed' | 'closed' | 'returned' | 'chargeback'

/** What a rail has to print and sign. */
export interface Told {
  readonly order: BookOrder
  readonly event: NoticeEvent
  /** What to say the amount was, minor units: not always the order's. */
  readonly amount: bigint
  /** Sign it with a key that is not the rail's. */
  readonly forged: boolean
  /** The same for every repeat of one notice. */
  readonly id: string
  /** The movement a return or chargeback tells of. */
  readonly movement?: RailMovement
}

export interface NoticeBytes {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** `undefined`: the rail tells nothing of such an event. */
export type PrintNotice = (told: Told) => NoticeBytes | undefined

export interface NoticeOptions {
  readonly callbackUrl?: string | undefined
  readonly retrySeconds: readonly number[]
  readonly print: PrintNotice
  readonly isTaken: (status: number, body: string) => boolean
  /** What an order's amount makes happen. */
  magic(amount: bigint): MagicEffect | undefined
  readonly book: RailBook
  readonly clock: RailClock
  readonly faults: Faults
}

export interface Notices {
  /** Queues the notice of an event, or what a fault makes of it. */
  queue(order: BookOrder, event: NoticeEvent, movement?: RailMovement): void
  /** Queues it again after a restart, unspoilt. */
  again(order: BookOrder, event: NoticeEvent, movement?: RailMovement): void
  sent(): readonly SentCallback[]
  close(): void
}

interface Delivery extends Told {
  readonly retried: boolean
  attempts: number
  /** As printed when it was queued, for the sending that follows at once: signing is dear. */
  printed?: NoticeBytes | undefined
}

const TIMEOUT_MS = 5_000
const CONNECTIONS = 64
const REPLY_BYTES_MAX = 65_536
/** So many are kept listed; the oldest go when there are twice as many. */
const KEPT = 50_000

export function createNotices(options: NoticeOptions): Notices {
  const { book, clock, faults, retrySeconds } = options
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
  const target = options.callbackUrl === undefined ? undefined : new URL(options.callbackUrl)
  const sent: SentCallback[] = []
  let held: Delivery[] = []

  const list = (callback: SentCallback) => {
    sent.push(callback)
    if (sent.length > 2 * KEPT) sent.splice(0, KEPT)
  }
  const path = target === undefined ? '/' : target.pathname + target.search
  const post = ({ headers, body }: NoticeBytes) =>
    new Promise<{ status: number; body: string } | undefined>((resolve) => {
      const posted = httpRequest(
        {
          agent,
          host: target!.hostname.replace(/^\[(.+)\]$/, '$1'),
          port: target!.port === '' ? 80 : target!.port,
          method: 'POST',
          path,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          timeout: TIMEOUT_MS,
        },
        (reply) => {
          let text = ''
          reply.setEncoding('utf8')
          reply.on('data', (part: string) => {
            if (text.length < REPLY_BYTES_MAX) text += part
          })
          reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: text }))
          reply.on('error', () => resolve(undefined))
        },
      )
      posted.on('timeout', () => posted.destroy(new Error('no answer')))
      posted.on('error', () => resolve(undefined))
      posted.end(body)
    })
  const done = (delivery: Delivery) => {
    const { order, event, retried } = delivery
    // The notice of an earlier state, taken late, says nothing about the one the order is in now.
    if (retried && event === order.state) book.markTold(order)
  }
  const deliver = async (delivery: Delivery): Promise<void> => {
    const printed = delivery.printed ?? options.print(delivery)
    delivery.printed = undefined
    if (printed === undefined) return done(delivery)
    book.flush()
    const { headers } = printed
    const body = Buffer.from(printed.body as string)
    const { reference } = delivery.order
    const listed = { at: clock.now(), reference, method: 'POST', path, headers, body }
    const reply = target === undefined ? undefined : await post(printed)
    list(reply === undefined ? listed : { ...listed, status: reply.status })
    delivery.attempts += 1
    releaseHeld(delivery.order)
    if (target === undefined) return done(delivery)
    if (reply !== undefined && options.isTaken(reply.status, reply.body)) return done(delivery)
    const wait = retrySeconds[delivery.attempts - 1]
    if (!delivery.retried) return
    if (wait === undefined) return done(delivery)
    clock.add(clock.now() + wait * 1000, () => deliver(delivery))
  }
  const send = (delivery: Delivery, afterMs: number) =>
    clock.add(clock.now() + afterMs, () => deliver(delivery))
  const hold = (delivery: Delivery, ms: number) => {
    held.push(delivery)
    clock.add(clock.now() + ms, () => {
      if (!held.includes(delivery)) return undefined
      held = held.filter((other) => other !== delivery)
      return deliver(delivery)
    })
  }
  /** The next notice has gone, one of another order: what was held back for it follows. */
  const releaseHeld = (sent: BookOrder) => {
    if (held.length === 0) return
    const released = held.filter(({ order }) => order !== sent)
    held = held.filter(({ order }) => order === sent)
    for (const delivery of released) send(delivery, 0)
  }
  const tell = (order: BookOrder, event: NoticeEvent, movement?: RailMovement): Delivery => ({
    order,
    event,
    amount: order.amount,
    forged: false,
    id: `${movement?.number ?? order.number}-${event}`,
    ...(movement === undefined ? {} : { movement }),
    retried: true,
    attempts: 0,
  })
  const strikeOf = (order: BookOrder): Strike | undefined => {
    const strike = faults.strike('notice', order.kind, order.reference)
    if (strike !== undefined) return strike
    const effect = options.magic(order.amount)
    return effect === 'lost_notice' ? { fault: effect, ms: 0, fen: 0n } : undefined
  }
  return {
    queue(order, event, movement) {
      const delivery = tell(order, event, movement)
      const printed = options.print(delivery)
      if (printed === undefined) return done(delivery)
      if (options.magic(order.amount) === 'duplicate_notice') {
        send(delivery, 0)
        send({ ...delivery, retried: false }, 0)
        return hold({ ...delivery, retried: false }, DEFAULT_MS.reordered_notice!)
      }
      const strike = strikeOf(order)
      switch (strike?.fault) {
        case 'lost_notice':
          return done(delivery)
        case 'duplicate_notice':
          send(delivery, 0)
          send({ ...delivery, retried: false }, 0)
          return send({ ...delivery, retried: false }, 0)
        case 'late_notice':
          return send(delivery, strike.ms)
        case 'reordered_notice':
          return hold(delivery, strike.ms)
        case 'wrong_amount_notice':
          return send({ ...delivery, amount: order.amount + strike.fen }, 0)
        case 'forged_notice': {
          const amount = order.amount + BigInt(DEFAULT_FEN)
          send({ ...delivery, amount, forged: true, retried: false }, 0)
          return send(delivery, 0)
        }
        default:
          return send({ ...delivery, printed }, 0)
      }
    },
    again: (order, event, movement) => send(tell(order, event, movement), 0),
    sent: () => sent,
    close: () => agent.destroy(),
  }
}
