/**
 * Canonical JSON (RFC 8785) and the hash that binds a decision to what was decided on.
 *
 * The easy mistake: hashing what JSON cannot carry whole. Numbers past 2^53 have lost digits before
 * they come here, so amounts are strings; what has no canonical form is refused, never dropped.
 */
import { hash } from 'node:crypto'

/** The value has no canonical form; `pointer` is a JSON pointer to the place. */
export class NotCanonical extends Error {
  override name = 'NotCanonical'
  readonly pointer: string
  constructor(pointer: string, says: string) {
    super(says)
    this.pointer = pointer
  }
}

/** Deeper values are refused; requests over HTTP are refused at the same depth. */
const DEPTH = 32

/**
 * The canonical text of a JSON value: no blanks, keys in the order of their UTF-16 units, numbers as
 * ECMAScript writes them (RFC 8785 section 3.2). Throws `NotCanonical`.
 */
export function canonical(value: unknown, pointer = '', depth = 0): string {
  if (depth > DEPTH) throw new NotCanonical(pointer, `Nest at most ${DEPTH} deep.`)
  if (typeof value === 'string') return text(value, pointer)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotCanonical(pointer, 'Send a finite number.')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, n) => canonical(item, `${pointer}/${n}`, depth + 1))
    return `[${items.join(',')}]`
  }
  if (typeof value !== 'object' || !isPlain(value)) {
    throw new NotCanonical(
      pointer,
      'Send a text, number, list or object: JSON has no other values.',
    )
  }
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      return `${text(key, at)}:${canonical(item, at, depth + 1)}`
    })
  return `{${fields.join(',')}}`
}

/** PostgreSQL keeps no NUL, and half a surrogate pair has no UTF-8. */
function text(value: string, pointer: string): string {
  if (value.includes('\0')) throw new NotCanonical(pointer, 'Remove the NUL character.')
  if (!isWellFormed(value)) throw new NotCanonical(pointer, 'Send whole characters.')
  return JSON.stringify(value)
}

const LONE_SURROGATE = /\p{Surrogate}/u

const isWellFormed = (value: string): boolean => !LONE_SURROGATE.test(value)

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What people approve: an action, for whom, and with what. */
export interface Bound {
  readonly action: string
  readonly org: number
  readonly content: unknown
}

/** The text that is approved. Throws `NotCanonical` with a pointer into the content. */
export function boundText({ action, org, content }: Bound): string {
  const inner = canonical(content)
  return `{"action":${JSON.stringify(action)},"content":${inner},"org":${org}}`
}

/** The content of a kept text. */
export function contentOf(bound: string): unknown {
  return (JSON.parse(bound) as Bound).content
}

/** SHA-256 of a text's UTF-8, 64 hex digits. */
export function sha256Of(value: string): string {
  return hash('sha256', value, 'hex')
}
