/**
 * HTTP message signatures (RFC 9421): the signature base of a request, and the two fields that carry
 * a signature. Pure: keys, clocks and sockets are elsewhere.
 *
 * The easy mistake is to rebuild `@signature-params` from the values one cares about: the last line
 * of the base is what the signer sent, parameters unknown to us and their order included (section
 * 2.3), or no foreign client verifies.
 */
import { createHash } from 'node:crypto'
import {
  type Item,
  type Parameters,
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers'

/** A request as a signature sees it. */
export interface HttpMessage {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The Host header, as it was sent. */
  readonly authority: string
  /** As it stands in the request line, with its query. */
  readonly path: string
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What a signature covers, and its parameters (section 2.3). */
export interface SignatureInput {
  /** Component identifiers in their order; each a name with parameters of its own. */
  readonly components: readonly Item[]
  /** In the order sent: created, expires, nonce, alg, keyid, tag and others. */
  readonly params: Parameters
}

/** A signature as the two fields carry it. */
export interface ReceivedSignature extends SignatureInput {
  readonly label: string
  readonly signature: Uint8Array
}

/** The fields cannot be read: `why` is a sentence without its full stop. */
export interface UnreadSignature {
  readonly malformed: string
}

/** More covered components than this are refused unread. */
const MOST_COMPONENTS = 32

/**
 * Reads `Signature-Input` and `Signature` (sections 4.1 and 4.2). Exactly one signature is taken: a
 * message with several leaves open which of them the sender stands by.
 */
export function readSignature(
  headers: HttpMessage['headers'],
): ReceivedSignature | UnreadSignature {
  const inputs = dictionaryOf(headers['signature-input'])
  const signatures = dictionaryOf(headers.signature)
  if (inputs === undefined) return { malformed: 'Signature-Input is no dictionary (RFC 8941)' }
  if (signatures === undefined) return { malformed: 'Signature is no dictionary (RFC 8941)' }
  if (inputs.size !== 1) return { malformed: `Signature-Input has ${inputs.size} members, not one` }
  const [label, input] = [...inputs][0]!
  if (!Array.isArray(input[0])) return { malformed: `${label} lists no components in parentheses` }
  const components = input[0] as Item[]
  if (components.length > MOST_COMPONENTS) {
    return { malformed: `${label} covers more than ${MOST_COMPONENTS} components` }
  }
  if (components.some(([name]) => typeof name !== 'string')) {
    return { malformed: `a component of ${label} is no text in quotes` }
  }
  const signature = signatures.get(label)?.[0]
  if (signature === undefined) return { malformed: `Signature has no member ${label}` }
  if (signatures.size !== 1) return { malformed: `Signature has ${signatures.size} members` }
  if (!(signature instanceof ArrayBuffer)) {
    return { malformed: `${label} of Signature is no byte sequence between colons` }
  }
  return { label, components, params: input[1], signature: new Uint8Array(signature) }
}

function dictionaryOf(value: string | readonly string[] | undefined) {
  try {
    return parseDictionary(joined(value) ?? '')
  } catch {
    return undefined
  }
}

/** The name of a component with its parameters: `"@query-param";name="Pet"`. */
export function componentId(component: Item): string {
  const [name, params] = component
  const isPlain = params.size === 0 && typeof name === 'string' && PLAIN.test(name)
  return isPlain ? `"${name}"` : serializeItem(component)
}

/** Names that need no escaping. */
const PLAIN = /^@?[a-z0-9-]+$/

/**
 * The value of a component in a message (sections 2.1 and 2.2). `undefined`: the message has no such
 * field. `null`: this server derives no such component, or not with these parameters.
 */
export function componentValue(message: HttpMessage, component: Item): string | undefined | null {
  const [name, params] = component as [string, Parameters]
  if (name === '@query-param') return queryParam(message, params)
  // sf, key, bs, req and tr change what is signed; none is offered, so none may be ignored.
  if (params.size > 0) return null
  if (!name.startsWith('@')) {
    return name === name.toLowerCase() ? joined(message.headers[name]) : null
  }
  const [path, query] = splitPath(message.path)
  switch (name) {
    case '@method':
      return message.method
    case '@scheme':
      return message.scheme
    case '@authority':
      return authorityOf(message)
    case '@target-uri':
      return `${message.scheme}://${authorityOf(message)}${message.path}`
    case '@request-target':
      return message.path
    case '@path':
      return path
    case '@query':
      return `?${query ?? ''}`
    default:
      return null
  }
}

/** Section 2.1: values trimmed, and those of one field joined by comma and blank. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' ? value.trim() : value.map((one) => one.trim()).join(', ')
}

/** Section 2.2.3: lower case, and without the port that follows from the scheme. */
function authorityOf({ scheme, authority }: HttpMessage): string {
  const usual = scheme === 'https' ? ':443' : ':80'
  const lower = authority.toLowerCase()
  return lower.endsWith(usual) ? lower.slice(0, -usual.length) : lower
}

export function splitPath(target: string): [path: string, query: string | undefined] {
  const at = target.indexOf('?')
  if (at < 0) return [target === '' ? '/' : target, undefined]
  return [target.slice(0, at) || '/', target.slice(at + 1)]
}

/** Section 2.2.8: a parameter of the query, decoded as a form and percent-encoded again. */
function queryParam(message: HttpMessage, params: Parameters): string | undefined | null {
  const wanted = params.get('name')
  if (typeof wanted !== 'string' || params.size !== 1) return null
  const found = [...new URLSearchParams(splitPath(message.path)[1] ?? '')].filter(
    ([name]) => encodeURIComponent(name) === wanted,
  )
  // Twice the same name is refused by the section: which of the two was meant is not signed.
  return found.length === 1 ? encodeURIComponent(found[0]![1]) : undefined
}

/** The base (section 2.5), or the first component that the message lacks or this server derives not. */
export function signatureBase(
  message: HttpMessage,
  input: SignatureInput,
): Buffer | { readonly absent: string } | { readonly unknown: string } {
  let text = ''
  for (const component of input.components) {
    const value = componentValue(message, component)
    if (value === undefined) return { absent: String(component[0]) }
    if (value === null) return { unknown: componentId(component) }
    text += `${componentId(component)}: ${value}\n`
  }
  return Buffer.from(`${text}"@signature-params": ${inputText(input)}`, 'latin1')
}

function inputText({ components, params }: SignatureInput): string {
  return serializeInnerList([[...components], params])
}

/** What to sign with, and how the signature is to be found. */
export interface SigningTerms {
  /** Such as `sig1`. */
  readonly label: string
  /** `@method`, `content-digest` and others, by their plain names. */
  readonly components: readonly string[]
  /** In the order they are to stand; `created` and `expires` are seconds since 1970. */
  readonly params: Readonly<Record<string, string | number>>
  sign(base: Uint8Array): Uint8Array
}

/** The two fields of a signed message (section 3.1). Throws when a component is not in the message. */
export function signMessage(
  message: HttpMessage,
  { label, components, params, sign }: SigningTerms,
): { readonly 'signature-input': string; readonly signature: string } {
  const input: SignatureInput = {
    components: components.map((name): Item => [name, new Map()]),
    params: new Map(Object.entries(params)),
  }
  const base = signatureBase(message, input)
  if (!Buffer.isBuffer(base)) throw new Error(`cannot sign: ${JSON.stringify(base)}`)
  const signature = serializeDictionary(new Map([[label, [sign(base), new Map()]]]))
  return { 'signature-input': `${label}=${inputText(input)}`, signature }
}

/** `Content-Digest` of a body (RFC 9530 section 2): `sha-256=:…:`. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}

/** Whether a `Content-Digest` is the body's. Digests beside sha-256 are not looked at. */
export function checkContentDigest(
  field: string,
  body: Uint8Array,
): 'same' | 'differs' | 'unreadable' {
  const digest = dictionaryOf(field)?.get('sha-256')?.[0]
  if (!(digest instanceof ArrayBuffer)) return 'unreadable'
  const ours = createHash('sha256').update(body).digest()
  return ours.equals(Buffer.from(digest)) ? 'same' : 'differs'
}
