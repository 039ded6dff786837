/** Recognises payers' transfers among a bank's lines: the attempts of one channel that wait for them. */
import type { BankLine, matchTransfer } from '#channels'
import { findAttempt, transfersAwaited } from './attempt-store.ts'
import type { PaymentsContext } from './context.ts'
import type { MatchTransfer } from './outside-lines.ts'

/** Orders older than this are not looked for among new lines. */
const DAYS_MS = 45 * 86_400_000

/**
 * Matches lines with the bank transfers a channel waits for. Only a line that is the whole of one open
 * order is taken for it; any other is money of unknown origin, and a person looks.
 */
export function transfersOf(
  context: PaymentsContext,
  channel: string,
  match: typeof matchTransfer,
): MatchTransfer {
  return async (book: number, line: BankLine) => {
    const at = context.clock.now()
    const of = { book, channel, since: at - DAYS_MS, flow: line.flow }
    const awaited = await transfersAwaited(context.db, of)
    const found = match({ ...line, at }, awaited)
    if (found.result !== 'matched') return undefined
    const attempt = await findAttempt(context.db, book, { reference: found.reference })
    if (attempt === undefined) return undefined
    const { amount, currency, flow } = line
    const told = { code: 'BANK_LINE', message: 'a line of the bank', bankReference: flow }
    return { attempt, outcome: { result: 'succeeded', amount, currency, ...told } }
  }
}
