/** The two ends of a hold. Their ids follow from it, so that each happens once. */
import { derivedUuid, type Uuid } from '#base'
import type { ReleaseRequest, VoidRequest } from '#ledger'

export const releaseOf = (hold: Uuid): ReleaseRequest => ({
  type: 'release',
  id: derivedUuid('payments.release', hold),
  hold,
})

export const voidOf = (hold: Uuid): VoidRequest => ({
  type: 'void',
  id: derivedUuid('payments.void', hold),
  hold,
})
