/** Asking for approval: what is asked is checked, bound, previewed and kept; nothing is done. */
import { Value } from 'typebox/value'
import { recordChange } from '#audit'
import { applied, ensureDue, type Instant, type Tx, type Uuid, violated } from '#base'
import type { EffectPreview, GuardedAction } from './action.ts'
import { boundText, NotCanonical, sha256Of } from './canonical.ts'
import {
  type ApprovalsContext,
  type Asker,
  EXPIRE,
  entry,
  event,
  hours,
  planned,
  policiesOf,
  REMIND,
} from './context.ts'
import { breakGlassPolicy, type Policy, policyFor } from './policy.ts'
import { approvalProblem, type Refused, refuse } from './refusals.ts'
import { applyWithin, findRequest, insertRequest, type NewRequest, type Request } from './store.ts'

export interface Ask {
  readonly action: string
  readonly content: unknown
  /** In the maker's words, for the checkers. */
  readonly reason: string
  /** Nobody who may decide by the rules is there: two persons, and an alarm. */
  readonly breakGlass?: boolean
  /** The same id and content give the same request again. */
  readonly id?: Uuid
}

/** Characters of the bound text. */
const BOUND_MOST = 200_000

export interface Prepared {
  readonly book: number
  readonly bound: string
  readonly hash: string
  readonly policy: Policy
  readonly preview: EffectPreview
}

/** Makes a request, or gives back the one made under the same id. */
export async function makeRequest(
  context: ApprovalsContext,
  asker: Asker,
  ask: Ask,
): Promise<Request | Refused> {
  const made = await bind(context, asker, ask)
  if ('problem' in made) return made
  const { db, ids } = context.world
  const id = ask.id ?? ids.uuid()
  const known = ask.id === undefined ? undefined : await findRequest(db, { book: made.book, id })
  if (known !== undefined) return sameRequest(known, asker, made.hash)
  const prepared = await preview(context, asker, ask, made)
  if ('problem' in prepared) return prepared
  const fresh = newRequest(context, asker, { ...ask, id }, prepared)
  const isNew = await db.tx(async (tx) => {
    if (!(await keep(tx, fresh, prepared.policy))) return false
    await recordChange(tx, fresh.requestedAt, recorded(fresh, asker))
    return true
  })
  context.onPlanned?.()
  const kept = await findRequest(db, { book: made.book, id })
  return isNew ? kept! : sameRequest(kept!, asker, made.hash)
}

function sameRequest(known: Request, asker: Asker, hash: string): Request | Refused {
  const same =
    known.hash === hash && known.orgId === asker.orgId && known.makerPerson === asker.person
  return same ? known : refuse('key_reused')
}

interface BoundAsk {
  readonly action: GuardedAction
  readonly book: number
  readonly bound: string
  readonly hash: string
}

/** Checks what is asked, and binds it; what it would do is not looked at yet. */
async function bind(
  context: ApprovalsContext,
  asker: Asker,
  ask: Pick<Ask, 'action' | 'content'>,
): Promise<BoundAsk | Refused> {
  if (asker.merchant !== undefined) return refuse('merchants_do_not_decide')
  const action = context.actions.get(ask.action)
  if (action === undefined) return refuse('action_unknown')
  if (!Value.Check(action.content, ask.content)) {
    const errors = [...Value.Errors(action.content, ask.content)].slice(0, 50)
    return {
      problem: violated(
        errors.map(({ instancePath, message }) => ({
          ...{ pointer: `/content${instancePath}`, code: 'content_wrong' },
          detail: `Correct this: it ${message}.`,
        })),
      ),
    }
  }
  let bound: string
  try {
    bound = boundText({ action: action.action, org: asker.orgId, content: ask.content })
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    const { pointer, message: detail } = error
    const errors = [{ pointer: `/content${pointer}`, code: 'content_not_canonical', detail }]
    return { problem: { ...approvalProblem('content_not_canonical'), errors } }
  }
  if (bound.length > BOUND_MOST) return refuse('content_too_large')
  const permission = ['approvals.request', ...(action.permission ? [action.permission] : [])].find(
    (one) => !asker.permissions.has(one),
  )
  if (permission !== undefined) return refuse('permission_missing', { permission })
  const book = action.book(ask.content)
  if (book !== 0 && context.orgOf(book) !== asker.orgId) return refuse('book_not_here')
  return { action, book, bound, hash: sha256Of(bound) }
}

async function preview(
  context: ApprovalsContext,
  asker: Asker,
  ask: Pick<Ask, 'content' | 'breakGlass'>,
  { action, ...made }: BoundAsk,
): Promise<Prepared | Refused> {
  const { document } = await policiesOf(context, asker.orgId)
  const usual = policyFor(document, action.action, ask.content)
  if (usual.checkers === 0) return refuse('no_review_needed')
  const policy = ask.breakGlass === true ? breakGlassPolicy(document) : usual
  const shown = await action.preview(asker.orgId, ask.content)
  if ('refused' in shown) return refuse('action_refused', { detail: shown.detail })
  return { ...made, policy, preview: shown }
}

/** Everything a new request is checked for, in one go. */
export async function prepare(
  context: ApprovalsContext,
  asker: Asker,
  ask: Pick<Ask, 'action' | 'content' | 'breakGlass'>,
): Promise<Prepared | Refused> {
  const made = await bind(context, asker, ask)
  return 'problem' in made ? made : preview(context, asker, ask, made)
}

export function newRequest(
  context: ApprovalsContext,
  asker: Asker,
  ask: Ask & { readonly id: Uuid; readonly replaces?: string },
  { book, bound, hash, policy, preview }: Prepared,
): NewRequest {
  const now: Instant = context.world.clock.now()
  return {
    ...{ book, id: ask.id, orgId: asker.orgId, action: ask.action, bound, hash, preview },
    ...{ makerKind: asker.kind, makerId: asker.id, makerPerson: asker.person },
    ...{ reason: ask.reason, rule: policy.rule, needed: policy.checkers === 2 ? 2 : 1 },
    ...{ permission: policy.permission, breakGlass: ask.breakGlass === true },
    ...{ requestedAt: now, expiresAt: now + hours(policy.expiresHours) },
    replaces: ask.replaces ?? '',
  }
}

/** Writes a request and plans its end and its reminder; `false` when the id is taken. */
export async function keep(tx: Tx, fresh: NewRequest, policy: Policy): Promise<boolean> {
  if (!(await insertRequest(tx, fresh))) return false
  const { book, requestedAt: now } = fresh
  const due = [planned(fresh, EXPIRE, fresh.expiresAt)]
  if (policy.remindHours !== undefined) {
    due.push(planned(fresh, REMIND, now + hours(policy.remindHours)))
  }
  await applyWithin(
    tx,
    { book, now },
    due.map((row) => applied(ensureDue, row)),
  )
  return true
}

/** The entry and the events of a request that was made. */
export function recorded(fresh: NewRequest, asker: Asker) {
  const { action, hash, rule, needed, breakGlass, reason, replaces } = fresh
  const after = { action, hash, rule, needed, break_glass: breakGlass, reason, replaces }
  return {
    entries: [entry('make_request', fresh, { after }, asker)],
    events: [
      event('requested', fresh, { needed, replaces }),
      ...(breakGlass ? [event('break_glass', fresh, { reason, at: 'request' })] : []),
    ],
  }
}
