/** All routes of webhooks. */
import type { Route } from '#base'
import { endpointRoutes } from './http-endpoints.ts'
import { eventRoutes } from './http-events.ts'
import { listenRoutes } from './http-listen.ts'
import type { Webhooks } from './webhooks.ts'

/** The routes under `/v1/webhooks` and `/v1/events`. */
export function webhookRoutes(webhooks: Webhooks): Route[] {
  return [...endpointRoutes(webhooks), ...eventRoutes(webhooks), ...listenRoutes(webhooks)]
}
