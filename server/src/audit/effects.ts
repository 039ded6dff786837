/** The effect by which a command of a book leaves its entries in the chain of that book. */
import { type Effect, intColumn, textColumn } from '#base'
import { type AuditEntry, checkEntry, jsonText } from './entry.ts'

/**
 * Adds an entry to the chain of the command's book, in its tx. Its row always moves. An entry that
 * may not be kept (`checkEntry`) fails the command.
 */
export const auditEffect: Effect<AuditEntry> = {
  name: 'audit.append_entry',
  // The chain's end is read under its row's lock, which the tx keeps.
  sql: `
    with appended as (
      select audit.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as seq
    )
    select u.action || ' ' || u.object as moved
    from appended, unnest($8::text[], $9::text[]) as u (action, object)
    where appended.seq is not null`,
  columns: entryColumns,
  key: (entry) => `${entry.action} ${entry.object}`,
}

/** The parameters of `audit.append` after book and instant. */
export function entryColumns(entries: readonly AuditEntry[]): unknown[] {
  for (const entry of entries) checkEntry(entry)
  return [
    intColumn(entries.map(({ orgId }) => orgId)),
    textColumn(entries.map(({ actor }) => actor.kind)),
    textColumn(entries.map(({ actor }) => actor.id)),
    textColumn(entries.map(({ actor }) => actor.person)),
    textColumn(entries.map(({ from }) => from)),
    textColumn(entries.map(({ action }) => action)),
    textColumn(entries.map(({ object }) => object)),
    textColumn(entries.map(({ before, action }) => jsonText(before, action))),
    textColumn(entries.map(({ after, action }) => jsonText(after, action))),
    textColumn(entries.map(({ approval }) => approval)),
    textColumn(entries.map(({ requestId }) => requestId)),
  ]
}
