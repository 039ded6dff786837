/**
 * Signed requests: who signed, whether what came is what was signed, and that it came for the first
 * time. RFC 9421 over RFC 9530; all times are on the wall clock.
 *
 * The order matters. What costs nothing is refused first; the nonce is used up last, so that a
 * stranger cannot spend a nonce before its owner's request arrives.
 */
import { type Knock, type Problem, parsePublicId } from '#base'
import {
  type HttpMessage,
  type ReceivedSignature,
  readSignature,
  type Sm2Verifier,
  signatureBase,
  signatureLength,
  type VerificationKey,
  verifySignature,
} from '#vault'
import type { Key } from './key.ts'
import { keyProblem } from './key-refusals.ts'
import type { KeyRing, ReadyKey } from './key-ring.ts'
import type { Nonces } from './nonce.ts'
import type { LimitTable } from './rate-limit-classes.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Wall } from './session.ts'
import { suspect } from './signature-suspect.ts'
import { readParams, refuseCoverage, refuseDigest } from './signature-terms.ts'

/** A signature that verifies. Its nonce is not used up yet. */
export interface Signed {
  readonly by: ReadyKey
  /** Uses up the nonce; a problem when it was used before. */
  spend(): Promise<Problem | undefined>
}

export interface SignaturesOptions {
  readonly keys: KeyRing
  readonly nonces: Nonces
  readonly limits: RateLimits
  readonly suspects: LimitTable['suspects']
  readonly sm2: Sm2Verifier
  readonly wall: Wall
  /** How clients reach this server; from the Host header, when absent: http for this machine. */
  readonly scheme?: 'http' | 'https'
}

export interface Signatures {
  /** Who signed a request, or what is wrong with its signature. */
  check(knock: Knock): Promise<Signed | { readonly refused: Problem }>
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i

export function createSignatures(options: SignaturesOptions): Signatures {
  const { keys, nonces, limits, sm2, wall } = options

  const refuseBytes = async (
    message: HttpMessage,
    received: ReceivedSignature,
    verification: VerificationKey,
    key: Key,
  ): Promise<Problem | undefined> => {
    const { signature } = received
    const length = signatureLength(verification)
    if (signature.length !== length) {
      const why = `${verification.algorithm} signatures have ${length} bytes, this one ${signature.length}`
      return keyProblem('signature_malformed', { why })
    }
    const base = signatureBase(message, received)
    if ('absent' in base) return keyProblem('signature_component_absent', { part: base.absent })
    if ('unknown' in base) return keyProblem('signature_component_unknown', { part: base.unknown })
    const verify = (bytes: Buffer) => verifySignature(verification, bytes, signature, sm2)
    if (await verify(base)) return undefined
    const over = await limits.take(`suspects:${key.id}`, options.suspects)
    return over === undefined ? suspect(message, received, verify) : keyProblem('signature_wrong')
  }

  return {
    check: async (knock) => {
      const received = readSignature(knock.headers)
      if ('malformed' in received) {
        return { refused: keyProblem('signature_malformed', { why: received.malformed }) }
      }
      const params = readParams(received, wall.now())
      if ('refused' in params) return params
      const message = messageOf(knock, options.scheme)
      const early =
        refuseCoverage(message, knock.body, received) ?? refuseDigest(message, knock.body)
      if (early !== undefined) return { refused: early }
      const id = parsePublicId(params.keyid, 'key')?.uuid
      const found = id === undefined ? undefined : await keys.find({ id })
      if (found?.verification === undefined) {
        return { refused: keyProblem('signature_key_unknown', { part: 'keyid' }) }
      }
      const { key, verification } = found
      if (params.alg !== verification.algorithm) {
        const words = { part: 'alg', ours: verification.algorithm }
        return { refused: keyProblem('signature_alg_differs', words) }
      }
      const wrong = await refuseBytes(message, received, verification, key)
      if (wrong !== undefined) return { refused: wrong }
      const spend = async () => {
        const fresh = await nonces.use(key.id, params.nonce, params.created)
        return fresh ? undefined : keyProblem('signature_nonce_reused', { part: 'nonce' })
      }
      return { by: found, spend }
    },
  }
}

function messageOf(knock: Knock, scheme: 'http' | 'https' | undefined): HttpMessage {
  const host = knock.headers.host
  const authority = typeof host === 'string' ? host : ''
  return {
    ...{ method: knock.method, authority, path: knock.path, headers: knock.headers },
    scheme: scheme ?? (LOOPBACK.test(authority) ? 'http' : 'https'),
  }
}
