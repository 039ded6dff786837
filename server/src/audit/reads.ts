/** Reading the audit log: by object, by who acted, by time, the newest first. */
import type { Db, Instant, OrgDb } from '#base'
import type { AuditActor } from './entry.ts'
import { findEntries, findEntry } from './store.ts'

/** An entry as it is read back. */
export interface RecordedEntry {
  readonly book: number
  readonly seq: number
  readonly at: Instant
  readonly orgId: number
  readonly actor: AuditActor
  readonly from: string
  readonly action: string
  readonly object: string
  /** JSON as it was written; `undefined` when there was none. */
  readonly before?: unknown
  readonly after?: unknown
  readonly approval?: string
  readonly requestId?: string
  /** Hex. */
  readonly hash: string
}

/** Names an entry. */
export interface EntryPlace {
  readonly book: number
  readonly seq: number
}

export interface EntryFilter {
  readonly orgId: number
  readonly object?: string
  /** The public id of the user or key that acted. */
  readonly actor?: string
  /** The natural person who acted, through whatever user or key. */
  readonly person?: string
  readonly action?: string
  readonly book?: number
  /** From this instant on, and before that one. */
  readonly since?: Instant
  readonly until?: Instant
  /** Only entries older than this one. */
  readonly after?: EntryPlace
  readonly limit: number
}

export interface AuditReads {
  /** Entries of one organisation, the newest first; `undefined` when `after` is none of its own. */
  entries(filter: EntryFilter): Promise<RecordedEntry[] | undefined>
}

/** Reads behind both walls: each statement names the organisation, and so does its connection. */
export function auditReads(db: Pick<Db, 'forOrg'>): AuditReads {
  return {
    entries: async (filter) => {
      const own: OrgDb = db.forOrg(filter.orgId)
      if (filter.after === undefined) return findEntries(own, filter, undefined)
      const after = await findEntry(own, filter.orgId, filter.after)
      return after && findEntries(own, filter, after)
    },
  }
}
