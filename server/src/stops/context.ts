/** What the parts of stops share. */

import type { AuditActor } from '#audit'
import type { Clock, Db, Log } from '#base'
import type { Book, BookWriter } from '#ledger'
import type { Watch } from './watch.ts'

/** Who asks, as the audit log notes it. */
export interface By {
  readonly actor: AuditActor
  /** The address it came from. */
  readonly from: string
  readonly requestId?: string
}

/** The ledger as stops see it. */
export interface StopsLedger {
  /** The books this server writes now. */
  owned(): readonly number[]
  /** Throws `NotOwner`. */
  writer(book: number): BookWriter
  /** Keyset paging by book number, oldest first. */
  books(after: number, limit: number): Promise<Book[]>
}

export interface StopsContext {
  readonly db: Db
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  readonly ledger: StopsLedger
  readonly watch: Watch
}
