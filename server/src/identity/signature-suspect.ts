/**
 * Why a signature does not verify. What a client or a proxy most often gets wrong is tried in its
 * place: when the signature verifies for another scheme, host, path, query or method, that is the
 * component to look at.
 *
 * This costs a verification for each guess, so the caller limits how often it is asked.
 */
import type { Problem } from '#base'
import { type HttpMessage, type ReceivedSignature, signatureBase, splitPath } from '#vault'
import { keyProblem } from './key-refusals.ts'

interface Guess {
  /** The components that a guess changes, the likeliest first. */
  readonly parts: readonly string[]
  readonly message: HttpMessage
  readonly ours: string
  readonly theirs: string
}

/** The refusal that names what differs, as far as it can be found; else `signature_wrong`. */
export async function suspect(
  message: HttpMessage,
  received: ReceivedSignature,
  verify: (base: Buffer) => boolean | Promise<boolean>,
): Promise<Problem> {
  const covered = new Set(received.components.map(([name]) => String(name)))
  for (const { parts, message: other, ours, theirs } of guesses(message)) {
    const part = parts.find((one) => covered.has(one))
    if (part === undefined) continue
    const base = signatureBase(other, received)
    if (Buffer.isBuffer(base) && (await verify(base))) {
      return keyProblem('signature_component_differs', { part, ours, theirs })
    }
  }
  return keyProblem('signature_wrong')
}

function guesses(message: HttpMessage): Guess[] {
  const { method, scheme, authority, path, headers } = message
  const other = scheme === 'https' ? 'http' : 'https'
  const [plain, query] = splitPath(path)
  const uri = (parts: string[], changed: Partial<HttpMessage>, ours: string, theirs: string) => ({
    parts: [...parts, '@target-uri'],
    message: { ...message, ...changed },
    ours,
    theirs,
  })
  const found: Guess[] = [uri(['@scheme'], { scheme: other }, scheme, other)]
  for (const host of [headers['x-forwarded-host'], authority.replace(/:\d+$/, '')]) {
    if (typeof host !== 'string' || host === authority) continue
    found.push(uri(['@authority'], { authority: host }, authority, host))
    const changed = { authority: host, scheme: other } as const
    found.push(uri(['@authority'], changed, authority, host))
  }
  if (query !== undefined) {
    found.push(uri(['@query'], { path: plain }, `?${query}`, 'no query'))
  }
  const slash = plain.endsWith('/') ? plain.slice(0, -1) : `${plain}/`
  const tail = query === undefined ? '' : `?${query}`
  found.push(uri(['@path'], { path: slash + tail }, plain, slash))
  const decoded = decode(plain)
  if (decoded !== undefined && decoded !== plain) {
    found.push(uri(['@path'], { path: decoded + tail }, plain, decoded))
  }
  for (const theirs of [method.toLowerCase(), 'POST', 'GET', 'PUT', 'PATCH', 'DELETE']) {
    if (theirs === method) continue
    found.push({
      ...{ parts: ['@method'], message: { ...message, method: theirs } },
      ...{ ours: method, theirs },
    })
  }
  const key = headers['idempotency-key']
  if (typeof key === 'string') {
    // The draft of the field writes the key in quotes; some clients sign it so and send it bare.
    const theirs = /^".*"$/.test(key) ? key.slice(1, -1) : `"${key}"`
    const changed = { ...message, headers: { ...headers, 'idempotency-key': theirs } }
    found.push({ parts: ['idempotency-key'], message: changed, ours: key, theirs })
  }
  return found
}

function decode(path: string): string | undefined {
  try {
    return decodeURI(path)
  } catch {
    return undefined
  }
}
