/**
 * The guard of the HTTP server: who knocks. By a session's cookie, by the secret of an API key, or by
 * a signature; by exactly one of them, because with two it would be left to chance whose rights count.
 *
 * The easy mistake: taking a rate permit before the caller is proved. Whoever knows a key's id could
 * then use up its limit for it.
 */
import { type Caller, type Guard, type Knock, type Problem, publicId } from '#base'
import type { Sm2Verifier } from '#vault'
import { isSecretOf, type KeyMode, readSecret } from './key.ts'
import { keyProblem } from './key-refusals.ts'
import type { KeyRing, ReadyKey } from './key-ring.ts'
import type { Nonces } from './nonce.ts'
import { LIMITS, type LimitTable, publicClass, signedInClass } from './rate-limit-classes.ts'
import type { Limit, RateLimits } from './rate-limits.ts'
import { SESSION_COOKIE, type Sessions, sessionToken, type Wall } from './session.ts'
import { createSignatures } from './signature.ts'

export interface GuardOptions {
  readonly sessions: Pick<Sessions, 'identify' | 'isFresh'>
  readonly keys: KeyRing
  readonly nonces: Nonces
  readonly limits: RateLimits
  readonly sm2: Sm2Verifier
  readonly wall: Wall
  /** The mode of the keys this server takes. */
  readonly mode: KeyMode
  orgOf(book: number): number | undefined
  /** How clients reach this server, where it cannot be told from the Host header. */
  readonly scheme?: 'http' | 'https'
  readonly table?: LimitTable
}

type Identified = Caller | { readonly refused: Problem }

/** Makes the guard of one server. */
export function createGuard(options: GuardOptions): Guard {
  const { sessions, keys, limits, mode, table = LIMITS } = options
  const signatures = createSignatures({ ...options, suspects: table.suspects })

  const overLimit = async (checks: [string, Limit, string][]): Promise<Problem | undefined> => {
    for (const [name, limit, whom] of checks) {
      const over = await limits.take(name, limit)
      if (over === undefined) continue
      const seconds = over.retryAfterS
      const words = { seconds, limit: limit.requests, window: limit.windowMs / 1000, whom }
      return { ...keyProblem('rate_limited', words), retryAfterS: seconds }
    }
    return undefined
  }
  const overLimitOf = (caller: Caller, knock: Knock): Promise<Problem | undefined> => {
    const does = signedInClass(knock)
    const who = caller.kind === 'key' ? 'key' : 'user'
    const checks: [string, Limit, string][] = [
      [`${caller.id}:${does}`, table[who][does], `this ${who}`],
    ]
    const { merchant } = caller
    if (merchant !== undefined) {
      checks.push([`${merchant}:${does}`, table.merchant[does], 'this merchant'])
    }
    return overLimit(checks)
  }

  const bySession = async (knock: Knock): Promise<Identified> => {
    const token = sessionToken(knock.headers.cookie)
    const caller = token && (await sessions.identify(token, knock.from))
    return caller || { refused: keyProblem('session_over') }
  }
  const bySecret = async (header: string, from: string): Promise<Identified> => {
    const secret = /^Bearer +(\S+)$/i.exec(header)?.[1]
    const read = secret === undefined ? undefined : readSecret(secret)
    if (secret === undefined) return { refused: keyProblem('authorization_malformed') }
    if (read === undefined) return { refused: keyProblem('key_not_accepted') }
    if (read.mode !== mode) {
      return { refused: keyProblem('key_of_other_mode', { ours: mode, theirs: read.mode }) }
    }
    const found = await keys.find({ handle: read.handle })
    if (found === undefined || !isSecretOf(found.key, secret)) {
      return { refused: keyProblem('key_not_accepted') }
    }
    if (found.key.requiresSignature) return { refused: keyProblem('signature_required') }
    return callerOf(found, { from, signed: false })
  }

  return {
    orgOf: options.orgOf,
    isFresh: (steppedUpAt) => sessions.isFresh(steppedUpAt),
    admit: (knock) => {
      const does = publicClass(knock)
      return overLimit([[`${knock.from}:${does}`, table.address[does], 'this address']])
    },
    identify: async (knock) => {
      const ways = waysOf(knock)
      if (ways.length === 0) return { refused: keyProblem('credentials_missing') }
      if (ways.length > 1) {
        return { refused: keyProblem('credentials_ambiguous', { ways: ways.join(' and ') }) }
      }
      const { authorization } = knock.headers
      if (ways[0] === 'a signature') {
        const signed = await signatures.check(knock)
        if ('refused' in signed) return signed
        const caller = callerOf(signed.by, { from: knock.from, signed: true })
        const refused = (await overLimitOf(caller, knock)) ?? (await signed.spend())
        return refused === undefined ? caller : { refused }
      }
      const caller = await (ways[0] === 'a session'
        ? bySession(knock)
        : bySecret(typeof authorization === 'string' ? authorization : '', knock.from))
      if ('refused' in caller) return caller
      const refused = await overLimitOf(caller, knock)
      return refused === undefined ? caller : { refused }
    },
  }
}

/** The ways in which a request says who sent it. */
function waysOf({ headers }: Knock): string[] {
  const cookie = Array.isArray(headers.cookie) ? headers.cookie.join('; ') : headers.cookie
  const ways: string[] = []
  if (cookie?.includes(`${SESSION_COOKIE}=`) === true) ways.push('a session')
  if (headers.authorization !== undefined) ways.push('an API key')
  if (headers['signature-input'] !== undefined || headers.signature !== undefined) {
    ways.push('a signature')
  }
  return ways
}

function callerOf(
  { key, permissions }: ReadyKey,
  of: { readonly from: string; readonly signed: boolean },
): Caller {
  return {
    ...{ kind: 'key', id: publicId('key', 0, key.id), person: key.madeByPerson },
    orgId: key.orgId,
    ...(key.merchantId !== undefined && { merchant: publicId('mch', 0, key.merchantId) }),
    permissions,
    ...of,
  }
}
