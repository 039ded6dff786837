/**
 * The wall in front of every handler: who calls, whether he may, and whether what he names is his.
 *
 * Nothing of the body is read before the caller is known. What does not exist and what belongs to
 * somebody else are answered alike, or ids could be told apart by trying them.
 */
import { parsePublicId } from '../ids.ts'
import { isLoopback } from './access.ts'
import type { Caller, Guard, Knock, Permitted } from './caller.ts'
import { httpProblem, type Problem, type Violation } from './problem.ts'
import type { Policy } from './route.ts'
import { pointerToken } from './strict-json.ts'

/** A caller that may go on (`undefined` where none is asked for), or why not. */
export type Permit = { readonly caller: Caller | undefined } | { readonly refused: Problem }

const NOBODY: Permit = { caller: undefined }

/** Asks the guard about a request. `known` is the caller another replica vouches for. */
export async function permit(
  policy: Policy,
  guard: Guard | undefined,
  knock: Knock,
  known?: { readonly caller?: Caller },
): Promise<Permit> {
  if (policy === 'loopback') {
    return isLoopback(knock.from) ? NOBODY : { refused: httpProblem('not_from_this_machine') }
  }
  if (policy === 'always') return NOBODY
  if (policy === 'public') {
    // What another replica sends on was counted there.
    const refused = known === undefined ? await guard?.admit(knock) : undefined
    return refused === undefined ? NOBODY : { refused }
  }
  if (guard === undefined) return { refused: httpProblem('not_from_this_machine') }
  const caller = known?.caller ?? (await guard.identify(knock))
  if ('refused' in caller) return caller
  const refused = refusePermission(policy, caller, guard)
  return refused === undefined ? { caller } : { refused }
}

function refusePermission(policy: Permitted, caller: Caller, guard: Guard): Problem | undefined {
  const { permission } = policy
  if (!caller.permissions.has(permission)) return httpProblem('permission_missing', { permission })
  if (caller.merchant !== undefined && policy.merchants !== true) {
    return httpProblem('not_for_merchants')
  }
  if (policy.stepUp === true && !isPresent(caller, guard)) return httpProblem('step_up_required')
  return undefined
}

function isPresent({ kind, signed, steppedUpAt }: Caller, guard: Guard): boolean {
  if (kind === 'operator') return true
  if (kind === 'key') return signed
  return steppedUpAt !== undefined && guard.isFresh(steppedUpAt)
}

/** The parts of a request in which ids may stand. */
export interface Named {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/**
 * Refuses a request that names a public id of a book which is not the caller's. Ids of book 0, the
 * configuration, are left to the handler. Whole texts are looked at, keys of objects too; in a query
 * also each of several with commas between.
 */
export function refuseForeignObjects(
  named: Named,
  orgId: number,
  orgOf: Guard['orgOf'],
): Problem | undefined {
  const wall = { orgId, orgOf, own: 0 }
  const pointer =
    foreignIn(wall, named.params, '/path') ??
    foreignIn(wall, named.query, '/query', ',') ??
    foreignIn(wall, named.body, '')
  if (pointer === undefined) return undefined
  const problem = httpProblem('object_not_found')
  const error: Violation = { pointer, code: problem.code, detail: problem.detail }
  return { ...problem, errors: [error] }
}

interface Wall {
  readonly orgId: number
  readonly orgOf: Guard['orgOf']
  /** The book found to be the caller's last: most requests name one book only. */
  own: number
}

/** The pointer of the first id of another's book. */
function foreignIn(wall: Wall, value: unknown, at: string, comma?: string): string | undefined {
  if (typeof value === 'string') {
    if (comma === undefined || !value.includes(comma))
      return isForeign(wall, value) ? at : undefined
    return value.split(comma).some((part) => isForeign(wall, part)) ? at : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = foreignIn(wall, value[index], '', comma)
      if (found !== undefined) return `${at}/${index}${found}`
    }
    return undefined
  }
  for (const key in value) {
    if (isForeign(wall, key)) return `${at}/${pointerToken(key)}`
    const found = foreignIn(wall, (value as Record<string, unknown>)[key], '', comma)
    if (found !== undefined) return `${at}/${pointerToken(key)}${found}`
  }
  return undefined
}

function isForeign(wall: Wall, text: string): boolean {
  const book = bookIn(text)
  if (book === undefined || book === 0 || book === wall.own) return false
  if (wall.orgOf(book) !== wall.orgId) return true
  wall.own = book
  return false
}

/** Two letters, a digit, 32 hex digits and their underscores are the shortest public id. */
const SHORTEST_ID = 37
const LONGEST_ID = 48
const UUID_AND_UNDERSCORE = 33
const UNDERSCORE = 95
const BOOK_ID = /^book_([1-9][0-9]{0,8})$/

/** The book of a public id, `book_7` among them; `undefined` for every other text. */
export function bookIn(text: string): number | undefined {
  const { length } = text
  if (length >= SHORTEST_ID && length <= LONGEST_ID) {
    if (text.charCodeAt(length - UUID_AND_UNDERSCORE) !== UNDERSCORE) return undefined
    return parsePublicId(text)?.book
  }
  if (length > 14 || !text.startsWith('book_')) return undefined
  const digits = BOOK_ID.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
