/**
 * The port of payment channels: how money is collected from payers, paid to payees and refunded over
 * a rail such as WeChat Pay, UnionPay or a bank, in words no rail owns. (`port.ts` is the port of
 * custody banks, where money lies in sub-accounts.) An adapter turns these calls into its rail's
 * messages and the rail's codes into one of few results.
 *
 * The one thing to get wrong is the result `unknown`: it says nothing about the money. An adapter
 * answers it for everything it does not recognise. Only `failed` may be followed by another attempt,
 * and only `not_sent` by the same one. No adapter compares amounts with what we asked for: it hands
 * on what the rail says, and one rule outside all adapters compares.
 */
import type { Instant, Personal } from '#base'
import type { Capability } from './capability.ts'
import type { NoticeRefusal, NoticeRequest, NotSent, Outcome } from './port.ts'

export const DIRECTIONS = ['collect', 'pay', 'refund'] as const

/** `collect`: in from a payer. `pay`: out to a payee. `refund`: back along a collection. */
export type Direction = (typeof DIRECTIONS)[number]

export const COLLECT_METHODS = [
  'wechat_native',
  'wechat_h5',
  'wechat_jsapi',
  'alipay_qr',
  'alipay_page',
  'collection',
  'bank_transfer',
] as const

/** How a payer pays. `collection`: we debit the payer's bank account by agreement (代收). */
export type CollectMethod = (typeof COLLECT_METHODS)[number]

export const ACCOUNT_TYPES = ['personal', 'corporate'] as const

export type AccountType = (typeof ACCOUNT_TYPES)[number]

/** A bank account of somebody outside. */
export interface BankParty {
  readonly name: Personal
  readonly account: Personal
  /** The bank's short code, such as `ICBC`. */
  readonly bank: string
  readonly accountType: AccountType
  /** 联行号, 12 digits, where it is known. */
  readonly cnaps?: string
  readonly idNumber?: Personal
  readonly mobile?: Personal
}

interface Order {
  /** What the rail knows it by; made by `reference`. */
  readonly reference: string
  /** When we made it: some rails identify an order by reference and time. */
  readonly at: Instant
  /** Minor units. */
  readonly amount: bigint
  readonly currency: string
}

export interface CollectOrder extends Order {
  readonly method: CollectMethod
  /** A line for the payer. */
  readonly subject: string
  readonly expiresAt: Instant
  /** Whom to debit, for `collection`. */
  readonly payer?: BankParty
  /** The payer's id at the rail, for `wechat_jsapi`. */
  readonly payerId?: string
  /** The payer's address on the network, for `wechat_h5`. */
  readonly payerIp?: string
}

export interface PayOrder extends Order {
  readonly payee: BankParty
  readonly memo: string
}

export interface RefundOrder extends Order {
  readonly original: {
    readonly reference: string
    /** The rail's number of the collection. */
    readonly channelReference: string
    readonly at: Instant
    readonly amount: bigint
  }
  readonly reason: string
}

/** What the payer has to do now. */
export interface PayerAction {
  readonly kind: 'qr_code' | 'redirect' | 'form' | 'parameters' | 'bank_transfer'
  /** The text of the code, an address, or JSON for the rail's own software. */
  readonly value: string
}

export interface PaymentOutcome extends Outcome {
  readonly payerAction?: PayerAction
  /** As the rail says it, where it does; `amount` in `Outcome` likewise. */
  readonly currency?: string
  /** Whom the rail says the money went to, the account as it came, where it says so. */
  readonly payeeAccount?: Personal
  /** The bank and kind of account the payer used, where the rail says so. */
  readonly bank?: string
  readonly accountType?: AccountType
  /** When the rail says it was done. */
  readonly doneAt?: Instant
}

export type PaymentAnswer =
  | PaymentOutcome
  | { readonly result: 'not_found'; readonly code: string; readonly message: string }

export interface SendOptions {
  /** On the monotonic clock; past it nothing may be sent. */
  readonly sendBeforeMono: number
}

/** A question about an earlier order. */
export interface Question {
  readonly direction: Direction
  readonly reference: string
  readonly at: Instant
  /** The rail's own number, once it has told it. */
  readonly channelReference?: string
  /** Of a refund: the collection it belongs to. */
  readonly original?: RefundOrder['original']
}

/** The same bytes a notice comes in. */
export type CallbackRequest = NoticeRequest

/** What a rail tells by itself. `id` is the rail's own and tells repeats. */
export type Callback =
  | {
      readonly kind: 'outcome'
      readonly id: string
      readonly direction: Direction
      readonly reference: string
      readonly outcome: PaymentOutcome
    }
  /** A payout that had succeeded came back (退票). */
  | { readonly kind: 'payout_returned'; readonly id: string; readonly returned: PayoutReturned }
  /** A payer's bank took a collection back (拒付). */
  | {
      readonly kind: 'chargeback'
      readonly id: string
      readonly reference: string
      readonly amount: bigint
      readonly currency: string
      readonly says: string
    }

export interface PayoutReturned {
  /** The rail's number of the new entry that brings the money back. */
  readonly flow: string
  /** Our reference of the payout. */
  readonly reference: string
  readonly amount: bigint
  readonly currency: string
  readonly code: string
  readonly says: string
  /** Business date, `yyyymmdd`. */
  readonly date: string
}

export interface CallbackReply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** One line of the file in which a rail lists what it did on a day. */
export interface ChannelFileRow {
  /** Line in the file, from 1. */
  readonly row: number
  readonly direction: Direction | 'payout_returned' | 'chargeback'
  readonly reference: string
  readonly channelReference: string
  /** Minor units moved; always positive. */
  readonly amount: bigint
  /** What the rail keeps of it, minor units. */
  readonly fee: bigint
  readonly result: 'succeeded' | 'failed' | 'unknown'
}

export interface ChannelFile {
  /** Business date, `yyyymmdd`. */
  readonly date: string
  readonly currency: string
  readonly rows: readonly ChannelFileRow[]
  /** SHA-256 of its bytes, hex. */
  readonly hash: string
  /**
   * What the rail settles for the day: collections less refunds and, when it settles net, less fees.
   * Negative when more was refunded than came in.
   */
  readonly settled: bigint
  /** The text the settling transfer carries at our bank, unique per day. */
  readonly settlementReference: string
}

/** Why a file could not be had. A file is read whole or not at all. */
export interface ChannelFileProblem {
  readonly problem: 'not_ready' | 'unreachable' | 'refused'
  /** With row and column where it is about one. */
  readonly says: string
}

/** One entry of our account at a bank, as the bank tells it. */
export interface BankLine {
  /** The bank's number of the entry, unique for ever. */
  readonly flow: string
  readonly side: 'in' | 'out'
  readonly amount: bigint
  readonly currency: string
  readonly date: string
  readonly counterpartName?: Personal
  readonly counterpartAccount?: Personal
  readonly memo: string
  /** Our reference, where the bank noted one. */
  readonly reference: string
  /** Which virtual number was paid to, where there is one. */
  readonly paidTo?: string
  /** `payout_returned`, `fee`, `interest`, `court_deduction`, or plain. */
  readonly kind: 'plain' | 'payout_returned' | 'fee' | 'interest' | 'court_deduction'
}

export interface BankLines {
  readonly lines: readonly BankLine[]
  /** Where to go on; the same cursor gives the same lines again. */
  readonly cursor: string
}

export interface PaymentTiming {
  /** From marking `sending` to the last moment a byte may be written. */
  readonly sendWithinMs: number
  readonly timeoutMs: number
  /** How long after the last possible write "not found" proves nothing: the rail's own cut-off. */
  readonly notFoundAfterMs: number
  /** Waits between questions about an attempt that is not final; the last one repeats. */
  readonly askAfterMs: readonly number[]
}

/** Every rail's waits between questions, unless its own rules say otherwise. */
export const ASK_AFTER_MS = [
  5_000, 15_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000,
] as const

export interface PaymentChannel {
  /** Unique among the channels of an installation, such as `wechat-pay`. */
  readonly name: string
  readonly capability: Capability
  readonly timing: PaymentTiming
  /** The number an order goes by at the rail: follows from book and attempt, and carries the book. */
  reference(book: number, attempt: string, at: Instant): string
  /** The book of a reference of ours; `undefined` for any other text. */
  bookOf(reference: string): number | undefined
  /** Absent when the rail cannot do it; `capability.directions` says the same. */
  collect?(order: CollectOrder, options: SendOptions): Promise<PaymentOutcome | NotSent>
  pay?(order: PayOrder, options: SendOptions): Promise<PaymentOutcome | NotSent>
  refund?(order: RefundOrder, options: SendOptions): Promise<PaymentOutcome | NotSent>
  /** Asks what became of an order. Never moves money. */
  query(question: Question): Promise<PaymentAnswer>
  /** Closes an order nobody has paid; `accepted` when it is closed, anything else: ask. */
  close?(question: Question): Promise<PaymentOutcome | NotSent>
  /** Checks the signature on the bytes as they came, then the fields, then whose they are. */
  parseCallback(request: CallbackRequest): Callback | NoticeRefusal
  /** What the rail wants to hear: `taken` ends its retries. */
  answerCallback(taken: boolean): CallbackReply
  /** The rail's list of a business day, checked against its own totals. */
  downloadFile(date: string): Promise<ChannelFile | ChannelFileProblem>
  /** Payouts that came back, by the business dates they came back on, `yyyymmdd`. */
  listReturns?(from: string, to: string): Promise<readonly PayoutReturned[]>
  /** Entries of our account after a cursor; '' for the first. Throws `ChannelUnavailable`. */
  readBankLines?(cursor: string): Promise<BankLines>
  businessDate(at: Instant): string
  /** The month, `yyyymm`, of a bill of its fees that a debit at our bank tells of by its text. */
  feeMonthOf?(memo: string): string | undefined
}
