/**
 * What the bank saw and our books do not know: for a database that was brought back to an earlier
 * moment. It only reads; what to do about each flow is decided by people, or by the running platform,
 * which takes pay-ins from the bank's list and asks about every call of its own that is not final.
 */
import type { Tx } from '#base'
import {
  type CustodyChannel,
  FILE_KINDS,
  type FileKind,
  listInbound,
  listInstructions,
} from '#channels'
import { listPools } from './case-store.ts'
import { matchRows } from './prove.ts'

/** Money that moved at the bank. */
export interface BankFlow {
  readonly book: number
  readonly kind: FileKind
  /** The bank's business date, `yyyymmdd`. */
  readonly date: string
  /** Our reference of a call, the bank's number of a pay-in. */
  readonly reference: string
  /** Minor units. */
  readonly amount: bigint
  /** What our books know of it. */
  readonly detail: string
}

/** A statement file that could not be read. */
export interface UnreadFile {
  readonly book: number
  readonly kind: FileKind
  readonly date: string
  readonly says: string
}

export interface SeenSince {
  /** In the order of dates, then as the bank's files have them. */
  readonly flows: readonly BankFlow[]
  readonly unread: readonly UnreadFile[]
  /** Pools of other banks than the one asked. */
  readonly others: readonly { readonly book: number; readonly channel: string }[]
}

/** Compares the bank's files of business dates `yyyymmdd` with the rows of its pool's book. */
export async function unknownFlows(
  on: { readonly tx: Tx; readonly channel: CustodyChannel; readonly poolNo: string },
  dates: readonly string[],
): Promise<SeenSince> {
  const { tx, channel, poolNo } = on
  const flows: BankFlow[] = []
  const unread: UnreadFile[] = []
  const pools = await listPools(tx)
  const isAsked = (pool: (typeof pools)[number]) =>
    pool.channel === channel.name && pool.poolNo === poolNo
  for (const { book } of pools.filter(isAsked)) {
    const inbound = await listInbound(tx, { book, channel: channel.name })
    const instructions = await listInstructions(tx, book)
    for (const date of dates) {
      for (const kind of FILE_KINDS.filter((each) => each !== 'balances')) {
        const file = await channel.statement(kind, date)
        if ('problem' in file) {
          unread.push({ book, kind, date, says: file.says })
          continue
        }
        for (const each of matchRows(file, { inbound, instructions })) {
          if (each.kind !== 'statement_flow_unknown') continue
          const { reference, amount, detail } = each
          flows.push({ book, kind, date, reference, amount, detail })
        }
      }
    }
  }
  const others = pools
    .filter((pool) => !isAsked(pool))
    .map(({ book, channel: name }) => ({ book, channel: name }))
  return { flows, unread, others }
}
