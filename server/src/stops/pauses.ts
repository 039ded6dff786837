/**
 * Pauses: one person stops what sends money, two let it go again. A pause stops what is sent; what
 * rails tell of money that has moved is recorded all the same.
 */
import { type Static, Type } from 'typebox'
import {
  type ApprovalRef,
  executedEvent,
  type GuardedAction,
  guardedAction,
  markExecuted,
} from '#approvals'
import { type AuditEntry, recordChange } from '#audit'
import { parsePublicId, type StoredAnswer, storeAnswer, type Uuid } from '#base'
import type { By, StopsContext } from './context.ts'
import { refusedAs } from './refusals.ts'
import type { PauseScope } from './scope.ts'
import { endPause, findPause, insertPause, type Pause, pauseId, tellReplicas } from './store.ts'

export interface NewPause {
  readonly id: Uuid
  readonly orgId: number
  readonly scope: PauseScope
  readonly reason: string
}

/**
 * Pauses what the scope covers. It counts here when this returns, and on every replica within a second.
 * The same id again answers the pause that stands under it.
 */
export async function pause(
  context: StopsContext,
  asked: NewPause,
  by: By,
  answer?: (pause: Pause) => StoredAnswer,
): Promise<Pause> {
  const { db, clock, watch } = context
  const at = clock.now()
  const { id, orgId, scope, reason } = asked
  const made: Pause = {
    ...{ id, orgId, scope, reason, state: 'paused', pausedBy: by.actor.id, pausedAt: at },
  }
  const isNew = await db.tx(async (tx) => {
    if (!(await insertPause(tx, made))) return false
    if (answer !== undefined) {
      await tx.query(storeAnswer.sql, [0, new Date(at), ...storeAnswer.columns([answer(made)])])
    }
    await tellReplicas(tx)
    await recordChange(tx, at, {
      entries: [entryOf(by, { action: 'stops.pause', pause: made, after: shown(made) })],
      events: [{ kind: 'stops.paused', aggregate: pauseId(id), orgId, payload: shown(made) }],
    })
    return true
  })
  await watch.refresh().catch((error: unknown) => {
    context.log.error({ error }, 'a pause was written and could not be read back at once')
  })
  return isNew ? made : ((await findPause(db, orgId, id)) ?? made)
}

/** What of a pause is shown to others, as JSON. */
function shown({ scope, reason }: Pause): Record<string, unknown> {
  return { ...scope, reason }
}

function entryOf(
  { actor, from, requestId }: By,
  of: { readonly action: string; readonly pause: Pause; readonly after?: unknown },
): AuditEntry {
  return {
    ...{ orgId: of.pause.orgId, actor, from, action: of.action, object: pauseId(of.pause.id) },
    ...(of.after === undefined ? {} : { after: of.after }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

const ResumeContent = Type.Object(
  { pause: Type.String({ pattern: '^stop_0_[0-9a-f]{32}$' }) },
  { additionalProperties: false },
)

/** Ends a pause, when two persons have said so. */
export function resumeAction(context: StopsContext): GuardedAction {
  return guardedAction<Static<typeof ResumeContent>>({
    action: 'stops.resume',
    title: { en: 'Resume what is paused', zh: '解除暂停' },
    content: ResumeContent,
    permission: 'stops.resume',
    book: () => 0,
    preview: async (orgId, content) => {
      const found = await findPause(context.db, orgId, uuidOf(content.pause))
      if (found === undefined) return refusedAs('pause_not_found')
      if (found.state !== 'paused') return refusedAs('pause_over')
      const { en, zh } = scopeText(found.scope)
      const what = { en: `What may be sent: ${en}`, zh: `恢复发送:${zh}` }
      return { lines: [{ what, before: 'paused', after: 'resumed' }] }
    },
    execute: (orgId, content, approval) => resume(context, orgId, uuidOf(content.pause), approval),
  })
}

const uuidOf = (id: string): Uuid => parsePublicId(id)?.uuid ?? ''

async function resume(context: StopsContext, orgId: number, id: Uuid, approval: ApprovalRef) {
  const { db, clock } = context
  const at = clock.now()
  const done = { done: { pause: pauseId(id) } } as const
  const result = await db.tx(async (tx) => {
    const found = await findPause(tx, orgId, id)
    if (found === undefined) return refusedAs('pause_not_found')
    if (found.approval === approval.id) return done
    if (!(await endPause(tx, { orgId, id, approval: approval.id, at }))) {
      return refusedAs('pause_over')
    }
    if (!(await markExecuted(tx, at, orgId, approval))) throw notApproved(approval, 'a pause')
    await tellReplicas(tx)
    await recordChange(tx, at, resumed(found, approval))
    return done
  })
  await context.watch.refresh().catch(() => undefined)
  return result
}

/** Rolls the tx back: the approval was used elsewhere, or never given. */
export const notApproved = ({ id }: ApprovalRef, what: string) =>
  new Error(`The approval ${id} may not end ${what}.`)

function resumed(pause: Pause, approval: ApprovalRef) {
  const { orgId, id } = pause
  const object = pauseId(id)
  const actor = { kind: 'platform', id: 'stops', person: '' } as const
  const payload = { ...shown(pause), approval: approval.id }
  return {
    entries: [
      {
        ...{ orgId, actor, from: '', action: 'stops.resume', object, approval: approval.id },
        before: { ...shown(pause), state: 'paused' },
        after: { state: 'resumed', maker: approval.maker, checkers: approval.checkers },
      },
    ],
    events: [
      executedEvent(orgId, approval),
      { kind: 'stops.resumed', aggregate: object, orgId, payload },
    ],
  }
}

const DIRECTION_TEXTS = {
  collect: { en: 'collections', zh: '收款' },
  pay: { en: 'payouts', zh: '付款' },
  refund: { en: 'refunds', zh: '退款' },
} as const

function scopeText({ channel, direction, book, merchant }: PauseScope) {
  const moved =
    direction === undefined ? { en: 'all money', zh: '全部' } : DIRECTION_TEXTS[direction]
  const of = [
    ...(channel === undefined ? [] : [{ en: `over ${channel}`, zh: `渠道 ${channel}` }]),
    ...(book === undefined ? [] : [{ en: `of book ${book}`, zh: `账本 ${book}` }]),
    ...(merchant === undefined ? [] : [{ en: `of ${merchant}`, zh: `商户 ${merchant}` }]),
  ]
  return {
    en: [moved.en, ...of.map(({ en }) => en)].join(' '),
    zh: [moved.zh, ...of.map(({ zh }) => zh)].join(' '),
  }
}
