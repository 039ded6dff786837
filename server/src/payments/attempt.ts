/**
 * An attempt: one order at one channel, from the intent to its final result. Pay-ins, payouts and
 * refunds differ in what an outcome means; sending, asking and doubting are the same for all, so the
 * attempt desk does them and asks the owner for the meaning.
 */
import type { DueHandler, EffectRow, Instant, Uuid } from '#base'
import type {
  AccountType,
  Callback,
  CallbackReply,
  CallbackRequest,
  CollectMethod,
  CollectOrder,
  Direction,
  InstructionState,
  Parts,
  PayerAction,
  PaymentChannel,
  PaymentOutcome,
  PayOrder,
  Question,
  RefundOrder,
} from '#channels'
import type { RouteJson } from '#routing'

export interface Attempt {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly direction: Direction
  /** Public id of the pay-in, payout or refund it is for. */
  readonly owner: string
  /** 1 for the owner's first. */
  readonly number: number
  readonly channel: string
  readonly method: CollectMethod | ''
  readonly bank: string
  readonly accountType: AccountType | ''
  readonly reference: string
  readonly amount: bigint
  readonly currency: string
  /** The same states and moves as an instruction's. */
  readonly state: InstructionState
  /** How often it came back unsent; fences off earlier due rows. */
  readonly sends: number
  /** When it was made: part of its identity at some rails. */
  readonly at: Instant
  /** Never sent after this. */
  readonly validUntil: Instant
  readonly sendBefore?: Instant
  readonly notFound: number
  readonly notFoundAt?: Instant
  /** Whether it was reported as not final when it should have been. */
  readonly overdue: boolean
  readonly code: string
  readonly message: string
  readonly channelReference: string
  readonly payerAction?: PayerAction
  /** Why this channel. */
  readonly route: unknown
  /** Where a collection was booked to; empty before. */
  readonly bookedTo: '' | 'destination' | 'suspense'
  /** Of a collection: what refunds have reserved or paid back, minor units, and how many. */
  readonly refunding: bigint
  readonly refunded: bigint
  readonly refunds: number
  readonly movedAt: Instant
}

/** What the owner decides; the rest follows. */
export interface NewAttempt {
  readonly orgId: number
  readonly id: Uuid
  readonly direction: Direction
  readonly owner: string
  readonly number: number
  readonly channel: string
  readonly method: CollectMethod | ''
  readonly bank: string
  readonly accountType: AccountType | ''
  readonly amount: bigint
  readonly currency: string
  readonly at: Instant
  readonly validUntil: Instant
  readonly route: RouteJson | undefined
}

export interface AttemptMoved {
  readonly to: InstructionState
  readonly outcome: PaymentOutcome
}

/** What an owner contributes to the command that moves an attempt. */
export interface AttemptParts extends Parts {
  /** Where a collection's money was booked. */
  readonly bookedTo?: 'destination' | 'suspense'
}

/** Decides what it means that an attempt moved. Registered per direction. */
export interface AttemptOwner {
  /** The order to send, with the personal data it needs. */
  order(attempt: Attempt): Promise<CollectOrder | PayOrder | RefundOrder>
  /** What to ask the rail, when reference and time are not enough (a refund's collection). */
  question?(attempt: Attempt): Promise<Question>
  /** Just before it is marked `sending`: false cancels it as never sent. */
  mayBeSent(attempt: Attempt): Promise<boolean>
  /** Whose account the money leaves or comes to: pauses of a merchant name it. */
  merchant?(attempt: Attempt): Promise<string | undefined>
  /**
   * What it causes that an attempt moved: state, transfers, events of the owner. The desk adds the
   * attempt's own effects. The outcome has passed the one check of amount, currency and payee.
   */
  moved(attempt: Attempt, event: AttemptMoved): Promise<AttemptParts>
  /**
   * The rail said of a final attempt what its state does not allow: a late success after `failed`,
   * or a failure after `succeeded`.
   */
  contradicted(attempt: Attempt, outcome: PaymentOutcome): Promise<Parts | undefined>
}

export interface AttemptDesk {
  attach(channel: PaymentChannel): void
  /** Throws when it is not attached. */
  channel(name: string): PaymentChannel
  channels(): readonly PaymentChannel[]
  channelOrNone(name: string): PaymentChannel | undefined
  register(direction: Direction, owner: AttemptOwner): void
  /**
   * The effects that intend an attempt; put them into the command that causes it. With `sending` the
   * row is written as `sending` at once: only for who calls `sendNow` right after the commit.
   */
  intend(
    book: number,
    attempt: NewAttempt,
    options?: { readonly sending?: SendWindow },
  ): EffectRow[]
  /** The window for an attempt that is about to be intended as `sending`. */
  sendWindow(attempt: Pick<NewAttempt, 'channel' | 'validUntil'>): SendWindow
  /**
   * What `intend` writes, as a row: for who goes on without reading it. The desk remembers the attempts
   * it has seen last, so that a reply or a callback soon after needs no read either.
   */
  fresh(book: number, attempt: NewAttempt, sending?: SendWindow): Attempt
  /** Sends what the caller has just committed as `sending`, and records the outcome. */
  sendNow(
    book: number,
    id: Uuid,
    window: SendWindow,
    order?: CollectOrder | PayOrder | RefundOrder,
  ): Promise<Sent>
  /** Records what a rail said of an attempt by any way; the same any number of times. */
  record(
    book: number,
    id: Uuid,
    outcome: PaymentOutcome,
  ): Promise<'moved' | 'nothing' | 'disagrees'>
  /** Takes a callback to its book; `undefined` when no such channel is attached. */
  takeCallback(channel: string, request: CallbackRequest): Promise<CallbackTaken | undefined>
  /** Who takes what rails tell beside outcomes; until then the rail is told to send it again. */
  listen(ears: CallbackEars): void
  /** Ends an attempt that is `intended`, for good: it is never sent. */
  cancel(book: number, id: Uuid, why: string): Promise<'moved' | 'nothing' | 'disagrees'>
  /** Forgets what it remembers of an attempt that somebody else has moved. */
  forget(id: Uuid): void
  /** Asks the rail now instead of when it is due. */
  askNow(book: number, id: Uuid): Promise<void>
  readonly handlers: Readonly<Record<string, DueHandler>>
}

/**
 * What came of a send. `not_sent`: nothing left this machine, the attempt is `intended` again and due
 * to be sent. `nothing`: the window had closed, or it was not `sending`.
 */
export type Sent = PaymentOutcome | { readonly result: 'not_sent' | 'nothing' }

/** Until when a byte may be written: on the World's clock for the row, on the monotonic one for the socket. */
export interface SendWindow {
  readonly sendBefore: Instant
  readonly sendBeforeMono: number
}

/** Each takes the same callback any number of times. */
export interface CallbackEars {
  readonly payoutReturned?: (
    book: number,
    channel: string,
    callback: Extract<Callback, { kind: 'payout_returned' }>,
  ) => Promise<void>
  readonly chargeback?: (
    book: number,
    channel: string,
    callback: Extract<Callback, { kind: 'chargeback' }>,
  ) => Promise<void>
}

export interface CallbackTaken {
  readonly taken: boolean
  readonly reply: CallbackReply
  /** Why it was turned away, for the counter and the log. */
  readonly refused?: string
}
