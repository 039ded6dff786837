/**
 * The port: what the platform asks of any custody bank, in words no bank owns. An adapter turns these
 * into its bank's messages and the bank's codes into one of few results.
 *
 * The one thing to get wrong is the result `unknown`. It says nothing about the money: the bank may
 * have acted or not. An adapter answers it for everything it does not recognise; only `failed` may be
 * followed by another attempt, and only `not_sent` by the same one.
 */
import type { Instant, Personal } from '#base'

/** One leg of a payment from guarantee. */
export interface PayLeg {
  /** Unique for ever at the bank. */
  readonly line: string
  readonly member: string
  readonly subAccount: string
  readonly amount: bigint
}

/** Calls that change something at the bank. Amounts are minor units. */
export type ChannelCall =
  | {
      readonly operation: 'open_sub_account'
      readonly member: string
      readonly kind: 'person' | 'company'
      readonly name: Personal
      readonly idNumber: Personal
      readonly mobile: Personal
    }
  | {
      readonly operation: 'bind_account'
      readonly member: string
      readonly kind: 'person' | 'company'
      readonly name: Personal
      readonly idNumber: Personal
      readonly mobile: Personal
      readonly account: Personal
      readonly bank: string
    }
  | {
      readonly operation: 'freeze' | 'unfreeze'
      readonly member: string
      readonly subAccount: string
      readonly amount: bigint
      /** The freeze's own number; unfreezing quotes it. */
      readonly order: string
    }
  | {
      readonly operation: 'pay'
      readonly member: string
      readonly subAccount: string
      readonly order: string
      readonly legs: readonly PayLeg[]
    }
  | {
      readonly operation: 'withdraw'
      readonly member: string
      readonly subAccount: string
      readonly name: Personal
      readonly account: Personal
      readonly amount: bigint
      readonly memo: string
    }

export type Operation = ChannelCall['operation']

export const OPERATIONS = [
  'open_sub_account',
  'bind_account',
  'freeze',
  'unfreeze',
  'pay',
  'withdraw',
] as const satisfies readonly Operation[]

export type Result =
  /** Taken, and not done: the final result is still to come. */
  | 'accepted'
  | 'succeeded'
  /** The bank did not act, and never will on this reference. */
  | 'failed'
  | 'unknown'

export interface Outcome {
  readonly result: Result
  /** The bank's own code, as it came; our word in capitals when none came. */
  readonly code: string
  readonly message: string
  /** The bank's own number for what it did. */
  readonly bankReference?: string
  /** What the bank told beside the result, such as the number of a new sub-account. */
  readonly facts?: Readonly<Record<string, string>>
  /** Minor units the bank says it moved, where it says so. */
  readonly amount?: bigint
}

/** The request never left: it may be sent again under the same reference. */
export interface NotSent {
  readonly result: 'not_sent'
  readonly message: string
}

/** An answer to a question about an earlier call: its outcome, or that the bank knows no such call. */
export type Answer = Outcome | { readonly result: 'not_found'; readonly message: string }

/** Money that came in, as the bank tells it. */
export interface Inbound {
  /** The bank's number of this entry: the same in notice, list and file. */
  readonly flow: string
  readonly subAccount: string
  readonly amount: bigint
  readonly currency: string
  /** `suspense`: the bank could not tell whose it is. `returned`: a withdrawal that came back. */
  readonly kind: 'credited' | 'suspense' | 'returned'
  readonly payerName?: Personal
  readonly payerAccount?: Personal
  readonly memo: string
  /** The bank's business date, `yyyymmdd`. */
  readonly date: string
  /** Our reference of the withdrawal that came back, once the bank tells it. */
  readonly returnOf?: string
}

export type Notice =
  | { readonly kind: 'inbound'; readonly id: string; readonly inbound: Inbound }
  | {
      readonly kind: 'outcome'
      readonly id: string
      readonly reference: string
      readonly outcome: Outcome
    }

/** Why a notice is turned away. `forged`: nobody but the bank may learn more than that. */
export interface NoticeRefusal {
  readonly refused: 'forged' | 'stale' | 'malformed' | 'other_pool' | 'unknown_event'
  readonly says: string
}

export interface NoticeRequest {
  readonly method: string
  /** Path with its query, as received. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

export interface SubAccountBalance {
  readonly subAccount: string
  readonly available: bigint
  readonly withdrawable: bigint
}

export type FileKind = 'pay_ins' | 'withdrawals' | 'transfers' | 'balances'

export const FILE_KINDS = [
  'pay_ins',
  'withdrawals',
  'transfers',
  'balances',
] as const satisfies readonly FileKind[]

export interface StatementRow {
  readonly row: number
  /** The bank's flow number; empty on balances. */
  readonly flow: string
  /** Our reference as the bank noted it; empty where the bank acted on its own. */
  readonly reference: string
  readonly amount: bigint
  readonly from: string
  readonly to: string
  /** The member a row is about; on transfers, whose money it is. */
  readonly member: string
  readonly kind: string
  readonly memo: string
}

export interface StatementFile {
  readonly kind: FileKind
  readonly date: string
  readonly rows: readonly StatementRow[]
  readonly total: bigint
  /** SHA-256 of its bytes, hex. */
  readonly hash: string
}

/** Why a statement file could not be had. A file is read whole or not at all. */
export interface StatementProblem {
  readonly problem: 'not_ready' | 'unreachable' | 'refused'
  readonly says: string
}

/** A question that could not be answered now; ask again later. */
export class ChannelUnavailable extends Error {
  override name = 'ChannelUnavailable'
}

export interface ChannelTiming {
  /** From marking `sending` to the last moment a byte may be written. */
  readonly sendWithinMs: number
  readonly timeoutMs: number
  /** How long after the last possible write the bank may still say "no such flow" of a real one. */
  readonly visibilityMs: number
  /** Waits between questions about a call that is not final; the last one repeats. */
  readonly askAfterMs: readonly number[]
}

export interface CustodyChannel {
  readonly name: string
  readonly timing: ChannelTiming
  /** The number a call goes by at the bank, derived from its id; it carries the book. */
  reference(book: number, instruction: string): string
  /** The book of a reference of ours; `undefined` for any other text. */
  bookOf(reference: string): number | undefined
  perform(
    call: ChannelCall,
    options: { readonly reference: string; readonly sendBeforeMono: number },
  ): Promise<Outcome | NotSent>
  /** Asks what became of an earlier call. Never makes the bank move money. */
  ask(call: ChannelCall, reference: string): Promise<Answer>
  /** Checks the signature on the bytes as they came, then the fields. */
  readNotice(request: NoticeRequest): Notice | NoticeRefusal
  /** Everything that came in from `from` to `to`, business dates `yyyymmdd`; returns are marked. */
  listInbound(from: string, to: string): Promise<readonly Inbound[]>
  /** Balances of the function sub-accounts: suspense, guarantee and the like. */
  functionBalances(): Promise<readonly SubAccountBalance[]>
  poolBalance(): Promise<bigint>
  statement(kind: FileKind, date: string): Promise<StatementFile | StatementProblem>
  /** The bank's business date at an instant, `yyyymmdd`. */
  businessDate(at: Instant): string
  /** Sub-accounts of the pool that belong to no member. */
  readonly functionAccounts: {
    readonly suspense: string
    readonly guarantee: string
    readonly transit: string
  }
}
