/** The secrets of endpoints: sealed at rest, each at its own place. */
import { Personal, publicId, type SealedPlace } from '#base'
import type { WebhooksContext } from './context.ts'
import type { Endpoint } from './endpoint-store.ts'

type Of = Pick<Endpoint, 'id' | 'orgId'>

const placeOf = ({ id, orgId }: Of, column: 'secret' | 'old_secret'): SealedPlace => ({
  table: 'webhooks.endpoint',
  column,
  org: orgId,
  row: publicId('whk', 0, id),
})

export function sealSecret(
  { seal }: Pick<WebhooksContext, 'seal'>,
  of: Of,
  secret: string,
  column: 'secret' | 'old_secret' = 'secret',
): string {
  return seal.seal(new Personal('secret', secret), placeOf(of, column))
}

/** The present secret in plain. */
export function openSecret(
  { seal }: Pick<WebhooksContext, 'seal'>,
  endpoint: Of & Pick<Endpoint, 'secret'>,
): string {
  const opened = seal.open('secret', endpoint.secret, placeOf(endpoint, 'secret'))
  return opened.reveal('webhooks: sign')
}

/** The secrets that sign now: the present one, and the one before it until its time. */
export function liveSecrets(
  { seal, wall }: Pick<WebhooksContext, 'seal' | 'wall'>,
  endpoint: Endpoint,
): string[] {
  const secrets = [openSecret({ seal }, endpoint)]
  const { oldSecret, oldSecretUntil } = endpoint
  if (oldSecret !== null && oldSecretUntil !== null && wall.now() < oldSecretUntil.getTime()) {
    const opened = seal.open('secret', oldSecret, placeOf(endpoint, 'old_secret'))
    secrets.push(opened.reveal('webhooks: sign'))
  }
  return secrets
}
