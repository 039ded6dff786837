/**
 * Settlements whose money came before their day's file: the line was taken for money of unknown origin
 * and is now known for what it is. Line and file may also have been decided side by side, each without
 * the other; so whoever took either looks here afterwards.
 */
import { applied, derivedUuid } from '#base'
import type { Command, Leg } from '#ledger'
import { mustCommand, suspenseOf, transitOf } from './context.ts'
import { lineKey, outsideId, outsideRoot } from './outside.ts'
import { accountOf, OUTSIDE_KINDS } from './outside-kinds.ts'
import { findOutside, moveOutside, retakeLine, settleException } from './outside-store.ts'
import { lineAgainst } from './settlement-day.ts'
import { type EarlyLine, earlyLines, endSettlement } from './settlement-store.ts'
import { lineDiffers, type SettlementContext } from './settlements.ts'

/** Settles every expected day of a book whose money is there already. Again, it finds nothing. */
export async function settleEarly(context: SettlementContext, book: number): Promise<void> {
  for (;;) {
    const moved = await mustCommand(context, book, async () => {
      for (const early of await earlyLines(context.db, book)) {
        const command = await settled(context, book, early)
        if (command !== undefined) return command
      }
      return undefined
    })
    if (!moved) return
  }
}

/** `undefined` while its line is not booked, or when somebody has settled the line otherwise. */
async function settled(
  context: SettlementContext,
  book: number,
  { settlement, line }: EarlyLine,
): Promise<Command | undefined> {
  const { flow, takenAs } = line
  const kind = takenAs === 'unknown_debit' ? takenAs : 'unknown_credit'
  const id = outsideId(book, lineKey(line.channel, flow))
  const entry = await findOutside(context.db, book, id)
  if (entry?.state !== 'booked') return undefined
  const { channel, date, reference } = settlement
  const signed = kind === 'unknown_credit' ? line.amount : -line.amount
  const { transit, difference } = lineAgainst(settlement.settled, signed)
  const writer = context.ledger.writer(book)
  const account = transitOf(writer, channel)
  const left = accountOf(writer, OUTSIDE_KINDS.unknown_debit.account, OUTSIDE_KINDS[kind].name)
  const leg: Leg =
    kind === 'unknown_credit'
      ? { debit: suspenseOf(writer), credit: account.id, amount: transit }
      : { debit: account.id, credit: left.id, amount: -transit }
  const note = `It settles ${reference}.`
  const to = difference === 0n ? 'settled' : 'differs'
  return {
    roots: [`settlement:${channel}/${date}`, outsideRoot(id)],
    open: account.open,
    transfers: [
      {
        type: 'post',
        id: derivedUuid('payments.settlement', `${book}/${channel}/${date}`),
        legs: [leg],
        purpose: 'settlement',
      },
    ],
    effects: [
      applied(endSettlement, { channel, date, to, flow, difference }),
      applied(retakeLine, { channel: line.channel, flow, from: kind, to: 'settlement' }),
      applied(moveOutside, { id, tries: entry.tries, from: 'booked', to: 'cleared' }),
      applied(settleException, { kind, about: flow, action: 'attach', note, by: 'platform' }),
      ...(difference === 0n ? [] : lineDiffers(context, { channel, date, flow, difference })),
    ],
  }
}
