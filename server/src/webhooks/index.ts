/** The door to webhooks: telling others what happened. */
export { DELIVER, type Wall } from './context.ts'
export { EVENT_TYPES, type EventType } from './event-types.ts'
export { webhookRoutes } from './http.ts'
export { WEBHOOK_PROBLEMS } from './refusals.ts'
export { GIVE_UP, type GiveUp, RETRY_WAITS_MS } from './schedule.ts'
export { API_VERSION } from './tell.ts'
export { createWebhooks, type Webhooks, type WebhooksOptions } from './webhooks.ts'
