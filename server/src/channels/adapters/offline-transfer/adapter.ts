/**
 * Offline transfer behind the port: the payer is told where to transfer and which code to write, and
 * does it at a bank of their own. Nothing is sent. That the money came is learnt from the entries of
 * our account (`matchTransfer`), never from here.
 */
import type { Clock } from '#base'
import type {
  CollectOrder,
  PaymentChannel,
  PaymentOutcome,
  PaymentTiming,
  SendOptions,
} from '../../payment-channel.ts'
import { bookOfPaymentReference, paymentReference } from '../../payment-reference.ts'
import type { NotSent } from '../../port.ts'
import { capability } from './capability.ts'
import { showCode, transferCode } from './transfer-code.ts'

export interface OfflineTransferSettings {
  /** `offline-transfer` when absent. */
  readonly name?: string
  /** Our account at the bank. */
  readonly account: {
    readonly name: string
    readonly number: string
    readonly bank: string
    /** 联行号, 12 digits. */
    readonly cnaps: string
  }
  /** The virtual number kept for an order's payer; the account's own when it gives none. */
  readonly virtualNumberOf?: (reference: string) => string | undefined
  readonly timing?: Partial<PaymentTiming>
}

export interface OfflineTransferWorld {
  readonly clock: Pick<Clock, 'mono'>
}

/** What the payer is shown, as the JSON of the payer action. */
export interface TransferSlip {
  readonly accountName: string
  readonly accountNumber: string
  readonly bank: string
  readonly cnaps: string
  /** Minor units as text. */
  readonly amount: { readonly amount: string; readonly currency: string }
  /** To be written first in the memo, `FK7-Q4MN-2`. */
  readonly memo: string
}

const HOUR = 3_600_000

/** Asking tells nothing, so it is done seldom. */
const TIMING: PaymentTiming = {
  sendWithinMs: 5_000,
  timeoutMs: 1_000,
  notFoundAfterMs: 24 * HOUR,
  askAfterMs: [6 * HOUR, 24 * HOUR],
}

const SHANGHAI_MS = 8 * HOUR

export function offlineTransfer(
  settings: OfflineTransferSettings,
  world: OfflineTransferWorld,
): PaymentChannel {
  const name = settings.name ?? 'offline-transfer'
  return {
    name,
    capability: capability(name),
    timing: { ...TIMING, ...settings.timing },
    reference: (book, attempt) => paymentReference(book, attempt),
    bookOf: bookOfPaymentReference,
    collect: async (order, options) => collect(settings, world, order, options),
    query: async () => ({
      result: 'accepted',
      code: 'AWAITING_TRANSFER',
      message: 'the bank’s entries tell when the money comes',
    }),
    // Nobody but us knows the order. Money that comes all the same is matched as late.
    close: async () => ({ result: 'accepted', code: 'CLOSED_HERE', message: '' }),
    parseCallback: () => ({
      refused: 'unknown_event',
      says: 'Offline transfers have no notices; the entries of the bank account tell of them.',
    }),
    answerCallback: () => ({ status: 404, contentType: 'text/plain', body: '' }),
    downloadFile: async () => ({
      problem: 'refused',
      says: 'Offline transfers have no file of their own; read the entries of the bank account.',
    }),
    businessDate: (at) => new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', ''),
  }
}

function collect(
  settings: OfflineTransferSettings,
  world: OfflineTransferWorld,
  order: CollectOrder,
  { sendBeforeMono }: SendOptions,
): PaymentOutcome | NotSent {
  if (world.clock.mono() >= sendBeforeMono) {
    return { result: 'not_sent', message: 'the time to send had passed' }
  }
  if (order.currency !== 'CNY' || order.method !== 'bank_transfer') {
    const message = `offline transfer does not take ${order.method} in ${order.currency}`
    return { result: 'failed', code: 'NOT_TAKEN', message }
  }
  const { account, virtualNumberOf } = settings
  const slip: TransferSlip = {
    accountName: account.name,
    accountNumber: virtualNumberOf?.(order.reference) ?? account.number,
    bank: account.bank,
    cnaps: account.cnaps,
    amount: { amount: String(order.amount), currency: order.currency },
    memo: showCode(transferCode(order.reference)),
  }
  return {
    result: 'accepted',
    code: 'AWAITING_TRANSFER',
    message: '',
    payerAction: { kind: 'bank_transfer', value: JSON.stringify(slip) },
  }
}
