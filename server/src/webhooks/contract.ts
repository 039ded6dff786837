/**
 * The contracts of webhooks on the wire: endpoints, events, deliveries, replay, listening.
 *
 * Listening is long polling, so that every poll is a request like any other: signed, permitted, rate
 * limited. Open a session (`POST /v1/webhooks/listen`), then poll `GET /v1/webhooks/listen/{session}`
 * again and again: it answers at once when something waits and after `wait` seconds at the latest, with
 * an empty list then. Each item is to be sent on with its `headers` and its `body` byte for byte, and
 * its outcome posted to `/results`. What is not answered within 60 s comes again. A session that is not
 * polled for five minutes ends.
 *
 * `GET /v1/events`, `GET /v1/events/{id}`, `POST /v1/events/{id}/resend` · `GET /v1/webhooks/event-types`
 * · `GET|POST /v1/webhooks/endpoints`, `GET …/{id}`, `POST …/{id}/change|enable|disable|rotate|replays`
 * · `GET /v1/webhooks/deliveries`, `GET …/{id}` · `POST /v1/webhooks/trigger` · `/v1/webhooks/listen`
 */
import { type Static, type TProperties, Type } from 'typebox'
import { DELIVERY_STATES, DISABLED_BECAUSE, ENDPOINT_STATES } from './states.ts'

const closed = { additionalProperties: false }
const Part = <P extends TProperties>(id: string, properties: P) =>
  Type.Object(properties, { ...closed, $id: id })
const page = <P extends TProperties>(id: string, item: ReturnType<typeof Part<P>>) =>
  Part(id, {
    data: Type.Array(item),
    /** The id to send as `after` for the next page; null at the end. */
    next: Type.Union([Type.String(), Type.Null()]),
  })

const id = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_(0|[1-9][0-9]{0,8})_[0-9a-f]{32}$`,
    description: `the id of ${what}, such as ${prefix}_0_019a2b3c4d5e7f708192a3b4c5d6e7f8`,
  })

const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values] })

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const EndpointId = id('whk', 'an endpoint')
export const EventId = id('evt', 'an event')
export const DeliveryId = id('whd', 'a delivery')
export const MerchantId = id('mch', 'a merchant')
const Instant = Type.String({
  maxLength: 40,
  description: 'a time by RFC 3339, such as 2026-03-02T09:00:00+08:00',
})
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }))

/** `*`, a group such as `payout.*`, or one type such as `payout.succeeded`. */
export const EventPattern = Type.String({
  pattern: '^([*]|[a-z_]+[.][*]|[a-z_]+[.][a-z_]+)$',
  maxLength: 80,
  description: 'a type of event, a group such as payout.*, or *',
})
const Patterns = Type.Array(EventPattern, { minItems: 1, maxItems: 50 })
const Url = Type.String({ minLength: 1, maxLength: 2_000, description: 'an https URL' })
const Description = Type.String({
  maxLength: 200,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: 'a description without control characters, at most 200',
})

/** A type of event as merchants see it. */
export const EventTypePart = Part('WebhookEventType', {
  type: Type.String(),
  version: Type.Integer(),
  title: Type.Object({ en: Type.String(), zh: Type.String() }, closed),
  /** JSON Schema of `data`. */
  data: Type.Unknown(),
  /** What `trigger` sends when nothing is set. */
  sample: Type.Unknown(),
})
export const EventTypesPage = Part('WebhookEventTypes', { data: Type.Array(EventTypePart) })

export const EndpointPart = Part('WebhookEndpoint', {
  id: EndpointId,
  /** Whose events it gets; null for all of the organisation. */
  merchant: orNull(Type.String()),
  url: Type.String(),
  events: Type.Array(Type.String()),
  description: Type.String(),
  state: oneOf(ENDPOINT_STATES),
  disabled_because: orNull(oneOf(DISABLED_BECAUSE)),
  created: Type.String(),
  health: Type.Object(
    {
      /** Attempts that failed since the last success. */
      failures: Type.Integer(),
      failing_since: orNull(Type.String()),
      last_success: orNull(Type.String()),
      last_failure: orNull(Type.String()),
      waiting: Type.Integer(),
      dead: Type.Integer(),
    },
    closed,
  ),
  /** Until when the secret before the present one signs too; null when only one does. */
  old_secret_until: orNull(Type.String()),
})
export const EndpointsPage = page('WebhookEndpoints', EndpointPart)
/** `secret` is shown here and never again. */
export const EndpointWithSecret = Part('WebhookEndpointWithSecret', {
  endpoint: EndpointPart,
  secret: Type.String({ description: 'whsec_ and 32 bytes in base64' }),
})

export const MakeEndpointBody = Type.Object(
  {
    url: Url,
    events: Patterns,
    description: Type.Optional(Description),
    /** Whose events it gets. Callers bound to a merchant leave it out. */
    merchant: Type.Optional(MerchantId),
  },
  closed,
)
export const ChangeEndpointBody = Type.Object(
  {
    url: Type.Optional(Url),
    events: Type.Optional(Patterns),
    description: Type.Optional(Description),
  },
  { ...closed, minProperties: 1 },
)
export const RotateBody = Type.Object(
  {
    /** How long the old secret goes on signing beside the new one, in hours; 24 when absent. */
    keep_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: 168 })),
  },
  closed,
)
export const EndpointParams = Type.Object({ id: EndpointId }, closed)
export const EndpointsQuery = Type.Object(
  { after: Type.Optional(EndpointId), limit: Limit },
  closed,
)

/** The body of a delivery, as receivers get it. */
export const EventPart = Part('WebhookEvent', {
  id: EventId,
  type: Type.String(),
  created: Type.String(),
  data: Type.Unknown(),
  org: Type.String(),
  api_version: Type.String(),
  /** Only on samples made by `trigger`. */
  test: Type.Optional(Type.Literal(true)),
})
export const EventsPage = page('WebhookEvents', EventPart)
export const EventsQuery = Type.Object(
  {
    after: Type.Optional(EventId),
    limit: Limit,
    type: Type.Optional(EventPattern),
    since: Type.Optional(Instant),
    until: Type.Optional(Instant),
  },
  closed,
)
export const EventParams = Type.Object({ id: EventId }, closed)

export const AttemptPart = Part('WebhookAttempt', {
  number: Type.Integer(),
  at: Type.String(),
  /** The HTTP status of the reply; null when there was none. */
  status: orNull(Type.Integer()),
  ms: Type.Integer(),
  /** The first bytes of the reply as text. */
  reply: Type.String(),
  error: Type.String(),
})
export const DeliveryPart = Part('WebhookDelivery', {
  id: DeliveryId,
  endpoint: EndpointId,
  event: EventId,
  type: Type.String(),
  state: oneOf(DELIVERY_STATES),
  replay: Type.Boolean(),
  attempts: Type.Integer(),
  next_attempt: orNull(Type.String()),
  created: Type.String(),
})
export const DeliveriesPage = page('WebhookDeliveries', DeliveryPart)
export const DeliveryWithAttempts = Part('WebhookDeliveryWithAttempts', {
  delivery: DeliveryPart,
  attempts: Type.Array(AttemptPart),
})
export const DeliveriesQuery = Type.Object(
  {
    after: Type.Optional(DeliveryId),
    limit: Limit,
    endpoint: Type.Optional(EndpointId),
    event: Type.Optional(EventId),
    state: Type.Optional(oneOf(DELIVERY_STATES)),
  },
  closed,
)
export const DeliveryParams = Type.Object({ id: DeliveryId }, closed)

/** One event, or a range of time. It keeps the events' ids and says `webhook-replay: true`. */
export const ReplayBody = Type.Object(
  {
    event: Type.Optional(EventId),
    since: Type.Optional(Instant),
    until: Type.Optional(Instant),
    events: Type.Optional(Patterns),
    /** Only events whose deliveries to this endpoint are dead and never got through. */
    failed_only: Type.Optional(Type.Boolean()),
  },
  closed,
)
export const ReplayReply = Part('WebhookReplay', { deliveries: Type.Integer() })

/** Sends one event again to every endpoint and listener that wants its type. */
export const ResendReply = Part('WebhookResend', { deliveries: Type.Integer() })

/** A sample of a type: `set` names fields by dotted path, such as `amount.amount`. */
export const TriggerBody = Type.Object(
  {
    type: Type.String({ pattern: '^[a-z_]+[.][a-z_]+$', maxLength: 80 }),
    set: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z_]*([.][a-z][a-z_]*){0,4}$' }), Type.Unknown()),
    ),
  },
  closed,
)
export const TriggerReply = Part('WebhookTriggered', {
  event: EventPart,
  deliveries: Type.Integer(),
})

export const ListenBody = Type.Object({ events: Type.Optional(Patterns) }, closed)
export const ListenReply = Part('WebhookListening', {
  /** The id of the endpoint this session is; replays may name it. */
  session: EndpointId,
  secret: Type.String({ description: 'whsec_ and 32 bytes in base64' }),
  /** How long the session lives without being polled. */
  idle_seconds: Type.Integer(),
})
export const ListenParams = Type.Object({ session: EndpointId }, closed)
export const ListenQuery = Type.Object(
  { wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 25 })) },
  closed,
)
export const ListenedPart = Part('WebhookListened', {
  /** What `/results` names. */
  delivery: DeliveryId,
  /** webhook-id, webhook-timestamp, webhook-signature, content-type, webhook-replay on replays. */
  headers: Type.Record(Type.String(), Type.String()),
  /** To be sent on as it is: the signature covers these bytes. */
  body: Type.String(),
})
export const ListenedPage = Part('WebhookListenedPage', { data: Type.Array(ListenedPart) })
export const ResultBody = Type.Object(
  {
    delivery: DeliveryId,
    /** The HTTP status of the local receiver; null when it did not answer. */
    status: orNull(Type.Integer({ minimum: 100, maximum: 599 })),
    ms: Type.Integer({ minimum: 0, maximum: 600_000 }),
    reply: Type.Optional(Type.String({ maxLength: 4_096 })),
    error: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
/** `false` when the delivery did not wait for a result any more. */
export const ResultReply = Part('WebhookResult', { taken: Type.Boolean() })

export type EndpointJson = Static<typeof EndpointPart>
export type EventJson = Static<typeof EventPart>
export type DeliveryJson = Static<typeof DeliveryPart>
export type ListenedJson = Static<typeof ListenedPart>
