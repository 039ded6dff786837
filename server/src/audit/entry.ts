/**
 * An entry of the audit log: who did what to what, from where, and what it was before and after.
 *
 * The easy mistake: putting a name, a card or a key into `before` or `after`. Entries are kept for
 * years and shown to auditors, so a value of type `Personal` or `Sensitive` is refused here; mask it
 * first (`masked()`), or leave it out.
 */
import { must, Personal, Sensitive } from '#base'

/** Who acted. */
export interface AuditActor {
  /** `platform`: Tenon by itself, by due work. `operator`: the machine's own, on its console. */
  readonly kind: 'user' | 'key' | 'platform' | 'operator'
  /** The public id of the user or key; the name of the part for the platform. */
  readonly id: string
  /** The natural person behind it, or '' where there is none. */
  readonly person: string
}

export interface AuditEntry {
  readonly orgId: number
  readonly actor: AuditActor
  /** The address it came from; '' for the platform itself. */
  readonly from: string
  /** `<module>.<verb>_<noun>`, such as `identity.grant_role`. */
  readonly action: string
  /** The public id of what was changed. */
  readonly object: string
  /** JSON; absent for what is new. Money as strings of minor units. */
  readonly before?: unknown
  /** JSON; absent for what is gone. */
  readonly after?: unknown
  /** The approval it was done under, `areq_…`. */
  readonly approval?: string
  readonly requestId?: string
}

/** Most characters of `before` or `after` as JSON; a larger thing is named by its hash instead. */
export const MOST_JSON = 262_144
/** Most characters of every other field. */
const MOST_TEXT = 500
const DEPTH = 32

const ACTION = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/

/** Fails on an entry that may not be kept: one with a secret in it, or one nobody could read. */
export function checkEntry(entry: AuditEntry): void {
  const { actor, action, object } = entry
  must(ACTION.test(action), `"${action}" is no action; name it <module>.<verb>_<noun>`)
  must(object !== '', `the audit entry ${action} names no object`)
  must(actor.id !== '', `the audit entry ${action} names no actor`)
  const texts = [object, actor.id, actor.person, entry.from, entry.approval, entry.requestId]
  for (const text of texts) {
    if (text === undefined) continue
    must(text.length <= MOST_TEXT, `a field of the audit entry ${action} is too long`)
    must(!text.includes('\0'), `a field of the audit entry ${action} holds a NUL`)
  }
  checkJson(entry.before, `${action}, before`, 0)
  checkJson(entry.after, `${action}, after`, 0)
}

/** The text of `before` or `after` that is kept and hashed; `undefined` for what is absent. */
export function jsonText(value: unknown, action: string): string | undefined {
  if (value === undefined) return undefined
  const text = JSON.stringify(value)
  must(text !== undefined, `what ${action} changed is no JSON`)
  must(text.length <= MOST_JSON, `what ${action} changed is too large; name it by its hash`)
  return text
}

function checkJson(value: unknown, where: string, depth: number): void {
  must(depth <= DEPTH, `the audit entry ${where} is nested too deep`)
  must(
    !(value instanceof Personal || value instanceof Sensitive),
    `the audit entry ${where} holds personal data or a secret; mask it or leave it out`,
  )
  must(
    typeof value !== 'bigint' && typeof value !== 'function' && typeof value !== 'symbol',
    `the audit entry ${where} holds a ${typeof value}, which JSON cannot carry`,
  )
  if (typeof value !== 'object' || value === null) return
  for (const each of Object.values(value)) checkJson(each, where, depth + 1)
}
