/** Finds or opens the book of a pool at a bank. */
import { applied, derivedUuid, present } from '#base'
import type { CustodyChannel } from '#channels'
import type { Ledger } from '#ledger'
import * as reads from './case-store.ts'
import type { CustodyContext } from './context.ts'
import * as store from './store.ts'

export interface NewPool {
  readonly orgId: number
  readonly name: string
  /** The number of the pool at the bank. */
  readonly poolNo: string
  readonly channel: CustodyChannel
}

const PAYOUTS = '2241.04'

/** The book of the pool; its channel is connected, and its list of what comes in is read from now on. */
export async function openPool(custody: CustodyContext, pool: NewPool): Promise<number> {
  const { ledger, desk, world } = custody
  const { orgId, poolNo, channel } = pool
  const pools = await reads.listPools(world.db)
  const known = pools.find((each) => each.channel === channel.name && each.poolNo === poolNo)
  const taken = pools.map(({ book }) => book)
  const book = known?.book ?? (await bookFor(ledger, { ...pool, taken }))
  const writer = ledger.writer(book)
  desk.attach(book, orgId, channel)
  if (known === undefined) {
    const payouts = derivedUuid('custody.account', `${book}/payouts`)
    await writer.submit({
      roots: ['pool'],
      open: [{ id: payouts, code: PAYOUTS, name: 'Payouts on their way' }],
      effects: [
        applied(store.insertPool, { orgId, channel: channel.name, poolNo }),
        ...desk.startLists(book, orgId),
      ],
    })
  }
  const account = (code: string) =>
    present(writer.accountByCode(code), `the account ${code} of book ${book}`).id
  custody.addPool(book, {
    orgId,
    currency: writer.book.currency,
    cash: account('1012.02'),
    suspense: account('2241.06'),
    payouts: account(PAYOUTS),
  })
  return book
}

/** A custody book that a crash left without its pool, or a new one. */
async function bookFor(
  ledger: Ledger,
  at: { readonly orgId: number; readonly name: string; readonly taken: readonly number[] },
): Promise<number> {
  const { orgId, name, taken } = at
  for (let after = 0; ; ) {
    const books = await ledger.books(after, 100)
    const left = books.find(
      (book) =>
        book.chart === 'custody_pool' &&
        book.name === name &&
        book.orgId === orgId &&
        !taken.includes(book.number),
    )
    if (left !== undefined) return left.number
    const last = books.at(-1)
    if (last === undefined) break
    after = last.number
  }
  return (await ledger.createBook({ orgId, name, currency: 'CNY', chart: 'custody_pool' })).number
}
