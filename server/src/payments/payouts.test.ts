import { afterEach, describe, expect, it } from 'vitest'
import { type OutflowWorld, outflowWorld, PAYEE } from '../../testing/outflows.ts'
import { listExceptions } from './exception-store.ts'
import { findPayout } from './payout-store.ts'

let on: OutflowWorld

afterEach(() => on.stop())

const order = (more: { id?: string; amount?: bigint; approval?: boolean; hash?: string } = {}) => ({
  id: more.id ?? on.world.ids.uuid(),
  requestHash: more.hash ?? '00',
  source: on.owner,
  amount: more.amount ?? 100_00n,
  payee: PAYEE,
  memo: 'commission',
  requestedBy: 'anna',
  ...(more.approval === undefined ? {} : { approval: more.approval }),
})

const stateOf = async (id: string) => (await findPayout(on.context.db, on.pool, id))?.state

describe('a payout', () => {
  it('reserves, sends once, and takes the money', async () => {
    on = await outflowWorld()
    await on.fund(500_00n)
    const asked = order()
    expect(await on.flows.payouts.create(on.pool, asked)).toMatchObject({ created: true })
    expect(await on.available(on.pool, on.owner)).toBe(400_00n)
    expect(await on.available(on.pool, on.cash)).toBe(400_00n)
    await on.settle()
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.balance(on.pool, on.owner)).toBe(400_00n)
    expect(await on.balance(on.pool, on.cash)).toBe(400_00n)
    expect(on.rails.b.moved('pay')).toBe(100_00n)
    expect(await on.unproven()).toEqual([])
  })
})
