/** What every payment of the bench is, and the pool of accounts it is paid into. */
import { createHash } from 'node:crypto'
import { type AccountOpening, openLedger } from '../../../server/src/ledger/index.ts'
import { realWorld } from '../../real-world.ts'
import { ACCOUNTS, type Spread } from '../plan.ts'

/** ¥100, in minor units. */
export const AMOUNT = 10_000n

/** The pool's book; book 1 is the one the ledger's own design writes. */
export const POOL = 2

const OPENED_AT_ONCE = 1_000

const uuidOf = (n: number) =>
  createHash('sha256').update(`payments bench ${n}`).digest('hex').slice(0, 32)

/** Ids of the accounts that are paid into: all of them, or one. */
export function destinations(spread: Spread): string[] {
  const accounts = spread === 'hot' ? 1 : ACCOUNTS
  return Array.from({ length: accounts }, (_, n) => uuidOf(n + 1))
}

/** Opens a pool with its accounts on a database whose book 1 exists. */
export async function fillPool(url: string): Promise<void> {
  const world = realWorld({ url })
  const ledger = await openLedger({ world })
  try {
    const pool = { orgId: 1, name: 'pool', currency: 'CNY', chart: 'custody_pool' } as const
    const { number } = await ledger.createBook(pool)
    if (number !== POOL) throw new Error(`the pool has book ${number}`)
    const all: AccountOpening[] = destinations('uniform').map((id, n) => {
      return { id, code: '2241.02', name: `Buyer ${n + 1}` }
    })
    for (let from = 0; from < all.length; from += OPENED_AT_ONCE) {
      const open = all.slice(from, from + OPENED_AT_ONCE)
      const { status } = await ledger.writer(number).submit({ roots: [], open })
      if (status !== 'committed') throw new Error(`accounts were not opened: ${status}`)
    }
  } finally {
    await ledger.close()
    await world.db.close()
  }
}

const PAYER = {
  name: '全渠道',
  account: '6216261000000000018',
  bank: 'ICBC',
  account_type: 'personal',
}

/** The body of `POST /v1/payments` into an account of the pool. */
export function paymentBody(destination: string): string {
  return JSON.stringify({
    destination: `acc_${POOL}_${destination}`,
    amount: { amount: AMOUNT.toString(), currency: 'CNY' },
    subject: 'Down payment',
    methods: ['collection'],
    payer: PAYER,
  })
}
