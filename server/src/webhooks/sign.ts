/**
 * Signatures by Standard Webhooks (https://www.standardwebhooks.com, section "Signature scheme"):
 * HMAC-SHA256 over id, timestamp and body, one signature per live secret.
 *
 * The timestamp is of the wall clock, whatever the business clock says: receivers hold it to their own.
 */
import { Webhook } from 'standardwebhooks'
import type { Instant, Rng } from '#base'

/** A fresh secret: `whsec_` and 32 bytes in base64. */
export function newSecret(rng: Rng): string {
  return `whsec_${Buffer.from(rng.bytes(32)).toString('base64')}`
}

export interface Signed {
  /** The event's public id: the same at every attempt and replay. */
  readonly id: string
  readonly body: string
  /** The wall clock. */
  readonly at: Instant
  /** The present secret first. */
  readonly secrets: readonly string[]
  readonly replay: boolean
}

/** The headers of a delivery. */
export function signedHeaders({ id, body, at, secrets, replay }: Signed): Record<string, string> {
  const time = new Date(at)
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Tenon-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(id, time, body))
      .join(' '),
    ...(replay && { 'webhook-replay': 'true' }),
  }
}
