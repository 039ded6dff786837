/**
 * One test's stage: a fresh rail, the adapter, the clocks, the listener for callbacks, the tap.
 *
 * Business time and the rail's clock are moved together, and only by `move`; nothing here sleeps.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import type { RailMovement, RailSettlement } from '../../../simulators/channel/contract.ts'
import { type SimulatedClock, simulatedClock } from '../../src/base/clock.ts'
import {
  httpNet,
  type Instant,
  type NetReply,
  type NetRequest,
  Personal,
  seededRng,
} from '../../src/base/index.ts'
import type {
  CallbackReply,
  CallbackRequest,
  CollectMethod,
  CollectOrder,
  Direction,
  PaymentAnswer,
  PaymentOutcome,
  PayOrder,
  RefundOrder,
} from '../../src/channels/index.ts'
import type { ChannelUnderTest, ConformanceSubject, ReceivedCallback, Tap } from '../conformance.ts'

/** 2026-03-03 10:00 in Shanghai, a Tuesday. */
const STARTS_AT = Date.UTC(2026, 2, 3, 2)
const USUAL_AMOUNT = 1_234_500n
export const MINUTE = 60_000
export const DAY = 86_400_000

export interface Stage extends ChannelUnderTest {
  readonly clock: SimulatedClock
  readonly wall: { now(): Instant; shift(ms: number): void }
  readonly tap: Tap
  readonly settlements: readonly RailSettlement[]
  readonly received: readonly ReceivedCallback[]
  /** What the listener answers; the adapter's reply to `taken` when nothing else is set. */
  reply: CallbackReply | undefined
  /** Moves business time and the rail's clock, and lets the rail do what falls due. */
  move(ms: number): Promise<void>
  /** Lets the rail finish what it has begun: everything that falls due within ten minutes. */
  finish(): Promise<void>
}

export type SendOrder =
  | { readonly direction: 'collect'; readonly order: CollectOrder }
  | { readonly direction: 'pay'; readonly order: PayOrder }
  | { readonly direction: 'refund'; readonly order: RefundOrder }

/** Runs a test on a fresh stage and takes the stage down whatever happens. */
export async function onStage(
  subject: ConformanceSubject,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage(subject)
  try {
    await test(stage)
  } finally {
    await stage.takeDown()
  }
}

async function openStage(
  subject: ConformanceSubject,
): Promise<Stage & { takeDown(): Promise<void> }> {
  const clock = simulatedClock(subject.startsAt ?? STARTS_AT)
  let shift = 0
  const wall = {
    now: () => Date.now() + shift,
    shift: (ms: number) => {
      shift += ms
    },
  }
  const settlements: RailSettlement[] = []
  const { tap, net } = tapped(clock)
  const listener = await listen(clock)
  const under = await subject.start({
    net,
    rng: seededRng(11),
    clock,
    wall,
    callbackUrl: listener.url,
    onSettlement: async (settlement) => {
      settlements.push(settlement)
    },
  })
  const { admin } = under.rail
  await admin.setClock(clock.now())
  listener.answer = () => stage.reply ?? under.channel.answerCallback(true)
  const move = async (ms: number) => {
    await clock.advance(ms)
    await admin.setClock(clock.now())
    await admin.idle()
  }
  const stage = {
    ...under,
    // Adapters are objects with methods; a spread of a class instance would lose them.
    open: under.open?.bind(under),
    clock,
    wall,
    tap,
    settlements,
    received: listener.received,
    reply: undefined as CallbackReply | undefined,
    move,
    finish: async () => {
      const until = clock.now() + 10 * MINUTE
      await admin.idle()
      for (let due = admin.nextDueAt(); due !== undefined && due <= until; due = admin.nextDueAt())
        await move(Math.max(0, due - clock.now()) + 1)
    },
    takeDown: async () => {
      await under.close()
      await listener.close()
    },
  }
  return stage as Stage & { takeDown(): Promise<void> }
}

function tapped(clock: SimulatedClock) {
  const calls: NetRequest[] = []
  // A rail that goes down while a connection is kept leaves doubt; here it has to be certain.
  const real = httpNet({ clock, keepMs: 0 })
  const tap: Tap = { calls, bend: undefined }
  const call = async (request: NetRequest): Promise<NetReply> => {
    const reply = await real.call(request)
    // A request that never left is no call.
    if (reply.kind !== 'not_sent') calls.push(request)
    return tap.bend === undefined ? reply : tap.bend(request, reply)
  }
  return { tap, net: { call } }
}

async function listen(clock: SimulatedClock) {
  const received: ReceivedCallback[] = []
  const listener = {
    received,
    url: '',
    answer: (): CallbackReply => ({ status: 503, contentType: 'text/plain', body: '' }),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      received.push({ request: requestOf(request, Buffer.concat(parts)), at: clock.now() })
      const { status, contentType, body } = listener.answer()
      response.writeHead(status, { 'content-type': contentType }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  listener.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`
  return listener
}

function requestOf(request: IncomingMessage, body: Buffer): CallbackRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { method: request.method ?? '', path: request.url ?? '', headers, body }
}

let orders = 0

const made = (stage: Stage, subject: ConformanceSubject) => {
  orders += 1
  const at = stage.clock.now()
  return {
    reference: stage.channel.reference(7, `attempt-${orders}`, at),
    at,
    amount: subject.amount ?? USUAL_AMOUNT,
    currency: stage.channel.capability.currency,
  }
}

/** An order to collect by a method, new each time. */
export function newCollect(
  stage: Stage,
  subject: ConformanceSubject,
  method: CollectMethod = stage.channel.capability.methods.find(
    (one) => !subject.traits.carriedByPayer.includes(one),
  )!,
): CollectOrder {
  return { ...subject.collect!(method), ...made(stage, subject), method }
}

/** A payout, new each time. */
export function newPay(stage: Stage, subject: ConformanceSubject): PayOrder {
  return { ...subject.pay!(), ...made(stage, subject) }
}

/** A refund of a collection that was paid, of its whole amount unless told. */
export function newRefund(
  stage: Stage,
  subject: ConformanceSubject,
  original: RefundOrder['original'],
  amount = original.amount,
): RefundOrder {
  return { ...made(stage, subject), amount, original, reason: '合同解除' }
}

/** Within its time to send. */
export const inTime = (stage: Stage) => ({ sendBeforeMono: stage.clock.mono() + 10_000 })

/** Sends an order of any direction. */
export function send(stage: Stage, { direction, order }: SendOrder, options = inTime(stage)) {
  if (direction === 'collect') return stage.channel.collect!(order, options)
  if (direction === 'pay') return stage.channel.pay!(order, options)
  return stage.channel.refund!(order, options)
}

/** Asks about an order of any direction. */
export function ask(
  stage: Stage,
  { direction, order }: SendOrder,
  channelReference?: string,
): Promise<PaymentAnswer> {
  return stage.channel.query({
    direction,
    reference: order.reference,
    at: order.at,
    ...(channelReference === undefined ? {} : { channelReference }),
    ...('original' in order ? { original: order.original } : {}),
  })
}

/** A new order of a direction; for a refund a collection is paid first. Money is put at the rail. */
export async function newOrder(
  stage: Stage,
  subject: ConformanceSubject,
  direction: Direction,
): Promise<SendOrder> {
  if (direction === 'collect') return { direction, order: newCollect(stage, subject) }
  const amount = subject.amount ?? USUAL_AMOUNT
  await stage.rail.admin.fund(amount * 20n, '备付金')
  if (direction === 'pay') return { direction, order: newPay(stage, subject) }
  return { direction, order: newRefund(stage, subject, await paidCollection(stage, subject)) }
}

/** Lets the payer pay, where a payer acts, and the rail finish. */
export async function carryOn(
  stage: Stage,
  { direction, order }: SendOrder,
  outcome?: { readonly payerAction?: PaymentOutcome['payerAction'] },
): Promise<void> {
  if (direction === 'collect' && order.method !== 'collection') {
    await stage.open?.(order.reference, outcome?.payerAction)
    await stage.rail.admin.payOrder(order.reference)
  }
  await stage.finish()
}

/** A collection that was paid, as a refund quotes it. */
export async function paidCollection(
  stage: Stage,
  subject: ConformanceSubject,
): Promise<RefundOrder['original']> {
  const order = newCollect(stage, subject)
  const sent: SendOrder = { direction: 'collect', order }
  const outcome = await send(stage, sent)
  expect(outcome.result).not.toBe('failed')
  await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
  const answer = await ask(stage, sent)
  expect(answer).toMatchObject({ result: 'succeeded' })
  return {
    reference: order.reference,
    channelReference: 'bankReference' in answer ? (answer.bankReference ?? '') : '',
    at: order.at,
    amount: order.amount,
  }
}

/** What the rail's book says it moved for an order. */
export function moved(stage: Stage, { direction, order }: SendOrder): readonly RailMovement[] {
  return stage.rail.admin
    .movements()
    .filter(({ kind, reference }) => kind === direction && reference === order.reference)
}

/** Expects that the rail moved the order's amount once, in its direction. */
export function expectMovedOnce(stage: Stage, sent: SendOrder): void {
  const amount = sent.direction === 'collect' ? sent.order.amount : -sent.order.amount
  expect(moved(stage, sent).map((movement) => movement.amount)).toEqual([amount])
}

/** Callbacks about a reference, as the listener got them. */
export function callbacksOf(stage: Stage, reference: string): readonly CallbackRequest[] {
  return stage.received
    .map(({ request }) => request)
    .filter((request) => {
      const callback = stage.channel.parseCallback(request)
      return 'kind' in callback && 'reference' in callback && callback.reference === reference
    })
}

/** A value as text, with personal data opened, so that two of them can be compared whole. */
export function plain(value: unknown): string {
  const opened = (part: unknown): unknown => {
    if (part instanceof Personal) return part.reveal('conformance: compare')
    if (typeof part === 'bigint') return `${part}n`
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex')
    if (Array.isArray(part)) return part.map(opened)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(
      Object.entries(part)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, opened(inner)]),
    )
  }
  return JSON.stringify(opened(value))
}
