/**
 * The typed client of Tenon: types made from the OpenAPI document, and a thin layer by hand.
 *
 * A call throws `TenonProblem` for whatever is not the answer. It is sent again by itself when the
 * answer may pass (429, 503, no connection), always under the same id or key. A call made anew under
 * no `key` is a new request: pass your own key when your program may repeat the call.
 */
import { randomUUID } from 'node:crypto'
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './openapi.ts'
import { TenonProblem } from './problem.ts'
import { type Fetch, retrying } from './retry.ts'

export { type Currency, type Money, minorUnits, money } from './money.ts'
export type { components, operations, paths } from './openapi.ts'
export { type FieldProblem, TenonProblem } from './problem.ts'

type Parts = components['schemas']
export type Book = Parts['Book']
export type NewBook = Parts['NewBook']
export type Account = Parts['Account']
export type AccountWithBalances = Parts['AccountWithBalances']
export type NewAccount = Parts['NewAccount']
export type TransferRequest = Parts['TransferRequest']
export type Transfer = Parts['Transfer']
export type TransferItem = Parts['TransferItem']
export type TransferRecord = Parts['TransferRecord']
export type Hold = Parts['Hold']
export type ReleaseHold = Parts['ReleaseHold']
export type VoidHold = Parts['VoidHold']
export type StatementLine = Parts['StatementLine']
export type TrialBalance = Parts['TrialBalance']
export type Proofs = Parts['Proofs']

export interface TenonOptions {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly baseUrl: string
  /** How many times a request is sent again; 4 when absent. */
  readonly retries?: number
  readonly fetch?: Fetch
  readonly sleep?: (ms: number) => Promise<void>
  readonly random?: () => number
}

/** `key`: the Idempotency-Key; a fresh one when absent. */
export interface Keyed {
  readonly key?: string
}

export interface Page {
  /** How many are fetched at a time, 1 to 200. */
  readonly pageSize?: number
}

/** The client. */
export type Tenon = ReturnType<typeof createTenon>

/** Opens a client; nothing is sent yet. */
export function createTenon(options: TenonOptions) {
  const {
    baseUrl,
    retries = 4,
    fetch = globalThis.fetch,
    sleep = (ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    random = Math.random,
  } = options
  const client = createClient<paths>({
    baseUrl,
    fetch: retrying({ fetch, retries, sleep, random }),
  })
  return {
    /** The client below, for routes that have no method here. It returns problems, throws none. */
    client,
    books: books(client),
    accounts: accounts(client),
    transfers: transfers(client),
    holds: holds(client),
  }
}

/** A transfer id for a book, to be kept with whatever the transfer is for. */
export function newTransferId(book: string): string {
  return `tr_${book.slice('book_'.length)}_${randomUUID().replaceAll('-', '')}`
}

/** The id of the hold that a transfer of type `hold` opened. */
export function holdIdOf(transfer: string): string {
  return `hold${transfer.slice('tr'.length)}`
}

type Api = Client<paths>

function books(api: Api) {
  return {
    create: (body: NewBook, { key }: Keyed = {}): Promise<Book> =>
      answer(api.POST('/v1/books', { body, params: { header: keyHeader(key) } })),
    get: (id: string): Promise<Book> =>
      answer(api.GET('/v1/books/{id}', { params: { path: { id } } })),
    /** All books, oldest first. */
    list: ({ pageSize: limit = 100 }: Page = {}): AsyncGenerator<Book> =>
      pages(
        (after) => answer(api.GET('/v1/books', { params: { query: { limit, ...after } } })),
        (book) => book.id,
      ),
    trialBalance: (id: string, query: { at?: string } = {}): Promise<TrialBalance> =>
      answer(api.GET('/v1/books/{id}/trial-balance', { params: { path: { id }, query } })),
    proofs: (id: string): Promise<Proofs> =>
      answer(api.GET('/v1/books/{id}/proofs', { params: { path: { id } } })),
    /** Refuses from now on what is effective before a time. */
    closePeriod: (id: string, before: string, { key }: Keyed = {}): Promise<Book> =>
      answer(
        api.POST('/v1/books/{id}/close-period', {
          body: { before },
          params: { path: { id }, header: keyHeader(key) },
        }),
      ),
  }
}

function accounts(api: Api) {
  const act =
    (verb: 'freeze' | 'unfreeze' | 'close') =>
    (id: string, { key }: Keyed = {}): Promise<Account> =>
      answer(
        api.POST(`/v1/accounts/{id}/${verb}`, {
          params: { path: { id }, header: keyHeader(key) },
        }),
      )
  return {
    /** Opens an account under a key, or under the id you chose. */
    open: (body: NewAccount, { key }: Keyed = {}): Promise<Account> => {
      const header = body.id === undefined || key !== undefined ? keyHeader(key) : {}
      return answer(api.POST('/v1/accounts', { body, params: { header } }))
    },
    /** With its balances, now or as they were at a time. */
    get: (id: string, query: { at?: string } = {}): Promise<AccountWithBalances> =>
      answer(api.GET('/v1/accounts/{id}', { params: { path: { id }, query } })),
    /** The accounts of a book, oldest first. */
    list: (book: string, { pageSize: limit = 100 }: Page = {}): AsyncGenerator<Account> =>
      pages(
        (after) =>
          answer(api.GET('/v1/accounts', { params: { query: { book, limit, ...after } } })),
        (account) => account.id,
      ),
    /** What moved, newest first. */
    statement: (id: string, { pageSize: limit = 100 }: Page = {}): AsyncGenerator<StatementLine> =>
      pages(
        (after) =>
          answer(
            api.GET('/v1/accounts/{id}/statement', {
              params: { path: { id }, query: { limit, ...after } },
            }),
          ),
        (line) => line.number,
      ),
    freeze: act('freeze'),
    unfreeze: act('unfreeze'),
    close: act('close'),
  }
}

function transfers(api: Api) {
  return {
    /** Books one transfer. Sent again under the same id it answers the same. */
    create: async (body: TransferRequest): Promise<Transfer> =>
      (await answer(api.POST('/v1/transfers', { body }))) as Transfer,
    /** Books up to 1,000 transfers of one book, each on its own; read every item's `status`. */
    createMany: async (list: TransferRequest[]): Promise<TransferItem[]> => {
      const result = await answer(api.POST('/v1/transfers', { body: { transfers: list } }))
      return (result as Parts['TransferBatchResult']).transfers
    },
    get: (id: string): Promise<TransferRecord> =>
      answer(api.GET('/v1/transfers/{id}', { params: { path: { id } } })),
  }
}

function holds(api: Api) {
  return {
    get: (id: string): Promise<Hold> =>
      answer(api.GET('/v1/holds/{id}', { params: { path: { id } } })),
    /** Releases parts, or all that is left. */
    release: (id: string, body: ReleaseHold = {}, { key }: Keyed = {}): Promise<Transfer> => {
      const header = body.id === undefined ? keyHeader(key) : {}
      return answer(api.POST('/v1/holds/{id}/release', { body, params: { path: { id }, header } }))
    },
    /** Gives what is left back to the debit account. */
    void: (id: string, body: VoidHold = {}, { key }: Keyed = {}): Promise<Transfer> => {
      const header = body.id === undefined ? keyHeader(key) : {}
      return answer(api.POST('/v1/holds/{id}/void', { body, params: { path: { id }, header } }))
    },
  }
}

function keyHeader(key: string = randomUUID()): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}

/** The data of an answer; throws the problem of another. */
async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call
  if (data !== undefined) return data
  const problem = typeof error === 'object' && error !== null ? error : {}
  throw new TenonProblem(problem, response.status)
}

/** All items, page after page, each page after the last item of the one before. */
async function* pages<T>(
  fetchPage: (after: { starting_after?: string }) => Promise<{ data: T[]; has_more: boolean }>,
  keyOf: (item: T) => string,
): AsyncGenerator<T> {
  let after: { starting_after?: string } = {}
  for (;;) {
    const page = await fetchPage(after)
    yield* page.data
    const last = page.data.at(-1)
    if (!page.has_more || last === undefined) return
    after = { starting_after: keyOf(last) }
  }
}
