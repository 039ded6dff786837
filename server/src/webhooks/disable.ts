/** What everybody hears when the platform itself disables an endpoint. */

import { type AuditActor, recordChange } from '#audit'
import { type Instant, publicId, type Tx } from '#base'
import type { Endpoint } from './endpoint-store.ts'

export const ENDPOINT_DISABLED = 'webhooks.endpoint_disabled'

const PLATFORM: AuditActor = { kind: 'platform', id: 'platform', person: '' }

/** Ends the tx that disabled it: the audit entry, and the event that tells the organisation. */
export async function disabled(tx: Tx, at: Instant, endpoint: Endpoint): Promise<void> {
  const { orgId, merchant, disabledBecause: because, failures } = endpoint
  const object = publicId('whk', 0, endpoint.id)
  await recordChange(tx, at, {
    entries: [
      {
        ...{ orgId, actor: PLATFORM, from: '', action: 'webhooks.disable_endpoint', object },
        before: { state: 'enabled' },
        after: { state: 'disabled', because, failures },
      },
    ],
    events: [
      {
        kind: ENDPOINT_DISABLED,
        aggregate: object,
        orgId,
        payload: { endpoint: object, because, ...(merchant !== '' && { merchant }) },
      },
    ],
  })
}
