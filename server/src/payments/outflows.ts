/** Puts together what leaves and what moves without us: payouts, returns, refunds, settlements. */
import { derivedUuid, type EffectRow, type Subscriber, type Uuid } from '#base'
import type { BankLine, ChannelFile, ChannelFileProblem, PayoutReturned } from '#channels'
import type { Attempt } from './attempt.ts'
import { takeChargeback } from './chargeback.ts'
import type { Handlers, PaymentsContext, RefundAttempt } from './context.ts'
import { type OutsideMoney, outsideHandlers, recordOutside } from './outside.ts'
import { outsideCarriers, outsidePayoutFollower } from './outside-exceptions.ts'
import {
  lineHandlers,
  type MatchTransfer,
  readNewLines,
  startLines,
  takeBankLines,
} from './outside-lines.ts'
import { payoutCarriers, successorEnded } from './payout-exceptions.ts'
import { payoutOwner } from './payout-owner.ts'
import {
  type ReturnPolicy,
  type ReturnTaken,
  returnHandlers,
  startReturns,
  takeReturn,
} from './payout-returns.ts'
import type { PayoutPurpose } from './payout-states.ts'
import { listPayouts } from './payout-store.ts'
import { createPayouts, type PayoutFollower, type Payouts, type PayoutsContext } from './payouts.ts'
import { partPublicId } from './refund.ts'
import { refundCarriers } from './refund-exceptions.ts'
import { refundFundingFollower, refundHandlers, refundOwner } from './refund-owner.ts'
import { refundPayoutFollower } from './refund-payout.ts'
import { answer, type RefundAnswer, type RefundRequest, refund } from './refunds.ts'
import { type MoneyPlaces, movementSubscriber } from './settlement-movement.ts'
import {
  type FileTaken,
  settlementHandlers,
  startSettlement,
  takeChannelFile,
} from './settlements.ts'

export interface OutflowOptions {
  readonly places: MoneyPlaces
  /** Where the money of a payout that came back goes. */
  readonly returnsTo?: ReturnPolicy
  /** Recognises payers' transfers among the lines of a bank. */
  readonly matchTransfer?: MatchTransfer
}

export interface OutflowContext extends PayoutsContext {
  readonly returnsTo: ReturnPolicy
}

export interface FileRead {
  readonly taken: FileTaken
  readonly file: ChannelFile
}

export interface Outflows {
  readonly payouts: Payouts
  /** Takes a payout that came back, told by any way. */
  takeReturn(book: number, channel: string, returned: PayoutReturned): Promise<ReturnTaken>
  /** Records money that moved without us; false when it was known. */
  recordOutside(book: number, money: OutsideMoney): Promise<boolean>
  /** Takes the file of a channel's day; the same one any number of times. */
  takeChannelFile(book: number, channel: string, file: ChannelFile): Promise<FileTaken>
  /** Takes lines of our account at a bank, each once by its number. */
  takeBankLines(book: number, channel: string, lines: readonly BankLine[]): Promise<void>
  /** Reads the lines of our account at a bank now; their number, `undefined` where there are none. */
  readLines(book: number, channel: string): Promise<number | undefined>
  /** Reads and takes the file of a channel's day now, `yyyymmdd`, or says why it cannot be had. */
  readFile(book: number, channel: string, date: string): Promise<FileRead | ChannelFileProblem>
  /** The effects that begin to read a channel's files, returns, and lines where it has them. */
  start(channel: string): EffectRow[]
  /** Gives money back the way it came, or down the ladder. */
  refund(book: number, request: RefundRequest): Promise<RefundAnswer>
  findRefund(book: number, id: Uuid): Promise<RefundAnswer>
  /** A second person lets the parts of a refund whose way back is closed be paid out. */
  approveRefund(book: number, id: Uuid, by: string): Promise<RefundAnswer>
  readonly handlers: Handlers
  readonly subscribers: readonly Subscriber[]
}

export function createOutflows(context: PaymentsContext, options: OutflowOptions): Outflows {
  const followers: Partial<Record<PayoutPurpose, PayoutFollower>> = {}
  const { places, returnsTo = 'source' } = options
  const on: OutflowContext = { ...context, places, returnsTo, followers }
  context.desk.register('pay', payoutOwner(on))
  context.desk.register('refund', refundOwner(on))
  followers.refund = refundPayoutFollower(on)
  followers.refund_funding = refundFundingFollower(on)
  context.refundAttempt = (book, attempt, why) => refundAttempt(on, book, attempt, why)
  context.desk.listen({
    chargeback: (book, channel, { reference, amount }) =>
      takeChargeback(on, { book, channel }, { reference, amount }),
    payoutReturned: async (book, channel, { returned }) => {
      await takeReturn(on, { book, channel }, returned)
    },
  })
  const payouts = createPayouts(on)
  followers.payout = {
    ended: async (payout, result) =>
      (await outsidePayoutFollower(on, payout, result)) ??
      (await successorEnded(on, payout, result)) ?? { roots: [] },
  }
  for (const [name, carrier] of [
    ...Object.entries(payoutCarriers(on, payouts)),
    ...Object.entries(refundCarriers(on)),
    ...Object.entries(outsideCarriers(on)),
  ]) {
    context.carriers.set(name, carrier)
  }
  const lined = { ...on, payouts, matchTransfer: options.matchTransfer }
  const takeFile = async (book: number, channel: string, file: ChannelFile) => {
    const taken = await takeChannelFile(on, { book, channel }, file)
    await payouts.retryWaiting(book)
    return taken
  }
  return {
    payouts,
    takeReturn: (book, channel, returned) => takeReturn(on, { book, channel }, returned),
    recordOutside: (book, money) => recordOutside(on, book, money),
    takeChannelFile: takeFile,
    takeBankLines: (book, channel, lines) => takeBankLines(lined, { book, channel }, lines),
    readLines: (book, channel) => readNewLines(lined, { book, channel }),
    readFile: async (book, channel, date) => {
      const file = await context.desk.channel(channel).downloadFile(date)
      return 'problem' in file ? file : { taken: await takeFile(book, channel, file), file }
    },
    start: (name) => {
      const channel = context.desk.channel(name)
      // What payers transfer to our own bank is settled by itself: there is no file of it.
      const isTransfer = channel.capability.methods.includes('bank_transfer')
      return [
        ...(isTransfer ? [] : [startSettlement(on, name)]),
        ...(channel.listReturns === undefined ? [] : [startReturns(on, name)]),
        ...(channel.readBankLines === undefined ? [] : [startLines(lined, name)]),
      ]
    },
    refund: (book, request) => refund(on, book, request),
    findRefund: (book, id) => answer(on, book, id, false),
    approveRefund: (book, id, by) => approveRefund(on, payouts, { book, id, by }),
    handlers: {
      ...payouts.handlers,
      ...refundHandlers(on, payouts),
      ...outsideHandlers(on),
      ...returnHandlers(on),
      ...settlementHandlers(on, payouts),
      ...lineHandlers(lined),
    },
    subscribers: [movementSubscriber(on)],
  }
}

/** Gives back what nobody is owed: paid twice, or paid after closing. The same any number of times. */
async function refundAttempt(
  context: OutflowContext,
  book: number,
  attempt: Attempt,
  why: string,
): ReturnType<RefundAttempt> {
  const id = derivedUuid('payments.refund_attempt_whole', attempt.id)
  const answered = await refund(context, book, {
    id,
    requestHash: id,
    amount: attempt.amount,
    reason: why,
    requestedBy: 'platform',
    collections: [attempt.id],
  })
  if ('refused' in answered) {
    const refused = answered.refused
    context.log.warn({ book, attempt: attempt.id, refused }, 'a collection could not be given back')
    return { refused }
  }
  return undefined
}

async function approveRefund(
  context: OutflowContext,
  payouts: Payouts,
  of: { readonly book: number; readonly id: Uuid; readonly by: string },
): Promise<RefundAnswer> {
  const { book, id, by } = of
  const found = await answer(context, book, id, false)
  if ('refused' in found) return found
  const waiting = found.parts.filter(({ state }) => state === 'waiting_for_approval')
  if (waiting.length === 0) return { refused: 'refund_not_waiting' }
  for (const part of waiting) {
    const asked = await listPayouts(context.db, { book, about: partPublicId(book, part.id) })
    const payout = asked.find(({ state }) => state === 'waiting_for_approval')
    if (payout === undefined) return { refused: 'refund_not_waiting' }
    const approved = await payouts.approve(book, payout.id, by)
    if ('refused' in approved) return approved
  }
  return answer(context, book, id, false)
}
