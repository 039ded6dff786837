/**
 * JSON Schema as routes use it. Contracts are written whole, so that their TypeScript types are
 * known; a schema with an `$id` is a named part. Validators get contracts with the parts in place,
 * the OpenAPI document gets references to them.
 */
import type { TSchema } from 'typebox'

/** Plain JSON Schema: what is left of a TypeBox schema without its hidden marks. */
export type JsonSchema = { [keyword: string]: unknown }

/** The schema with every named part in place and no `$id`. */
export function inlineParts(schema: TSchema): JsonSchema {
  return copy(schema, () => undefined) as JsonSchema
}

/** The schema with every named part replaced by a reference; the parts are put into `parts`. */
export function referToParts(schema: TSchema, parts: Map<string, JsonSchema>): JsonSchema {
  const replace = (value: JsonSchema): JsonSchema | undefined => {
    const id = value.$id
    if (typeof id !== 'string') return undefined
    if (!parts.has(id)) {
      parts.set(id, {})
      const { $id: _, ...body } = value
      parts.set(id, { $id: id, ...(copy(body, replace) as JsonSchema) })
    }
    return { $ref: `${id}#` }
  }
  return copy(schema, replace) as JsonSchema
}

function copy(value: unknown, replace: (schema: JsonSchema) => JsonSchema | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => copy(item, replace))
  if (typeof value !== 'object' || value === null) return value
  const replaced = replace(value as JsonSchema)
  if (replaced !== undefined) return replaced
  const result: JsonSchema = {}
  for (const [key, item] of Object.entries(value)) {
    if (key !== '$id' && !key.startsWith('~')) result[key] = copy(item, replace)
  }
  return result
}
