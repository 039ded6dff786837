/** What every act of identity needs, and what it leaves in the audit log. */
import { type AuditActor, type AuditEntry, recordChange } from '#audit'
import type { Caller, Clock, Db, Ids, OutboxEvent, PersonalSeal, Rng, Tx } from '#base'
import type { RelyingParty } from './passkey.ts'
import type { Hasher } from './password.ts'
import type { Sessions, Wall } from './session.ts'

export interface IdentityContext {
  readonly db: Db
  readonly rng: Rng
  readonly ids: Ids
  /** Business time: when an audit entry says something happened. */
  readonly clock: Pick<Clock, 'now'>
  /** The time of sessions, links, lockouts and one-time codes. */
  readonly wall: Wall
  readonly seal: PersonalSeal
  readonly sessions: Sessions
  readonly hasher: Hasher
  readonly relyingParty: RelyingParty
}

/** Where a request came from, as far as it matters here. */
export interface Visit {
  readonly from: string
  /** The browser's name for itself, cut short. */
  readonly agent: string
  readonly requestId?: string
}

/** Who changes something, and under whose approval. */
export interface Change {
  readonly orgId: number
  readonly actor: AuditActor
  readonly from: string
  readonly approval?: string
  readonly requestId?: string
  /** What the same tx tells others, such as that an approval was carried out. */
  readonly events?: readonly OutboxEvent[]
}

/** The change a caller makes. */
export function changeOf(caller: Caller, requestId: string): Change {
  const { kind, id, person, orgId, from } = caller
  return { orgId, actor: { kind, id, person }, from, requestId }
}

/** Tenon itself, where nobody has proved who he is. */
export const PLATFORM: AuditActor = { kind: 'platform', id: 'identity', person: '' }
/** Whoever has this machine's console. */
export const OPERATOR: AuditActor = { kind: 'operator', id: 'operator', person: 'operator' }

type Happened = Pick<AuditEntry, 'action' | 'object' | 'before' | 'after'>

/** Ends a tx that changed something; call it last. */
export function record(
  ctx: Pick<IdentityContext, 'clock'>,
  tx: Tx,
  change: Change,
  happened: readonly Happened[],
): Promise<void> {
  const { events = [], ...who } = change
  const entries = happened.map((each) => ({ ...who, ...each }))
  return recordChange(tx, ctx.clock.now(), { entries, events })
}
