/**
 * The arithmetic of a channel's settlement: what a business day's file adds up to, and what a bank
 * line is against what was expected. Pure; minor units throughout.
 */
import type { ChannelFile, ChannelFileRow, SettlementTerms } from '#channels'

interface DaySums {
  readonly collected: bigint
  readonly refunded: bigint
  /** Kept back or billed by the channel for the day. */
  readonly fee: bigint
}

/** Sums of the rows that moved money between payers, the channel and us. */
function sumRows(rows: readonly ChannelFileRow[]): DaySums {
  let [collected, refunded, fee] = [0n, 0n, 0n]
  for (const row of rows) {
    if (row.result !== 'succeeded') continue
    if (row.direction === 'collect') collected += row.amount
    if (row.direction === 'chargeback') collected -= row.amount
    if (row.direction === 'refund') refunded += row.amount
    if (row.direction === 'collect' || row.direction === 'refund') fee += row.fee
  }
  return { collected, refunded, fee }
}

export type DayTotals =
  | {
      readonly agrees: true
      /** Kept back with the settlement; 0 when the channel bills fees apart. */
      readonly keptBack: bigint
      /** Refunds it paid out of our balance with it instead of the day's collections. */
      readonly fromBalance: bigint
    }
  | { readonly agrees: false; readonly rowsSay: bigint; readonly fileSays: bigint }

/**
 * What the file's own total says about its rows. A total above what the rows come to means that so
 * much of the refunds was paid from our balance at the channel; it can be no more than the refunds.
 */
export function dayTotals(file: ChannelFile, kind: SettlementTerms['kind']): DayTotals {
  const { collected, refunded, fee } = sumRows(file.rows)
  const keptBack = kind === 'net' ? fee : 0n
  const rowsSay = collected - refunded - keptBack
  const fromBalance = file.settled - rowsSay
  if (fromBalance < 0n || fromBalance > refunded) {
    return { agrees: false, rowsSay, fileSays: file.settled }
  }
  return { agrees: true, keptBack, fromBalance }
}

export interface LineAgainst {
  /** What of the line the channel's transit account takes; negative when money went out. */
  readonly transit: bigint
  /** What is over, and nobody's; never negative. */
  readonly suspense: bigint
  /** The line less what was expected. */
  readonly difference: bigint
}

/**
 * A bank line against the settlement it carries the text of. `line` and `expected` are positive for
 * money that came in. What is over goes to suspense; what is missing stays in transit, and open.
 */
export function lineAgainst(expected: bigint, line: bigint): LineAgainst {
  const difference = line - expected
  if (difference > 0n && line > 0n) {
    const transit = expected > 0n ? expected : 0n
    return { transit, suspense: line - transit, difference }
  }
  return { transit: line, suspense: 0n, difference }
}
