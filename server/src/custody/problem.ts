/** What is wrong with a document, where, and what to do about it. */
import type { ErrorObject } from 'ajv'

export interface Problem {
  /** JSON pointer (RFC 6901) of the field; empty for the whole document. */
  readonly pointer: string
  readonly code: string
  /** A sentence that tells what to do. */
  readonly says: string
}

/** Turns the schema's findings into one problem per field, the missing and the unknown one included. */
export function schemaProblems(errors: readonly ErrorObject[], what: string): Problem[] {
  const found = new Map<string, Problem>()
  for (const error of errors) {
    const problem = schemaProblem(error, what)
    // A choice of several forms reports each form's complaint; the first about a field is enough.
    if (!found.has(problem.pointer)) found.set(problem.pointer, problem)
  }
  return [...found.values()]
}

function schemaProblem(error: ErrorObject, what: string): Problem {
  const params = error.params as Record<string, unknown>
  const at = error.instancePath
  switch (error.keyword) {
    case 'required': {
      const pointer = `${at}/${escaped(String(params.missingProperty))}`
      return { pointer, code: 'field_missing', says: `The ${what} needs this field; add it.` }
    }
    case 'additionalProperties': {
      const pointer = `${at}/${escaped(String(params.additionalProperty))}`
      return { pointer, code: 'field_unknown', says: `No ${what} has this field; remove it.` }
    }
    default:
      return {
        pointer: at,
        code: 'field_malformed',
        says: `The field ${error.message ?? 'is malformed'}; correct it.`,
      }
  }
}

/** A name as one step of a JSON pointer. */
export function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
