/** Changes of configuration: their entries and their events, in the tx that makes them true. */
import {
  type Instant,
  insertOutboxSql,
  must,
  type OutboxEvent,
  outboxColumns,
  type Tx,
} from '#base'
import type { AuditEntry } from './entry.ts'
import { append } from './store.ts'

/** Configuration has this number among the books. */
export const CONFIGURATION_BOOK = 0

/**
 * Ends a tx that changed configuration: adds its entries to the chain of book 0 and puts its events
 * into the outbox of book 0, under the number of the last entry. The chain stays locked until the tx
 * ends, so that events are in the order of commits; call it last. At least one entry.
 */
export async function recordChange(
  tx: Tx,
  at: Instant,
  change: { readonly entries: readonly AuditEntry[]; readonly events?: readonly OutboxEvent[] },
): Promise<void> {
  const { entries, events = [] } = change
  must(entries.length > 0, 'a change of configuration leaves at least one audit entry')
  const seq = await append(tx, { book: CONFIGURATION_BOOK, now: at }, entries)
  if (events.length === 0) return
  await tx.query(insertOutboxSql, [CONFIGURATION_BOOK, new Date(at), ...outboxColumns(seq, events)])
}
