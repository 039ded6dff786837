/**
 * The OpenAPI document and the client's types, read from the routes. No handler runs, so the routes
 * are built on nothing: no database, no ledger.
 */
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { ACCESS_PROBLEMS } from '../../server/src/access-parts.ts'
import { type Approvals, approvalRoutes } from '../../server/src/approvals/index.ts'
import { type AuditRoutes, auditRoutes } from '../../server/src/audit/index.ts'
import {
  createHttp,
  createLog,
  createMetrics,
  cryptoRng,
  httpNet,
  operatorOnly,
  type Route,
  wallClock,
} from '../../server/src/base/index.ts'
import { CHANNEL_PROBLEMS, channelRoutes } from '../../server/src/channels/index.ts'
import { type CodeTable, codeRoutes } from '../../server/src/codes/index.ts'
import {
  type Identity,
  type Keys,
  keyRoutes,
  linkRoutes,
  ownRoutes,
  signInRoutes,
  userRoutes,
} from '../../server/src/identity/index.ts'
import { LEDGER_PROBLEMS, type LedgerRoutes, ledgerRoutes } from '../../server/src/ledger/index.ts'
import { PAYMENT_PART_PROBLEMS } from '../../server/src/payment-parts.ts'
import {
  type Outflows,
  type Payments,
  type PaymentsContext,
  paymentRoutes,
  payoutRoutes,
  planRoutes,
  refundRoutes,
} from '../../server/src/payments/index.ts'
import { type Quality, qualityRoutes } from '../../server/src/quality/index.ts'
import { type RoutingRoutes, routingRoutes } from '../../server/src/routing/index.ts'
import { type Stops, stopRoutes } from '../../server/src/stops/index.ts'
import { WEBHOOK_PROBLEMS, type Webhooks, webhookRoutes } from '../../server/src/webhooks/index.ts'

/** The routes of every module, built on nothing: to be read, not called. */
export function allRoutes(): Route[] {
  const nothing: unknown = {}
  return [
    ...ledgerRoutes(nothing as LedgerRoutes),
    ...channelRoutes({ takeNotice: () => undefined }),
    ...paymentRoutes({ context: {} } as Payments),
    ...planRoutes({ context: {} } as Payments),
    ...payoutRoutes(nothing as PaymentsContext, { payouts: {} } as Outflows),
    ...refundRoutes(nothing as PaymentsContext, { payouts: {} } as Outflows),
    ...codeRoutes(nothing as CodeTable),
    ...qualityRoutes(nothing as Quality),
    ...routingRoutes(nothing as RoutingRoutes),
    ...[...signInRoutes(nothing as Identity), ...linkRoutes(nothing as Identity)],
    ...[...ownRoutes(nothing as Identity), ...userRoutes({ context: {} } as Identity)],
    ...keyRoutes(nothing as Keys),
    ...approvalRoutes(nothing as Approvals),
    ...stopRoutes(nothing as Stops),
    ...auditRoutes(nothing as AuditRoutes),
    ...webhookRoutes(nothing as Webhooks),
  ]
}

/** The OpenAPI 3.1 document as JSON. */
export async function generateOpenApi(): Promise<string> {
  const clock = wallClock()
  const http = await createHttp({
    log: createLog({ level: 'silent' }),
    clock,
    rng: cryptoRng(),
    net: httpNet({ clock }),
    metrics: createMetrics(),
    answers: { find: async () => undefined },
    guard: operatorOnly(),
    refusals: [
      ...[...LEDGER_PROBLEMS, ...CHANNEL_PROBLEMS, ...PAYMENT_PART_PROBLEMS],
      ...[...ACCESS_PROBLEMS, ...WEBHOOK_PROBLEMS],
    ],
    routes: allRoutes(),
  })
  const document = http.openapi()
  await http.close()
  return `${JSON.stringify(document, null, 2)}\n`
}

const HEAD =
  '// Generated from the routes by `npm run golden`. Do not edit; change a route instead.\n\n'

/** The TypeScript types of the client, from the document. */
export async function generateClientTypes(openapi: string): Promise<string> {
  const document = JSON.parse(openapi) as OpenAPI3
  const nodes = await openapiTS(document, { alphabetize: true, silent: true })
  return HEAD + astToString(nodes)
}
