/** From a reply to what was asked for: its data, page after page, or a problem that is thrown. */
import { randomUUID } from 'node:crypto'
import type { Client } from 'openapi-fetch'
import type { paths } from './openapi.ts'
import { TenonProblem } from './problem.ts'

export type Api = Client<paths>

/** `key`: the Idempotency-Key; a fresh one when absent. */
export interface Keyed {
  readonly key?: string
}

export interface Page {
  /** How many are fetched at a time, 1 to 200. */
  readonly pageSize?: number
}

export function keyHeader(key: string = randomUUID()): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}

/** The data of an answer; throws the problem of another. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call
  if (data !== undefined) return data
  throw new TenonProblem(objectOf(error), response.status)
}

/** The problem that a reply to `tenon.fetch` holds. */
export async function problemOf(response: Response): Promise<TenonProblem> {
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return new TenonProblem(objectOf(body), response.status)
}

const objectOf = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {}

/** A page says whether more follows, or what to send as `after` for the next one. */
type Fetched<T> = { data: readonly T[]; has_more?: boolean; next?: string | null }
type After = { starting_after?: string; after?: string }

/** All items, page after page, each page after the last item of the one before. */
export async function* pages<T>(
  fetchPage: (after: After) => Promise<Fetched<T>>,
  keyOf: (item: T) => string,
): AsyncGenerator<T> {
  let after: After = {}
  for (;;) {
    const page = await fetchPage(after)
    yield* page.data
    const last = page.data.at(-1)
    if (typeof page.next === 'string') after = { after: page.next }
    else if (page.has_more === true && last !== undefined) after = { starting_after: keyOf(last) }
    else return
  }
}

/** What a GET of a path lists, `never` when it lists nothing. */
type Listed<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': { data: (infer T)[] } } } } }
}
  ? T
  : never

/** The paths that list something. */
export type ListPath = {
  [P in keyof paths]: [Listed<P>] extends [never] ? never : P
}[keyof paths]

type Asked<P extends ListPath, K extends 'path' | 'query'> = paths[P] extends {
  get: { parameters: infer A }
}
  ? K extends keyof A
    ? A[K]
    : undefined
  : never

/** What a list is asked: its path's parts, and its query without the pages. */
export type ListParams<P extends ListPath> = ([Asked<P, 'path'>] extends [undefined]
  ? { readonly path?: never }
  : { readonly path: Asked<P, 'path'> }) &
  (undefined extends Asked<P, 'query'>
    ? { readonly query?: Omit<NonNullable<Asked<P, 'query'>>, Paging> }
    : { readonly query: Omit<NonNullable<Asked<P, 'query'>>, Paging> })
type Paging = 'starting_after' | 'after' | 'limit'

/**
 * Walks any list route. One that has no pages gives what its server shows at once, at most `pageSize`
 * where it takes a limit.
 */
export function list(api: Api) {
  return <P extends ListPath>(
    path: P,
    params: ListParams<P>,
    { pageSize: limit }: Page = {},
  ): AsyncGenerator<Listed<P>> => {
    const fetchPage = (after: After) => {
      const query = { ...params.query, ...(limit !== undefined && { limit }), ...after }
      const init = { params: { path: params.path, query } }
      // The types of one path follow from P, which the client cannot see through.
      return answer(api.GET(path, init as never) as never) as Promise<Fetched<Listed<P>>>
    }
    return pages(fetchPage, cursorOf)
  }
}

/** Items are walked by their id; the lines of a statement by their number. */
function cursorOf(item: unknown): string {
  const { id, number } = item as { id?: unknown; number?: unknown }
  const cursor = id ?? number
  if (typeof cursor === 'string') return cursor
  throw new TypeError('The list goes on, but its items have neither id nor number to go on from.')
}
