/** Books, accounts, transfers and holds. */
import { randomUUID } from 'node:crypto'
import { type Api, answer, type Keyed, keyHeader, type Page, pages } from './answer.ts'
import type { components } from './openapi.ts'

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

/** A transfer id for a book, to be kept with whatever the transfer is for. */
export function newTransferId(book: string): string {
  return `tr_${book.slice('book_'.length)}_${randomUUID().replaceAll('-', '')}`
}

/** The id of the hold that a transfer of type `hold` opened. */
export function holdIdOf(transfer: string): string {
  return `hold${transfer.slice('tr'.length)}`
}

export function books(api: Api) {
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

export function accounts(api: Api) {
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

export function transfers(api: Api) {
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

export function holds(api: Api) {
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
