/** All SQL of the audit log but its effect's. */
import type { Instant, Tx } from '#base'
import { entryColumns } from './effects.ts'
import type { AuditEntry } from './entry.ts'

/** Adds entries to the chain of a book and keeps it locked until the tx ends. Returns the last number. */
export async function append(
  tx: Tx,
  at: { readonly book: number; readonly now: Instant },
  entries: readonly AuditEntry[],
): Promise<bigint> {
  const rows = await tx.query<{ seq: bigint }>(
    'select audit.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as seq',
    [at.book, new Date(at.now), ...entryColumns(entries)],
  )
  return rows[0]!.seq
}
