/** Samples: an event that nothing caused, for whoever builds a receiver. In the sandbox only. */

import { Value } from 'typebox/value'
import { type Problem, publicId, violated } from '#base'
import type { WebhooksContext } from './context.ts'
import type { By } from './endpoints.ts'
import { eventTypeNamed } from './event-types.ts'
import { webhookProblem } from './refusals.ts'
import { bodyOf, tell } from './tell.ts'

export interface Trigger {
  /**
   * Makes a sample of a type with fields of its data set by dotted path, and tells it like any event.
   */
  trigger(
    type: string,
    set: Readonly<Record<string, unknown>>,
    by: By,
  ): Promise<{ readonly body: string; readonly deliveries: number } | { readonly problem: Problem }>
}

/** Samples belong to no book of money. */
const BOOK = 0

export function createTrigger(context: WebhooksContext): Trigger {
  return {
    trigger: async (name, set, { caller }) => {
      if (!context.sandbox) return { problem: webhookProblem('not_in_sandbox') }
      const type = eventTypeNamed(name)
      if (type === undefined) return { problem: webhookProblem('event_type_unknown') }
      const { ids, clock } = context.world
      const aggregate = publicId(type.prefix, BOOK, ids.uuid())
      const data = type.sample(aggregate)
      for (const [path, value] of Object.entries(set)) {
        if (!setAt(data, path.split('.'), value)) return { problem: notThere(path) }
      }
      const errors = [...Value.Errors(type.data, data)]
      if (errors.length > 0) {
        return {
          problem: violated(
            errors.map(({ instancePath, message }) => ({
              pointer: `/set${instancePath}`,
              code: 'sample_not_valid',
              detail: `${webhookProblem('sample_not_valid').detail} It ${message}.`,
            })),
          ),
        }
      }
      const { orgId, merchant = '' } = caller
      const event = { book: BOOK, id: ids.uuid(), orgId, at: clock.now() }
      const body = await bodyOf(context, { ...event, type, data, test: true })
      const deliveries = await tell(context, {
        ...{ ...event, seq: 0n, n: 0, merchant, type: type.type, aggregate, body },
      })
      return { body, deliveries }
    },
  }
}

function notThere(path: string): Problem {
  const detail = 'Set only fields that the data of this type has.'
  return violated([{ pointer: `/set/${path}`, code: 'sample_not_valid', detail }])
}

/** Sets a field that is there already; `false` when none is, the prototype's above all. */
function setAt(data: unknown, path: readonly string[], value: unknown): boolean {
  let at: unknown = data
  for (const name of path.slice(0, -1)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false
    at = (at as Record<string, unknown>)[name]
  }
  const last = path.at(-1)!
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, last)) return false
  ;(at as Record<string, unknown>)[last] = value
  return true
}
