/**
 * Masking by field: a field of a reply's schema marked `'x-personal': 'name'` goes out masked to a
 * caller without `personal.read`. Where the fields are is found once per schema; a schema without any
 * costs nothing.
 *
 * The easy mistake: writing into the handler's own object, which may be kept and shown to somebody who
 * may see it. Only copies are changed.
 */
import type { TSchema } from 'typebox'
import { Personal, type PersonalKind } from '../personal.ts'
import { inlineParts, type JsonSchema } from './schema.ts'

/** The keyword of a schema; its value is a kind of personal data. */
export const PERSONAL_KEYWORD = 'x-personal'

/** Who sees fields in the clear. */
export const PERSONAL_PERMISSION = 'personal.read'

/** Masks a reply's body; returns it as it is when nothing of it is personal. */
export type Mask = (body: unknown) => unknown

/** The mask of a schema; `undefined` when no field of it is marked. */
export function maskOf(schema: TSchema): Mask | undefined {
  return maskIn(inlineParts(schema))
}

const KINDS = ['name', 'id_number', 'card', 'phone', 'secret'] as const satisfies PersonalKind[]

function maskIn(schema: JsonSchema): Mask | undefined {
  const marked = schema[PERSONAL_KEYWORD]
  if (marked !== undefined) {
    const kind = KINDS.find((each) => each === marked)
    if (kind === undefined) throw new Error(`"${String(marked)}" is no kind of personal data.`)
    return (value) => maskWhole(kind, value)
  }
  const masks = [objectMask(schema), itemsMask(schema), ...branchMasks(schema)].filter(
    (each) => each !== undefined,
  )
  if (masks.length < 2) return masks[0]
  return (value) => masks.reduce((masked, mask) => mask(masked), value)
}

/** Whatever lies under the mark is masked, texts in lists and objects too. */
function maskWhole(kind: PersonalKind, value: unknown): unknown {
  if (typeof value === 'string') return maskText(kind, value)
  if (Array.isArray(value)) return value.map((item) => maskWhole(kind, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskWhole(kind, item)]),
  )
}

/** Shorter than its kind ever is, a text shows nothing but its last characters, or none. */
const SHORTEST: Readonly<Record<PersonalKind, number>> = {
  ...{ name: 1, id_number: 15, card: 12, phone: 11, secret: 0 },
}

function maskText(kind: PersonalKind, text: string): string {
  if (text === '') return text
  if (text.length >= SHORTEST[kind]) return new Personal(kind, text).masked()
  return text.length < 8 ? '****' : `****${text.slice(-4)}`
}

function objectMask({ properties, patternProperties }: JsonSchema): Mask | undefined {
  const named = masksOf(properties)
  const patterns = masksOf(patternProperties).map(
    ([text, mask]) => [new RegExp(text), mask] as const,
  )
  if (named.length === 0 && patterns.length === 0) return undefined
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const masked: Record<string, unknown> = { ...value }
    for (const [name, mask] of named) if (name in masked) masked[name] = mask(masked[name])
    for (const [pattern, mask] of patterns) {
      for (const name in masked) if (pattern.test(name)) masked[name] = mask(masked[name])
    }
    return masked
  }
}

function masksOf(schemas: unknown): [string, Mask][] {
  return Object.entries((schemas ?? {}) as Record<string, JsonSchema>).flatMap(([name, schema]) => {
    const mask = maskIn(schema)
    return mask === undefined ? [] : [[name, mask] satisfies [string, Mask]]
  })
}

function itemsMask({ items }: JsonSchema): Mask | undefined {
  const mask = typeof items === 'object' && items !== null ? maskIn(items as JsonSchema) : undefined
  if (mask === undefined) return undefined
  return (value) => (Array.isArray(value) ? value.map(mask) : value)
}

/** A value may be of any branch; a mask that does not fit it leaves it alone. */
function branchMasks({ anyOf, allOf, oneOf }: JsonSchema): (Mask | undefined)[] {
  return [anyOf, allOf, oneOf].flatMap((branches) =>
    ((branches ?? []) as JsonSchema[]).map((branch) => maskIn(branch)),
  )
}
