/**
 * The business days of a rail. A day closes once: its settlement is sent and its file is ready. A day
 * on which money moved closes by itself at its time; one on which nothing happened needs no work, and
 * counts as closed from then on.
 */
import type { RailBook } from './book.ts'
import { type RailClock, startOfDate } from './clock.ts'
import type { RailOptions } from './contract.ts'
import type { RailDefinition } from './ground.ts'

export interface RailDays {
  /** Sees to it that a day on which something happened closes at its time. */
  closeLater(date: string): void
  /** Sends a day's settlement and makes its file ready; a day that is closed already stays as it is. */
  closeDay(date: string): Promise<void>
  isDayClosed(date: string): boolean
}

/** Kinds of movement that make up a settlement. */
const SETTLED: ReadonlySet<string> = new Set([
  'collect',
  'refund',
  'chargeback',
  'share',
  'share_returned',
])

/** `book` is asked for late: while it reads its journal it already names days to close. */
export function createDays(
  clock: RailClock,
  book: () => RailBook,
  definition: RailDefinition,
  onSettlement: RailOptions['onSettlement'],
): RailDays {
  const { dayClosesAt, billedOn, settles, settlementMemo, afterDay } = definition
  const closing = new Set<string>()
  const schedule = (date: string) => {
    if (dayClosesAt === undefined || closing.has(date)) return
    closing.add(date)
    clock.add(dayClosesAt(date), () => closeDay(date))
  }
  const settledOn = (date: string) =>
    book()
      .movementsOn(date)
      .filter(({ kind }) => SETTLED.has(kind))
      .reduce((sum, { amount, fee }) => sum + (settles === 'net' ? amount - fee : amount), 0n)
  const closeDay = async (date: string) => {
    if (startOfDate(date) === undefined) throw new Error(`${date} is not a date yyyymmdd`)
    if (book().isDayClosed(date)) return
    const settled = settledOn(date)
    book().closeDay(date)
    const memo = settlementMemo(date)
    if (settled !== 0n) book().moveOther('settlement', -settled, memo, clock.now())
    book().flush()
    if (settled !== 0n) await onSettlement?.({ date, amount: settled, memo })
    await afterDay?.(date)
  }
  return {
    closeLater(date) {
      schedule(date)
      if (billedOn !== undefined) schedule(billedOn(date))
    },
    closeDay,
    isDayClosed(date) {
      if (book().isDayClosed(date)) return true
      const isPast = dayClosesAt !== undefined && dayClosesAt(date) <= clock.now()
      return isPast && book().movementsOn(date).length === 0
    },
  }
}
