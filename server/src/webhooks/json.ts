/** Rows as the contracts show them. */
import { type ParsedId, parseInstant, parsePublicId, publicId, violated, writeInstant } from '#base'
import { NO_REPLAY } from './context.ts'
import type { DeliveryJson, EndpointJson, EventJson } from './contract.ts'
import type { ListedEndpoint } from './endpoint-store.ts'
import type { AttemptRead, DeliveryRow, EventRow, Place } from './event-store.ts'
import { type WebhookProblemCode, webhookProblem } from './refusals.ts'

const instantOrNull = (at: Date | null) => (at === null ? null : writeInstant(at.getTime()))

export function endpointJson(endpoint: ListedEndpoint): EndpointJson {
  const { failures, failingSince, lastSuccessAt, lastFailureAt, waiting, dead } = endpoint
  const { disabledBecause, merchant } = endpoint
  return {
    id: publicId('whk', 0, endpoint.id),
    merchant: merchant === '' ? null : merchant,
    url: endpoint.url,
    events: [...endpoint.events],
    description: endpoint.description,
    state: endpoint.state,
    disabled_because: disabledBecause === '' ? null : disabledBecause,
    created: writeInstant(endpoint.createdAt.getTime()),
    health: {
      failures,
      failing_since: instantOrNull(failingSince),
      last_success: instantOrNull(lastSuccessAt),
      last_failure: instantOrNull(lastFailureAt),
      waiting: Number(waiting),
      dead: Number(dead),
    },
    old_secret_until: instantOrNull(endpoint.oldSecretUntil),
  }
}

/** The body as it was told. */
export const eventJson = ({ body }: Pick<EventRow, 'body'>): EventJson =>
  JSON.parse(body) as EventJson

export const eventId = ({ book, id }: Place): string => publicId('evt', book, id)
export const deliveryId = ({ book, id }: Place): string => publicId('whd', book, id)

export function deliveryJson(row: DeliveryRow): DeliveryJson {
  return {
    id: deliveryId(row),
    endpoint: publicId('whk', 0, row.endpoint),
    event: publicId('evt', row.book, row.event),
    type: row.type,
    state: row.state,
    replay: row.replay !== NO_REPLAY,
    attempts: row.attempts,
    next_attempt: instantOrNull(row.nextAt),
    created: writeInstant(row.createdAt.getTime()),
  }
}

export function attemptJson({ at, ...row }: AttemptRead) {
  return { ...row, at: writeInstant(at.getTime()) }
}

/** Where an id that the contract has let through points to. */
export function placeOf(text: string): Place {
  const { book, uuid } = parsePublicId(text) as ParsedId
  return { book, id: uuid }
}

export const placeOrNone = (text: string | undefined): Place | undefined =>
  text === undefined ? undefined : placeOf(text)

/** Times of a query or a body; a problem when one of them does not exist. */
export function timesOf<N extends string>(
  texts: Readonly<Partial<Record<N, string | undefined>>>,
  pointer: '' | '/query',
) {
  const times: { [name in N]?: number } = {}
  for (const [name, text] of Object.entries(texts) as [N, string | undefined][]) {
    if (text === undefined) continue
    const at = parseInstant(text)
    if (at === undefined) {
      const code: WebhookProblemCode = 'instant_not_real'
      const { detail } = webhookProblem(code)
      return { problem: violated([{ pointer: `${pointer}/${name}`, code, detail }]) }
    }
    times[name] = at
  }
  return times
}
