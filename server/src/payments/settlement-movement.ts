/**
 * Movements between books: one transfer in each under one movement id, each against its transit
 * account. The first leg is booked with an event; this is what takes the event to the other book. It
 * may come twice: the movement's id is the transfer's, so the second leg is booked once.
 */
import type { DeliveredEvent, OutboxEvent, Personal, Subscriber, Uuid } from '#base'
import type { BankParty } from '#channels'
import { bookId, type Leg } from '#ledger'
import { mustCommand, type PaymentsContext, transitOf } from './context.ts'
import { accountOf } from './outside-kinds.ts'
import { isThere } from './payout-cash.ts'

const MOVEMENT_SENT = 'payments.movement_sent'

export type MovementKind =
  | 'channel_fee'
  | 'channel_fee_returned'
  | 'bank_fee'
  | 'reimbursement'
  | 'refund_funding'
  | 'refund_from_balance'
  | 'settled_by_hand'
  | 'loss_borne'

/** Where money lies beside the pools. */
export interface MoneyPlaces {
  /** The book of our own money that answers for a pool's fees. */
  ownBook(pool: number): number | undefined
  /** The book of our balance at a channel. */
  channelBook(pool: number, channel: string): number | undefined
  /** Whether it is a bank account of our own money: what comes from there pays what we owe. */
  isOwnAccount?(account: Personal): boolean
  /** The bank account our balance at a channel is funded through. */
  channelAccount(channel: string): BankParty | undefined
}

interface MovementSent {
  readonly movement: Uuid
  readonly kind: MovementKind
  readonly to: number
  readonly amount: string
}

/** The event that carries a movement to the other book. */
export function movementSent(
  from: { readonly book: number; readonly orgId: number },
  sent: Omit<MovementSent, 'amount'> & { readonly amount: bigint },
): OutboxEvent {
  const payload: MovementSent = { ...sent, amount: String(sent.amount) }
  return {
    kind: MOVEMENT_SENT,
    aggregate: `movement_${from.book}_${sent.movement}`,
    orgId: from.orgId,
    payload,
  }
}

/** Books the second leg of movements. */
export function movementSubscriber(context: PaymentsContext): Subscriber {
  return {
    name: 'payments.movements',
    kinds: [MOVEMENT_SENT],
    deliver: (event) => deliver(context, event),
  }
}

async function deliver(context: PaymentsContext, event: DeliveredEvent): Promise<void> {
  const { movement, kind, to, amount } = event.payload as MovementSent
  const writer = context.ledger.writer(to)
  let sent = false
  await mustCommand(context, to, async () => {
    // Decided again, it was booked by somebody faster; the ledger has said so by the movement's id.
    if (sent) return undefined
    const transit = transitOf(writer, bookId(event.book))
    const [code, name, side] = LEGS[kind]
    const other = accountOf(writer, code, name)
    sent = transit.open.length + other.open.length === 0
    const leg: Leg =
      side === 'debit'
        ? { debit: other.id, credit: transit.id, amount: BigInt(amount) }
        : { debit: transit.id, credit: other.id, amount: BigInt(amount) }
    if (!(await isThere(writer, leg))) {
      throw new Error(
        `Book ${to} has too little for movement ${movement}; it is taken when it has.`,
      )
    }
    return {
      roots: [`movement:${movement}`],
      open: [...transit.open, ...other.open],
      transfers: [{ type: 'post', id: movement, legs: [leg], purpose: kind }],
    }
  })
}

/** The account a movement's second leg is about, and its side. */
const LEGS: Readonly<Record<MovementKind, readonly [string, string, 'debit' | 'credit']>> = {
  channel_fee: ['6421', 'Channel costs', 'debit'],
  channel_fee_returned: ['6421', 'Channel costs', 'credit'],
  bank_fee: ['6603', 'Bank charges', 'debit'],
  reimbursement: ['1002.01', 'Cash at bank, own', 'credit'],
  refund_funding: ['1012.03', 'Balance at the payment channel', 'debit'],
  refund_from_balance: ['1012.03', 'Balance at the payment channel', 'credit'],
  settled_by_hand: ['2241.09', 'Paid by hand for a pool', 'credit'],
  loss_borne: ['6711', 'Losses borne for a pool', 'debit'],
}
